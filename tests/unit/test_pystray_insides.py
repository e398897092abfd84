"""What we rely on inside of pystray is what was read."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import pytest

READ = {  # in pystray 0.19.5
    "_win32.py": "de4a968ac1cd519291fde5b13716446a8e5bd8805ab4d9e428ea2e3d66f37fb5",
    "_util/win32.py": "4a3c2d0c81040632f2fb1777644ba8214d58eec1861343a8ce2ca205366d3dff",
}


@pytest.mark.parametrize("file", READ)
def test_pystray_s_windows_backend_is_the_one_that_ours_was_written_for(file: str) -> None:
    """When it has changed: read it again beside ``trayquota/tray/windows.py``, then write down sum and version."""
    package = find_spec("pystray")  # which does not import it: that would open a display
    assert package is not None
    assert package.origin is not None
    content = (Path(package.origin).parent / file).read_bytes()
    assert hashlib.sha256(content).hexdigest() == READ[file]
