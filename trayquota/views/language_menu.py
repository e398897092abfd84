"""The submenu that has a row for each language, in its own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.translation import _
from trayquota.views.menu import paged
from trayquota.views.tray_view import MenuItem, SetSetting

if TYPE_CHECKING:
    from collections.abc import Mapping


def language_menu(names: Mapping[str, str], chosen: str, max_rows: int) -> tuple[MenuItem, ...]:
    """Return at most ``max_rows`` rows; none where there is nothing to choose.

    Args:
        names: What each language calls itself, by code.
        chosen: The code of the one in the settings; empty for the system's.
        max_rows: Of a submenu.
    """
    if len(names) < 2:
        return ()
    rows = [_choice(name, code, chosen) for code, name in names.items()]
    return (_choice(_("The system's language"), "", chosen), *paged(rows, max_rows - 1))


def _choice(label: str, code: str, chosen: str) -> MenuItem:
    return MenuItem(label, SetSetting("locale", code), checked=code == chosen, radio=True)
