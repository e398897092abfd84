"""Consoles of Windows, and their end: the window is closed, or the session that it is in ends.

Windows ends the process as soon as its handler for that returns, and after some five seconds at the latest. Python's
own handler makes ``SIGBREAK`` of it and returns at once, so nothing that follows from the signal is waited for.
"""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import msvcrt
import signal
import sys
import threading
from ctypes import wintypes
from typing import TYPE_CHECKING

assert sys.platform == "win32"

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSE, _LOGOFF, _SHUTDOWN = 2, 5, 6
_kernel32 = ctypes.WinDLL("kernel32")
_kernel32.GetConsoleMode.argtypes = (wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD))
_set_handler = _kernel32.SetConsoleCtrlHandler


def is_console(descriptor: int) -> bool:
    """Return whether an open file is a console."""
    return bool(_kernel32.GetConsoleMode(msvcrt.get_osfhandle(descriptor), ctypes.byref(wintypes.DWORD())))


@contextlib.contextmanager
def held_console() -> Iterator[None]:
    """Have the end of the console count as ``SIGBREAK``, and be waited for until the block is left.

    Without effect where the system takes no handler.
    """
    left = threading.Event()

    def hold(event: int) -> bool:
        # On a thread that Windows has made for it.
        if event not in {_CLOSE, _LOGOFF, _SHUTDOWN}:
            return False
        _thread.interrupt_main(signal.SIGBREAK)
        left.wait()
        return True

    handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(hold)
    with contextlib.ExitStack() as stack:
        if _set_handler(handler, 1):
            stack.callback(_set_handler, handler, 0)
        stack.callback(left.set)
        yield
