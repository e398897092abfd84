"""Moments as the person's own locale writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


class ClockFormat(Struct, frozen=True):
    """How a locale writes moments, in short. As it stands: British, twenty-four hours a day.

    Attributes:
        time: A template of ``{H}``, the hour from 0 to 23, ``{h}``, the hour from 1 to 12, ``{m}``, the minute, and
            ``{p}``, the part of the day.
        date: A template of ``{d}``, the day, and ``{M}``, the month.
        days: The days of the week from Monday on.
        months: As they stand in a date.
        parts: The part of the day at each hour; empty where the time does without.
    """

    time: str = "{H:02}:{m:02}"
    date: str = "{d} {M}"
    days: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    months: tuple[str, ...] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec")
    parts: tuple[str, ...] = ()

    def day(self, local: datetime) -> str:
        """Return ``14 Oct``."""
        return self.date.format(d=local.day, M=self.months[local.month - 1])


BRITISH = ClockFormat()
"""For those who have chosen nothing."""


def format_moment(moment: datetime, now: datetime, form: ClockFormat, zone: tzinfo | None = None) -> str:
    """Return a moment as short as it stays clear: ``16:40``, ``Thu 09:00``, ``14 Oct 09:30``.

    Args:
        moment: Aware.
        now: Aware; decides how much of the date is needed.
        form: How to write it.
        zone: The person's; ``None`` is the system's.
    """
    local, today = moment.astimezone(zone), now.astimezone(zone)
    part = form.parts[local.hour] if form.parts else ""
    time = form.time.format(H=local.hour, h=local.hour % 12 or 12, m=local.minute, p=part)
    days = (local.date() - today.date()).days
    if days == 0:
        return time
    if 0 < days < 7:
        return f"{form.days[local.weekday()]} {time}"
    return f"{form.day(local)} {time}"
