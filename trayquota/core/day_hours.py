"""A span of each day by the clock on the wall, as people write it: ``22:00-08:00``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

_DAY = 24 * 60
_SPAN = re.compile(r"(\d{1,2}):(\d\d)\s*[-–]\s*(\d{1,2}):(\d\d)", re.ASCII)


class DayHours(Struct, frozen=True):
    """A span of each day, in minutes after midnight.

    Attributes:
        start: Its first minute, 0–1439.
        end: The first minute after it, 1–1440; one before ``start`` is of the next day.
    """

    start: int
    end: int

    def contains(self, local: datetime) -> bool:
        """Whether a moment on the wall's clock is in it."""
        minute = local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


def parse_day_hours(text: str) -> DayHours | None:
    """Return the span that ``text`` names; ``None`` when it names none, or one without a length."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if max(start_minute, end_minute) > 59 or start >= _DAY or end > _DAY or start == end:
        return None
    return DayHours(start, end or _DAY)


def is_within(text: str, now: datetime, zone: tzinfo | None = None) -> bool:
    """Whether a moment is in the span that ``text`` names.

    Args:
        text: As :func:`parse_day_hours` reads it; empty for never.
        now: Aware.
        zone: Whose wall's clock it is; ``None`` for the system's.
    """
    hours = parse_day_hours(text) if text else None
    return hours is not None and hours.contains(now.astimezone(zone))
