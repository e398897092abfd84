"""A pystray backend for X11 trays of the older kind (XEmbed): i3bar, polybar, trayer, stalonetray.

Such a tray gives the icon a place and clicks, and nothing else: the menu opens through rofi or dmenu, what other
trays show on hover comes as a notification. Use :class:`Icon` as any icon of pystray's.

How it is made: ``icon.py`` (any thread) hands what is to be shown to ``tray_window.py`` (the loop's thread), the only
one that draws; ``bus_companion.py`` (a thread of its own) shows notifications and watches for a better tray;
``menu_launcher.py`` shows the menu. pystray's own X11 backend is not used: it never asks for clicks, loses its icon
when the tray restarts and ends its loop when that happens twice (0.19.5).
"""

from __future__ import annotations

from .icon import Icon

__all__ = ["Icon"]
