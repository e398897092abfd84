"""Runs on Windows: take the applet's icon out of the taskbar, or announce a new taskbar, as a restart of Explorer does.

Wine's own Explorer cannot be restarted: its desktop goes with it.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

assert sys.platform == "win32"  # elsewhere it is not run, nor checked

from pystray._util import win32  # type: ignore[import-untyped] # noqa: E402 - it does not exist elsewhere

HWND_BROADCAST = 0xFFFF
user32 = ctypes.WinDLL("user32")
visit = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)


@visit  # type: ignore[untyped-decorator] # of ctypes
def forget(window: int, _: int) -> bool:
    name = ctypes.create_unicode_buffer(64)
    user32.GetClassNameW(wintypes.HWND(window), name, len(name))
    if name.value.startswith("trayquota"):
        data = win32.NOTIFYICONDATAW(cbSize=ctypes.sizeof(win32.NOTIFYICONDATAW), hWnd=window)
        win32.Shell_NotifyIcon(win32.NIM_DELETE, data)
    return True


if "--announce" in sys.argv:
    user32.PostMessageW(wintypes.HWND(HWND_BROADCAST), win32.WM_TASKBARCREATED, 0, 0)
else:
    user32.EnumWindows(forget, 0)
