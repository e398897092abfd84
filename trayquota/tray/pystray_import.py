"""The one place that imports pystray.

``import pystray`` picks a backend at once; on Linux that opens the X display and fails where there is none.
With ``PYSTRAY_BACKEND=dummy`` it gives its base class instead, so the variable is set to that during the
import. :func:`pystray_backend` gives one of pystray's own backends by name.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystray import Icon, Menu, MenuItem
else:
    _backend_before = os.environ.get("PYSTRAY_BACKEND")
    os.environ["PYSTRAY_BACKEND"] = "dummy"
    try:
        from pystray import Menu, MenuItem
        from pystray._base import Icon
    finally:
        if _backend_before is None:
            del os.environ["PYSTRAY_BACKEND"]
        else:
            os.environ["PYSTRAY_BACKEND"] = _backend_before

__all__ = ["Icon", "Menu", "MenuItem", "pystray_backend"]


def pystray_backend(name: str) -> type[Icon]:
    """Return one of pystray's own backends.

    Args:
        name: ``win32``, ``darwin``, ``xorg``, ``gtk`` or ``appindicator``.

    Returns:
        Its icon class.

    Raises:
        ImportError: What the backend needs is not installed.
        Exception: What the backend raises where it cannot work; ``xorg`` opens the display when imported.
    """
    found: type[Icon] = import_module(f"pystray._{name}").Icon
    return found
