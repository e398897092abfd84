"""``python -m trayquota``."""

import sys

from trayquota.cli import main

if __name__ == "__main__":
    sys.exit(main())
