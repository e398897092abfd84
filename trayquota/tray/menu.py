"""Menu rows → a pystray menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.tray.pystray_import import Menu
from trayquota.tray.pystray_import import MenuItem as PystrayItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.views.tray_view import Action, MenuItem


class KeyedItem(PystrayItem):
    """An entry that stays the same one when its label changes.

    Attributes:
        key: What it is about; empty for an entry that is known by its label.
    """

    key: str = ""


def build_menu(rows: tuple[MenuItem, ...], act: Callable[[Action], None], escape: Callable[[str], str]) -> Menu:
    """Return a pystray menu that shows ``rows``.

    Args:
        rows: What to show.
        act: Called with a row's action when it is chosen.
        escape: Makes a label's text safe for a toolkit that gives characters a meaning.
    """
    return Menu(*(_item(row, act, escape) for row in rows))


def _item(row: MenuItem, act: Callable[[Action], None], escape: Callable[[str], str]) -> PystrayItem:
    if row.separator:
        return Menu.SEPARATOR
    checked = row.checked
    item = KeyedItem(
        escape(row.label),
        build_menu(row.children, act, escape) if row.children else _chosen(row.action, act),
        checked=None if checked is None else lambda _item: checked,
        radio=row.radio,
        default=row.default,
        enabled=row.enabled,
    )
    item.key = row.key
    return item


def _chosen(action: Action | None, act: Callable[[Action], None]) -> Callable[[object, object], None] | None:
    if action is None:
        return None

    def chosen(_icon: object, _item: object) -> None:
        act(action)

    return chosen
