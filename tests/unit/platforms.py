"""What holds on some systems alone."""

from __future__ import annotations

import sys

import pytest


def _is_wine() -> bool:
    found = False
    if sys.platform == "win32":
        import ctypes

        found = hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")
    return found


links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
no_wine = pytest.mark.skipif(_is_wine(), reason="Wine answers otherwise than Windows")

posix_sockets = pytest.mark.skipif(sys.platform == "win32", reason="sockets among files, and modes")
posix_names = pytest.mark.skipif(sys.platform == "win32", reason="names that Windows has not")
