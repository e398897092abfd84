"""Whether a person's past use forecasts better than the even pace how long a window lasts: tried on its past cycles."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.forecast import even_left_s
from trayquota.core.hourly_use import EXHAUSTED, HOUR_S, LocalClock, hourly_use
from trayquota.core.past_use_forecast import LEAST_WEEKS, AlikeSpan, PastUse, Span, alike_spans, ends, median, past_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trayquota.core.history import Cycle, SampleSeries, WindowHistory

LONGEST_PAST = timedelta(days=182)
_SHORTEST_PAST = timedelta(days=56)
_LEAST_CYCLES = 3
_MOST_ERROR = 0.6
"""Of the even pace's error, so that 0.7 of it holds for cycles to come: what is chosen for its past is worse later."""
_LEAST_GAIN = 0.03
"""Of a window's length: a smaller gain is chance, and nobody would notice it."""
_LEAST_NEARER, _ENOUGH_NEARER = 0.6, 5
"""Of the cycles, or so many: forecasts that are nearer in a few alone were lucky there, and there is no habit."""
_MOMENTS = tuple(part / 10 for part in range(1, 10))
"""Of a cycle, at which forecasts are tried."""
_MOST_TRIES = 36
"""Per window, spread over its cycles."""


class Trial(Struct, frozen=True):
    """A moment of a past cycle at which a forecast could have been made, and what came of it.

    Attributes:
        begin_s: When the cycle began, in seconds since 1970, as all of these.
        at_s: The moment.
        resets_s: When the cycle was reset.
        ended_s: When it ran out, or else was reset.
        used_percent: What was used at the moment.
    """

    begin_s: float
    at_s: float
    resets_s: float
    ended_s: float
    used_percent: float

    @property
    def even_error_s(self) -> float:
        """By how much the even pace is wrong then, in seconds."""
        left_s = even_left_s(self.used_percent, self.at_s - self.begin_s)
        return abs(min(self.at_s + left_s, self.resets_s) - self.ended_s)


def past_span(duration_s: int | None) -> timedelta:
    """Return how far back a window's use is looked at: eight weeks, and enough cycles of a longer one."""
    cycles = timedelta(seconds=duration_s or 0) * (_LEAST_CYCLES + 1)
    return min(max(_SHORTEST_PAST, cycles), LONGEST_PAST)


def proven_past_use(history: WindowHistory, now: datetime, clock: LocalClock) -> PastUse | None:
    """Return a window's past use, ``None`` when forecasts from it would not have been better than the even pace's."""
    since, length_s = now - past_span(history.duration_s), float(history.duration_s or 0)
    cycles = _whole_cycles(history, since)
    if len(cycles) < _LEAST_CYCLES:
        return None
    tries = trials(history.samples, length_s, cycles)
    even_s, least_gain_s = _even_errors_s(tries), _LEAST_GAIN * length_s * len(tries)
    if sum(even_s.values()) <= least_gain_s:
        return None
    past = past_use(hourly_use(history.samples, since, now, clock), now)
    own_s = _own_errors_s(past, tries) if past is not None else None
    return past if own_s is not None and _is_better(own_s, even_s, least_gain_s) else None


def _is_better(own_s: Mapping[float, float], even_s: Mapping[float, float], least_gain_s: float) -> bool:
    """Return whether forecasts are clearly nearer than the even pace: in all, and in most of the cycles."""
    own, even = sum(own_s.values()), sum(even_s.values())
    nearer = sum(own_s[cycle] < even_s[cycle] for cycle in even_s)
    is_mostly = nearer >= min(_ENOUGH_NEARER, _LEAST_NEARER * len(even_s))
    return is_mostly and own <= _MOST_ERROR * even and even - own >= least_gain_s


def trials(samples: SampleSeries, length_s: float, cycles: Sequence[Cycle]) -> list[Trial]:
    """Return the moments of past cycles at which forecasts are tried, in their order.

    Args:
        samples: The window's.
        length_s: A cycle's.
        cycles: With their resets known.
    """
    found = []
    every = max(1, -(-len(cycles) * len(_MOMENTS) // _MOST_TRIES))
    for number, cycle in enumerate(cycles):
        resets_s = cycle.resets_at.timestamp() if cycle.resets_at is not None else 0.0
        first = bisect_left(samples.at_s, int(cycle.started_at.timestamp()))
        last = bisect_left(samples.at_s, int(resets_s), first)
        used, ended_s = samples.used[first:last], resets_s
        if used and max(used) >= EXHAUSTED:
            ended_s = samples.at_s[first + next(index for index, value in enumerate(used) if value >= EXHAUSTED)]
        for part in _MOMENTS[number % every :: every]:
            at_s = resets_s - length_s * (1 - part)
            index = bisect_left(samples.at_s, int(at_s) + 1, first, last) - 1
            if at_s < ended_s and index >= first:
                found.append(Trial(resets_s - length_s, at_s, resets_s, ended_s, samples.used[index] / 100))
    return found


def _even_errors_s(tries: Sequence[Trial]) -> dict[float, float]:
    """Return by how many seconds the even pace is wrong in each cycle, by its begin."""
    errors_s: defaultdict[float, float] = defaultdict(float)
    for trial in tries:
        errors_s[trial.begin_s] += trial.even_error_s
    return errors_s


def _own_errors_s(past: PastUse, tries: Sequence[Trial]) -> dict[float, float] | None:
    """Return by how many seconds forecasts from all the other weeks are wrong in each cycle, by its begin.

    ``None`` says that for one of the cycles there are too few of them.
    """
    weeks = sorted((week for week in range(-past.weeks, past.weeks + 1) if week), key=abs)
    errors_s: defaultdict[float, float] = defaultdict(float)
    cycle, alike = Span(0, 0), list[AlikeSpan]()
    for trial in tries:
        span = Span(past.hours(trial.begin_s), past.hours(trial.resets_s))
        if span != cycle:
            cycle, alike = span, alike_spans(past, span, weeks)
        if len(alike) < LEAST_WEEKS - 1:
            return None
        ending = ends(past, cycle, alike, past.hours(trial.at_s), trial.used_percent)
        # Without a forecast of its own the even pace is shown.
        own_s = None if ending is None else abs(median(ending[0]) - past.hours(trial.ended_s)) * HOUR_S
        errors_s[trial.begin_s] += trial.even_error_s if own_s is None else own_s
    return errors_s


def _whole_cycles(history: WindowHistory, since: datetime) -> list[Cycle]:
    """Return the cycles that went their whole time, from a moment on."""
    found = []
    for cycle in reversed(history.cycles):
        if cycle.started_at < since:
            break
        if cycle.ended_at is not None and cycle.resets_at is not None and not cycle.ended_early:
            found.append(cycle)
    return found[::-1]
