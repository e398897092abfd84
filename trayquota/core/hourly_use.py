"""What was used in each hour of the past weeks, by a person's own clock, and at each hour of the week on average."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from trayquota.core.history import SampleSeries

WEEK_HOURS = 168
"""From Monday midnight on."""
HOUR_S = 3600
_DAY_S = 24 * HOUR_S
_LONGEST_GAP_S = 26 * HOUR_S
"""After a longer time without a sample nobody looked."""
_FIRST_MONDAY_HOURS = 96
"""The first Monday of 1970 was the fifth of January."""
_LEAST_WATCHED_S = HOUR_S / 2
EXHAUSTED = 9950
"""From so many hundredths of a percent on nothing is left to use."""


class LocalClock:
    """Seconds since 1970 as the clock of a person shows them, one second for each."""

    def __init__(self, zone: tzinfo | None = None, ahead_s: float = 0.0) -> None:
        """Be the clock of a time zone.

        Args:
            zone: The person's; ``None`` is the system's.
            ahead_s: How far what is asked for is ahead of the person's clock, should that be wrong.
        """
        self._zone = zone
        self._ahead_s = round(ahead_s)
        self._days: dict[int, int | None] = {}
        """The offset of each whole day since 1970 in UTC, ``None`` where it changes in the middle: to look it up takes
        longer than all the rest."""

    def offset_s(self, at_s: float) -> int:
        """Return what is to be added to a moment in UTC to have it on this clock."""
        return self.offset_until(int(at_s))[0]

    def offset_until(self, at_s: int) -> tuple[int, int]:
        """Return the same, and until when it is so."""
        day = at_s // _DAY_S
        if day not in self._days:
            first, last = self._looked_up_s(day * _DAY_S), self._looked_up_s((day + 1) * _DAY_S)
            self._days[day] = first if first == last else None
        offset_s = self._days[day]
        if offset_s is not None:
            return offset_s, (day + 1) * _DAY_S
        # Clocks are put forward and back at full hours.
        return self._looked_up_s(at_s), at_s - at_s % HOUR_S + HOUR_S

    def copy(self) -> LocalClock:
        """Return the same clock, with nothing looked up yet, for who keeps it for long."""
        return LocalClock(self._zone, self._ahead_s)

    def utc(self, local_s: float) -> datetime:
        """Return the moment at which this clock shows so many seconds."""
        return datetime.fromtimestamp(local_s - self.offset_s(local_s - self.offset_s(local_s)), UTC)

    def _looked_up_s(self, at_s: int) -> int:
        offset = datetime.fromtimestamp(at_s, UTC).astimezone(self._zone).utcoffset() or timedelta(0)
        return int(offset.total_seconds()) - self._ahead_s


class HourlyUse(Struct, frozen=True):
    """Whole weeks, hour by hour.

    Attributes:
        begin_hour: Hours since 1970, on the person's clock; a Monday's midnight.
        used: Percent points used in each hour.
        watched_s: For how much of each hour somebody looked, and something was left to use; seconds.
        clock: The person's.
    """

    begin_hour: int
    used: list[float]
    watched_s: list[int]
    clock: LocalClock

    def mean_rates(self) -> list[float | None]:
        """Return the percent points that are used at each hour of the week on average; ``None`` is not known."""
        sums = zip(_by_hour_of_week(self.used), _by_hour_of_week(self.watched_s), strict=True)
        return [used * HOUR_S / watched_s if watched_s >= _LEAST_WATCHED_S else None for used, watched_s in sums]


def hourly_use(samples: SampleSeries, since: datetime, now: datetime, clock: LocalClock) -> HourlyUse:
    """Return what was used in each hour of the weeks from the one of ``since`` to the one of ``now``.

    Args:
        samples: Of one window.
        since: What was earlier does not count.
        now: The moment.
        clock: The person's.
    """
    since_s, now_s = int(since.timestamp()), int(now.timestamp())
    begin_hour = _monday(since_s + clock.offset_s(since_s))
    hours = _monday(now_s + clock.offset_s(now_s)) + WEEK_HOURS - begin_hour
    use = HourlyUse(begin_hour, [0.0] * hours, [0] * hours, clock)
    first = bisect_left(samples.at_s, since_s)
    if first < len(samples):
        _add_samples(use, samples, first)
    return use


def _by_hour_of_week(values: Sequence[float]) -> Iterator[float]:
    weeks = (values[begin : begin + WEEK_HOURS] for begin in range(0, len(values), WEEK_HOURS))
    return map(sum, zip(*weeks, strict=True))


def _add_samples(use: HourlyUse, samples: SampleSeries, first: int) -> None:
    """Add up samples by the hour. The fewest lines run for those in one and the same."""
    used, watched_s, clock, begin_s = use.used, use.watched_s, use.clock, use.begin_hour * HOUR_S
    offset_s, known_until_s, hours = 0, 0, len(used)
    before_s, before, last_hour = samples.at_s[first], samples.used[first], -1
    for at_s, value in zip(islice(samples.at_s, first + 1, None), islice(samples.used, first + 1, None), strict=True):
        # It has happened since the poll before, which found no change.
        hour = (at_s + offset_s - begin_s - 1) // HOUR_S
        if hour != last_hour or at_s >= known_until_s:
            if at_s >= known_until_s:
                offset_s, known_until_s = clock.offset_until(at_s)
                hour = (at_s + offset_s - begin_s - 1) // HOUR_S
            if at_s - before_s > _LONGEST_GAP_S or not 0 <= hour < hours:
                before_s, before, last_hour = at_s, value, -1
                continue
            if before < EXHAUSTED:
                to_s = at_s + offset_s - begin_s
                _watch(watched_s, to_s - at_s + before_s, to_s, hour)
            last_hour = hour
        elif before < EXHAUSTED:
            watched_s[hour] += at_s - before_s
        # After a reset all of it is new.
        used[hour] += (value - before if value >= before else value) / 100
        before_s, before = at_s, value


def _watch(watched_s: list[int], from_s: int, to_s: int, hour: int) -> None:
    """Add the time between two samples to each hour that it is in; the last one is ``hour``."""
    from_hour = from_s // HOUR_S
    if from_hour < hour:
        if from_hour >= 0:
            watched_s[from_hour] += (from_hour + 1) * HOUR_S - from_s
        for between in range(max(0, from_hour + 1), hour):
            watched_s[between] += HOUR_S
        from_s = hour * HOUR_S
    watched_s[hour] += to_s - from_s


def _monday(local_s: int) -> int:
    """Return the hour since 1970 in which a moment's week began."""
    hour = local_s // HOUR_S
    return hour - (hour - _FIRST_MONDAY_HOURS) % WEEK_HOURS
