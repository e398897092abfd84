"""What decides what the tray shows, beside accounts and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr
from trayquota.views.advice import NO_ADVICE, Advice

if TYPE_CHECKING:
    from trayquota.core.model import Instant
    from trayquota.views.tray_view import Arrangement, MenuItem


class TrayLimits(Struct, frozen=True):
    """What a tray shows of a menu and a tooltip; ``None`` is without a limit.

    Attributes:
        menu_rows: Rows of the menu as it opens, and of any of its submenus, lines between rows not counted.
        tooltip_lines: Lines below the headline.
        tooltip_chars: Characters of a line; longer ones are wrapped and count as several.
        tooltip_utf16_units: Length of the whole tooltip, in UTF-16 code units.
    """

    menu_rows: int = 18
    tooltip_lines: int | None = None
    tooltip_chars: int | None = None
    tooltip_utf16_units: int | None = None


NO_LIMITS = TrayLimits()
"""Of a tooltip; a menu has its usual height."""


class TrayContext(RedactedRepr, Struct, frozen=True):
    """All of it.

    Attributes:
        limits: What the tray has room for.
        arrangement: Where in the menu each account is, to be kept: somebody looks at it.
        account_ids: The accounts that it is about; ``None`` for all.
        settings: A submenu with the settings, where there are any to make.
        problem: What is wrong with the settings.
        has_history: There is a page of the history to show.
        notifies: There are notifications, which can be snoozed.
        snoozed_until: Until when that is so.
        snooze: A submenu that does it; made of the accounts where the view is, as what follows.
        advice: What to do next.
    """

    repr_fields = ("limits", "problem")

    limits: TrayLimits = NO_LIMITS
    arrangement: Arrangement | None = None
    account_ids: tuple[str, ...] | None = None
    settings: MenuItem | None = None
    problem: str | None = None
    has_history: bool = False
    notifies: bool = False
    snoozed_until: Instant | None = None
    snooze: MenuItem | None = None
    advice: Advice = NO_ADVICE
