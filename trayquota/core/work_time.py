"""When a person works: days of the week and hours of the day, by the clock on their wall."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.day_hours import DayHours, parse_day_hours

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE_DAY = DayHours(0, 24 * 60)
_DAY = timedelta(days=1)


class WorkTime(Struct, frozen=True):
    """The work time of every week.

    Attributes:
        days: 0 for Monday to 6 for Sunday; at least one.
        hours: Of each of these days; those that go past midnight belong to the day on which they begin.
        zone: The person's; ``None`` is the system's.
    """

    days: frozenset[int]
    hours: DayHours = _WHOLE_DAY
    zone: tzinfo | None = None

    def seconds(self, start: datetime, end: datetime) -> float:
        """Return how much of the time from ``start`` to ``end`` is work time."""
        return sum((last - first).total_seconds() for first, last in self._spans(start, end))

    def moment_after(self, start: datetime, work_s: float, end: datetime) -> datetime | None:
        """Return when ``work_s`` of work time will have passed since ``start``; ``None`` when not before ``end``."""
        for first, last in self._spans(start, end):
            span_s = (last - first).total_seconds()
            if work_s < span_s:
                return first + timedelta(seconds=work_s)
            work_s -= span_s
        return None

    def _spans(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the work time between two moments, from and to, in UTC."""
        day, last_day = start.astimezone(self.zone).date() - _DAY, end.astimezone(self.zone).date()
        while day <= last_day:
            if day.weekday() in self.days:
                is_past_midnight = self.hours.end <= self.hours.start
                first = max(self._moment(day, self.hours.start), start.astimezone(UTC))
                last = min(self._moment(day + _DAY * is_past_midnight, self.hours.end), end.astimezone(UTC))
                if first < last:
                    yield first, last
            day += _DAY

    def _moment(self, day: date, minute: int) -> datetime:
        """Return a minute of a day on the wall's clock, in UTC; 1440 is the next day's midnight."""
        days, minute = divmod(minute, 24 * 60)
        local = datetime.combine(day + _DAY * days, time(*divmod(minute, 60)), self.zone)
        return local.astimezone(UTC)


def parse_work_days(text: str) -> frozenset[int] | None:
    """Return the days that ``mon-fri`` or ``mon, wed, fri`` names, 0 for Monday; ``None`` when it names none."""
    days: set[int] = set()
    for part in text.lower().split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if first not in _DAYS or (dash and last not in _DAYS):
            return None
        start = _DAYS.index(first)
        span = (_DAYS.index(last) - start) % 7 if dash else 0
        days |= {(start + number) % 7 for number in range(span + 1)}
    return frozenset(days)


def work_time(days: str, hours: str) -> WorkTime | None:
    """Return the work time that settings name; ``None`` where both are empty.

    Raises:
        ValueError: One of them cannot be read; the text is its setting's name.
    """
    if not days and not hours:
        return None
    parsed_days = parse_work_days(days) if days else frozenset(range(7))
    parsed_hours = parse_day_hours(hours) if hours else _WHOLE_DAY
    if parsed_days is None or parsed_hours is None:
        raise ValueError("work_days" if parsed_days is None else "work_hours")
    return WorkTime(parsed_days, parsed_hours)
