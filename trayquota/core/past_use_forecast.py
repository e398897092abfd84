"""How long a window lasts by the person's own use: by what was used in the same hours of the weeks before.

Each of those weeks is one way in which the cycle may go on. The forecast is the middle of them, and its likelihood is
how many of them agree. Whether it is any better than the even pace is measured in :mod:`.past_use_backtest`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.hourly_use import HOUR_S, WEEK_HOURS, HourlyUse, LocalClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trayquota.core.model import QuotaWindow

LEAST_WEEKS = 3
"""Fewer say nothing of a person's habits."""
_MOST_WEEKS = 8
"""The nearest: habits change."""
_LEAST_WATCHED = 0.5
"""A week of which less was seen is not one to go by."""
_PRIOR = 0.5
"""How much the running cycle's use is drawn to what is usual, in cycles of usual use: at its begin little is known."""
_MOST_UNLIKE, _UNLIKE_PERCENT = 2.0, 10.0
"""A cycle in which more than twice of the most is used that ever was by then is like none of them; small use may be."""


class PastUseForecast(Struct, frozen=True):
    """A forecast from the person's own use.

    Attributes:
        runs_out_at: When it probably runs out; ``None`` when it probably lasts until its reset.
        likely_percent: How likely that is, that it runs out before its reset or that it does not: 50–100.
        left_percent: What is probably left at the reset, 0–100.
    """

    runs_out_at: datetime | None
    likely_percent: int
    left_percent: float


class Span(Struct, frozen=True):
    """A cycle.

    Attributes:
        begin: In hours, as in :class:`PastUse`.
        end: When it resets.
    """

    begin: float
    end: float


class AlikeSpan(Struct, frozen=True):
    """The same hours of another week.

    Attributes:
        begin: In hours, as in :class:`PastUse`.
        shift: So many hours later the cycle itself is.
        used_before: What was used until the begin, as it is added up; percent points.
        used_in_all: The same until the end.
    """

    begin: float
    shift: int
    used_before: float
    used_in_all: float


class PastUse(Struct, frozen=True):
    """What was used of one window hour by hour, added up, with what is usual where nobody looked.

    Attributes:
        begin_hour: The first hour, counted from 1970 on the person's clock.
        used: Percent points until the begin of each hour, and until the end of the last.
        watched_s: Seconds in which somebody looked, in the same way.
        clock: The person's.
    """

    begin_hour: int
    used: array[float]
    watched_s: array[float]
    clock: LocalClock

    @property
    def weeks(self) -> int:
        """How many whole ones there are."""
        return len(self.used) // WEEK_HOURS

    def forecast(self, window: QuotaWindow, now: datetime) -> PastUseForecast | None:
        """Return the forecast at ``now``, ``None`` when there is no ground for one, or there are too few weeks."""
        used, resets_at, length_s = window.used_percent, window.resets_at, window.duration_s
        if used is None or used >= 100 or resets_at is None or not length_s:
            return None
        at, resets_s = self.hours(now.timestamp()), resets_at.timestamp()
        cycle = Span(self.hours(resets_s - length_s), self.hours(resets_s))
        if not cycle.begin <= at < cycle.end:
            return None
        alike = alike_spans(self, cycle, range(1, self.weeks + 1))
        if len(alike) < LEAST_WEEKS:
            return None
        ending = ends(self, cycle, alike, at, used)
        if ending is None:
            return None
        found, left = ending
        count, runs_out = len(found), sum(end < cycle.end for end in found)
        is_out = runs_out * 2 > count
        # The rule of succession: what has always been so in a few weeks is not certain.
        likely = (max(runs_out, count - runs_out) + 1) / (count + 2)
        return PastUseForecast(
            self.moment(median(found)) if is_out else None, round(likely * 100), 0.0 if is_out else left
        )

    def hours(self, at_s: float) -> float:
        """Return a moment, in seconds since 1970, in hours since the first one."""
        return (at_s + self.clock.offset_s(at_s)) / HOUR_S - self.begin_hour

    def moment(self, hours: float) -> datetime:
        """Return the moment of so many hours since the first one."""
        return self.clock.utc((hours + self.begin_hour) * HOUR_S)


