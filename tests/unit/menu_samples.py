"""Entries of menus, and the ids that they have been published with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.tray.statusnotifier.layout import (
    Kind,
    MenuEntry,
)

if TYPE_CHECKING:
    from trayquota.tray.statusnotifier.published_menu import PublishedMenu

Entries = tuple[MenuEntry, ...]


def ids(menu: PublishedMenu) -> list[int]:
    return [node.id for node in menu.root.children]


def keyed(*labels: str) -> Entries:
    """Return entries whose keys are the first letters of their labels."""
    return tuple(MenuEntry(Kind.STANDARD, label, key=label[0]) for label in labels)
