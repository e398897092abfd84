"""Menu rows → a pystray menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trayquota.tray.pystray_import import Menu
from trayquota.tray.pystray_import import MenuItem as PystrayItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.views.tray_view import Action, MenuItem


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
    if row.children:
        return PystrayItem(escape(row.label), build_menu(row.children, act, escape), enabled=row.enabled)
    checked = row.checked
    return PystrayItem(
        escape(row.label),
        _chosen(row.action, act),
        checked=None if checked is None else lambda _item: checked,
        radio=row.radio,
        default=row.default,
        enabled=row.enabled,
    )


def _chosen(action: Action | None, act: Callable[[Action], None]) -> Callable[[Any, Any], None] | None:
    if action is None:
        return None

    def chosen(_icon: Any, _item: Any) -> None:  # noqa: ANN401 - pystray passes its own objects
        act(action)

    return chosen
