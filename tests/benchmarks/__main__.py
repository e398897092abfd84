"""``python -m tests.benchmarks`` and ``python tests/benchmarks``."""

import sys
from pathlib import Path

# As the type checker sees it: the folders in tests/ are packages of their own.
sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.run import main

sys.exit(main())
