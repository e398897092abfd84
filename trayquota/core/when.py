"""Moments as the person's own locale writes them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from babel import Locale

FALLBACK = "en_GB"
"""Twenty-four hours a day, for those who have chosen nothing."""


def clock_time(moment: datetime, now: datetime, locale: str, zone: tzinfo | None = None) -> str:
    """Return a moment as short as it stays clear: ``16:40``, ``Thu 09:00``, ``14 Oct 09:30``.

    Args:
        moment: Aware.
        now: Aware; decides how much of the date is needed.
        locale: ``de_DE``, ``en_US``, …; an unknown one reads as British English.
        zone: The person's; ``None`` is the system's.
    """
    from babel.dates import format_datetime, format_skeleton, format_time  # noqa: PLC0415 - heavy

    local, today = moment.astimezone(zone), now.astimezone(zone)
    language = _locale(locale)
    time = format_time(local, "short", locale=language)
    days = (local.date() - today.date()).days
    if days == 0:
        return time
    if 0 < days < 7:  # noqa: PLR2004 - within a week its day's name is enough
        return f"{format_datetime(local, 'EEE', locale=language)} {time}"
    return f"{format_skeleton('MMMd', local, locale=language)} {time}"


@cache
def _locale(name: str) -> Locale:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 - heavy

    try:
        return Locale.parse(name.split(".", 1)[0].split("@", 1)[0].replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        return Locale.parse(FALLBACK)
