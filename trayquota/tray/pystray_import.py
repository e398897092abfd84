"""The one place that imports pystray.

``import pystray`` picks a backend at once; on Linux that opens the X display and fails where there is none.
With ``PYSTRAY_BACKEND=dummy`` it hands out its bare base class instead, so that is what the variable says for
the time of the import. A backend of pystray's own is asked for by name, with :func:`own_backend`.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pystray import Icon, Menu, MenuItem
else:
    _asked_for = os.environ.get("PYSTRAY_BACKEND")
    os.environ["PYSTRAY_BACKEND"] = "dummy"
    try:
        from pystray import Menu, MenuItem
        from pystray._base import Icon
    finally:
        if _asked_for is None:
            del os.environ["PYSTRAY_BACKEND"]
        else:
            os.environ["PYSTRAY_BACKEND"] = _asked_for

__all__ = ["Icon", "Menu", "MenuItem", "own_backend"]


def own_backend(name: str) -> type[Icon]:
    """One of pystray's own backends.

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
