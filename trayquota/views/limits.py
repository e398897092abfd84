"""How much of a view a tray has room for."""

from __future__ import annotations

from msgspec import Struct


class TrayLimits(Struct, frozen=True):
    """What a tray shows of a menu and a tooltip; ``None`` is without a limit.

    Attributes:
        menu_rows: Rows of the menu as it opens.
        popup_rows: Rows of one popup where submenus open inside it, below their row, and nothing scrolls.
        tooltip_lines: Lines below the headline.
        tooltip_chars: Characters of a line; longer ones are wrapped and count as several.
        tooltip_utf16_units: Length of the whole tooltip, in UTF-16 code units.
    """

    menu_rows: int = 20
    popup_rows: int | None = None
    tooltip_lines: int | None = None
    tooltip_chars: int | None = None
    tooltip_utf16_units: int | None = None
