"""Menus to test with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.tray.pystray_import import Icon, Menu, MenuItem

if TYPE_CHECKING:
    from .recorder import Recorder

NOBODY = 9999
"""The id of no entry."""


def rows(*labels: str) -> Menu:
    return Menu(*(MenuItem(label, None) for label in labels))


def full_menu(calls: Recorder[str] | None = None) -> Menu:
    def say(_icon: Icon, item: MenuItem) -> None:
        if calls is not None:
            calls.add(item.text)

    return Menu(
        MenuItem("ada_l@example.com", say, enabled=False),
        MenuItem("Refresh now", say, default=True),
        Menu.SEPARATOR,
        MenuItem("Notify", say, checked=lambda _: True),
        MenuItem(
            "Style",
            Menu(
                MenuItem("Ring", say, checked=lambda _: True, radio=True),
                MenuItem("Bar", say, checked=lambda _: False, radio=True),
            ),
        ),
        MenuItem("hidden", say, visible=False),
    )
