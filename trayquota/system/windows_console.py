"""The end of a Windows console: its window is closed, or the session that it is in ends.

Windows ends the process as soon as its handler for that returns, and after some five seconds at the latest. Python's
own handler makes ``SIGBREAK`` of it and returns at once, so nothing that follows from the signal is waited for.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLOSE, _LOGOFF, _SHUTDOWN = 2, 5, 6


@contextlib.contextmanager
def held_console() -> Iterator[None]:
    """Have the end of the console count as ``SIGBREAK``, and be waited for until the block is left.

    Does nothing on other systems, nor where the program has no console.
    """
    left = threading.Event()
    with contextlib.ExitStack() as stack:
        if sys.platform == "win32":
            import _thread
            import ctypes
            import signal
            from ctypes import wintypes

            def hold(event: int) -> bool:
                # On a thread that Windows has made for it.
                if event not in {_CLOSE, _LOGOFF, _SHUTDOWN}:
                    return False
                _thread.interrupt_main(signal.SIGBREAK)
                left.wait()
                return True

            handler = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(hold)
            if ctypes.windll.kernel32.SetConsoleCtrlHandler(handler, 1):
                stack.callback(ctypes.windll.kernel32.SetConsoleCtrlHandler, handler, 0)
        stack.callback(left.set)
        yield
