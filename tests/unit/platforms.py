"""What holds on some systems alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest


def _is_wine() -> bool:
    found = False
    if sys.platform == "win32":
        import ctypes

        found = hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")
    return found


def path_of(handle: int) -> str:
    """Return the path of an open file."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        name = ctypes.create_unicode_buffer(1 << 15)
        file = ctypes.c_void_p(msvcrt.get_osfhandle(handle))
        ctypes.windll.kernel32.GetFinalPathNameByHandleW(file, name, len(name), 0)
        path = name.value
    else:
        path = str(Path(f"/proc/self/fd/{handle}").readlink())
    return path


posix = pytest.mark.skipif(sys.platform == "win32", reason="users, modes and steps as POSIX has them")
links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
no_wine = pytest.mark.skipif(_is_wine(), reason="Wine answers otherwise than Windows")

posix_sockets = pytest.mark.skipif(sys.platform == "win32", reason="sockets among files, and modes")
posix_names = pytest.mark.skipif(sys.platform == "win32", reason="names that Windows has not")