def past_use(hourly: HourlyUse, until: datetime) -> PastUse | None:
    """Return what was used until a moment, ``None`` when nobody has looked."""
    watched_s = sum(hourly.watched_s)
    if not watched_s:
        return None
    mean, rates = sum(hourly.used) * HOUR_S / watched_s, hourly.mean_rates()
    until_s = until.timestamp()
    hours = int(until_s + hourly.clock.offset_s(until_s)) // HOUR_S - hourly.begin_hour
    usual = [mean if rate is None else rate for rate in rates]
    watched = list(zip(hourly.used[:hours], hourly.watched_s[:hours], strict=True))
    filled = (
        points if seconds >= HOUR_S else points + usual[hour % WEEK_HOURS] * (HOUR_S - seconds) / HOUR_S
        for hour, (points, seconds) in enumerate(watched)
    )
    # Made of lists, arrays have no room to spare.
    used = array("f", list(accumulate(filled, initial=0.0)))
    seen_s = array("f", list(accumulate((seconds for _, seconds in watched), initial=0)))
    return PastUse(hourly.begin_hour, used, seen_s, hourly.clock.copy())


def alike_spans(past: PastUse, cycle: Span, weeks: Iterable[int]) -> list[AlikeSpan]:
    """Return the same hours of other weeks, so many weeks before the cycle, as far as they were watched."""
    spans: list[AlikeSpan] = []
    length = cycle.end - cycle.begin
    for week in weeks:
        shift = week * WEEK_HOURS
        begin, end = cycle.begin - shift, cycle.end - shift
        if abs(shift) < length or begin < 0 or end > len(past.used) - 1:
            continue
        if _until(past.watched_s, end) - _until(past.watched_s, begin) >= length * HOUR_S * _LEAST_WATCHED:
            spans.append(AlikeSpan(begin, shift, _until(past.used, begin), _until(past.used, end)))
            if len(spans) == _MOST_WEEKS:
                break
    return spans


def ends(
    past: PastUse, cycle: Span, alike: Sequence[AlikeSpan], now: float, used: float
) -> tuple[list[float], float] | None:
    """Return when the cycle ends by each of the other weeks, the reset included, and what is left then, 0–100.

    ``None`` says that so much has been used in none of them by far: what is usual says nothing of a cycle like that.

    Args:
        past: What was used.
        cycle: The one it is about.
        alike: The same hours of other weeks.
        now: In hours, within the cycle.
        used: Percent so far.
    """
    elapsed, whole, so_far, most, points = now - cycle.begin, 0.0, 0.0, 0.0, []
    for span in alike:
        at_now = _until(past.used, span.begin + elapsed)
        whole += span.used_in_all - span.used_before
        before = at_now - span.used_before
        so_far += before
        most = max(most, before)
        points.append(at_now)
    if used > _MOST_UNLIKE * most + _UNLIKE_PERCENT:
        return None
    prior = _PRIOR * whole
    # How much more is used than usual.
    factor = (used * len(alike) + prior) / (so_far + prior) if so_far + prior > 0 else 1.0
    goal = (100 - used) / factor if factor > 0 else float("inf")
    found, rests = [], []
    for span, at_now in zip(alike, points, strict=True):
        rest = span.used_in_all - at_now
        found.append(cycle.end if rest < goal else min(cycle.end, _reached(past.used, at_now + goal) + span.shift))
        rests.append(rest)
    return found, max(0.0, 100 - used - factor * median(rests))


def median(values: Iterable[float]) -> float:
    """Return the middle one, or the mean of the two; the standard library's takes 0.2 MiB of the memory."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return (ordered[middle] + ordered[~middle]) / 2


def _until(added_up: array[float], hours: float) -> float:
    """Return the sum until a moment between two full hours."""
    hour = int(hours)
    before = added_up[hour]
    return before if hour == hours else before + (added_up[hour + 1] - before) * (hours - hour)


def _reached(added_up: array[float], goal: float) -> float:
    """Return when the sum reaches a value that it does reach."""
    hour = min(bisect_left(added_up, goal), len(added_up) - 1)
    before, after = added_up[hour - 1], added_up[hour]
    return hour - 1 + ((goal - before) / (after - before) if after > before else 1.0)
