"""A pystray backend for Linux: StatusNotifierItem and com.canonical.dbusmenu over D-Bus, without GTK or Qt.

Use :class:`Icon` as any icon of pystray's; nothing else here is meant for the rest of the program.

How it is made: ``icon.py`` (any thread) makes an immutable description of what is to be shown and hands it
to ``service.py`` (the loop's thread), which keeps one ``session.py`` (a connection) alive. A session exports
``item.py`` and ``dbusmenu.py``, which signal what differs. ``layout.py`` and ``pixmap.py`` are pure.
"""

from __future__ import annotations

from .icon import Icon

__all__ = ["Icon"]
