"""What the taskbar icon needs of Windows itself and pystray does not wrap."""

from __future__ import annotations

import ctypes
import io
import sys
import winreg
from ctypes import wintypes
from typing import TYPE_CHECKING

assert sys.platform == "win32"

if TYPE_CHECKING:
    from PIL import Image

_GWLP_WNDPROC = -4
_SM_CXSMICON = 49
_PER_MONITOR_V2 = -4
_THEME = r"Software\Microsoft\Windows\CurrentVersion\Themes\Personalize"
_ICON_VERSION = 0x00030000
_ICON_HEADER_BYTES = 22
"""Of a file with one picture; the rest is what ``CreateIconFromResourceEx`` takes."""

WindowProcedure = ctypes.WINFUNCTYPE(ctypes.c_ssize_t, wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
"""A function that gets a window, a message and its two parameters, and returns the answer."""
_user32 = ctypes.WinDLL("user32")


def _declare(function: ctypes._NamedFuncPointer, result: object, *arguments: object) -> None:
    function.restype, function.argtypes = result, arguments  # type: ignore[assignment] # any type of ctypes


_MESSAGE = (wintypes.HWND, wintypes.UINT, wintypes.WPARAM, wintypes.LPARAM)
_declare(_user32.SetWindowLongPtrW, ctypes.c_void_p, wintypes.HWND, ctypes.c_int, WindowProcedure)
_declare(_user32.DefWindowProcW, ctypes.c_ssize_t, *_MESSAGE)
_declare(_user32.FindWindowW, wintypes.HWND, wintypes.LPCWSTR, wintypes.LPCWSTR)
_declare(_user32.GetDpiForWindow, wintypes.UINT, wintypes.HWND)
_declare(_user32.SetProcessDpiAwarenessContext, wintypes.BOOL, ctypes.c_void_p)
_declare(_user32.ShutdownBlockReasonCreate, wintypes.BOOL, wintypes.HWND, wintypes.LPCWSTR)
_declare(_user32.ShutdownBlockReasonDestroy, wintypes.BOOL, wintypes.HWND)
_declare(
    _user32.CreateIconFromResourceEx,
    wintypes.HICON,
    *(ctypes.c_char_p, wintypes.DWORD, wintypes.BOOL, wintypes.DWORD, ctypes.c_int, ctypes.c_int, wintypes.UINT),
)


def be_aware_of_each_monitor() -> None:
    """Have sizes be those of the monitor; without effect where a manifest has said something else."""
    _user32.SetProcessDpiAwarenessContext(_PER_MONITOR_V2)


def set_procedure(window: int, procedure: ctypes._FuncPointer) -> None:
    """Have ``procedure`` answer the messages of a window; it has to live as long as the window."""
    _user32.SetWindowLongPtrW(window, _GWLP_WNDPROC, procedure)


def default_answer(window: int, message: int, wparam: int, lparam: int) -> int:
    """Return what Windows itself answers to a message."""
    return int(_user32.DefWindowProcW(window, message, wparam, lparam))


def close_menu() -> None:
    """Close the menu that this thread shows, if any."""
    _user32.EndMenu()


def block_shutdown(window: int | None, reason: str) -> None:
    """Have Windows show why it should wait when the session ends."""
    _user32.ShutdownBlockReasonCreate(window, reason)


def unblock_shutdown(window: int | None) -> None:
    """There is no reason to wait any more."""
    _user32.ShutdownBlockReasonDestroy(window)


def icon_px() -> int:
    """Return the width of icons in the taskbar, at the resolution of the monitor that it is on."""
    taskbar = _user32.FindWindowW("Shell_TrayWnd", None)
    dpi = _user32.GetDpiForWindow(taskbar) if taskbar else 0
    return int(_user32.GetSystemMetricsForDpi(_SM_CXSMICON, dpi or _user32.GetDpiForSystem()))


def icon_handle(picture: Image.Image) -> int:
    """Return the handle of an icon that looks so; ``DestroyIcon`` frees it.

    Raises:
        OSError: There can be none.
    """
    file = io.BytesIO()
    picture.save(file, "ICO", sizes=[picture.size], bitmap_format="bmp")
    content = file.getvalue()[_ICON_HEADER_BYTES:]
    handle = _user32.CreateIconFromResourceEx(content, len(content), 1, _ICON_VERSION, *picture.size, 0)
    if not handle:
        raise ctypes.WinError()
    return int(handle)


def is_taskbar_light() -> bool:
    """Return whether the person has chosen a light taskbar; there is a choice since Windows 10."""
    try:
        value, _ = winreg.QueryValueEx(winreg.OpenKey(winreg.HKEY_CURRENT_USER, _THEME), "SystemUsesLightTheme")
    except OSError:
        return False
    return bool(value == 1)
