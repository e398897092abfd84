"""The applet, with the names of its threads told to the kernel; before Python 3.14 they are not."""

from __future__ import annotations

import ctypes
import sys
import threading

from trayquota.cli.main import main

SET_NAME = 15
_libc = ctypes.CDLL(None)
_begin = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]


def _named(thread: threading.Thread) -> None:
    _libc.prctl(SET_NAME, thread.name.encode()[:15], 0, 0, 0)
    _begin(thread)


threading.Thread._bootstrap_inner = _named  # type: ignore[attr-defined]
_libc.prctl(SET_NAME, b"main", 0, 0, 0)
sys.exit(main([]))
