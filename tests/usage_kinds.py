"""Simulated people with habits, and how far forecasts for their windows are off.

All of it follows from a kind and a number, so that a measurement can be repeated.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trayquota.core.history import Cycle, SampleSeries, WindowHistory
from trayquota.core.hourly_use import LocalClock, hourly_use
from trayquota.core.model import QuotaWindow
from trayquota.core.past_use_backtest import proven_past_use, trials
from trayquota.core.past_use_forecast import past_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.core.past_use_backtest import Trial
    from trayquota.core.past_use_forecast import PastUse

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday."""
WEEK = timedelta(days=7)
PAST_WEEKS, TRIED_WEEKS = 8, 4
_LEVEL_SPREAD = 0.15
"""How much one week differs from another, as the standard deviation of a logarithm."""
_BURSTS = {(0, 2), (1, 3), (3, 3), (3, 4)}
"""Day and quarter of a day."""


@dataclass
class Hour:
    """An hour to be used in.

    Attributes:
        day: 0 is Monday.
        luck: 0–1, one for each day.
        chance: The person's.
    """

    day: int
    hour: int
    luck: float
    chance: random.Random


def steady(hour: Hour) -> float:
    """A service that is used around the clock."""
    return hour.chance.uniform(0.5, 1.5)


def office(hour: Hour) -> float:
    """Working days from nine to six, some hours busier than others, little at noon."""
    if hour.day > 4 or not 9 <= hour.hour < 18 or hour.chance.random() < 0.2:
        return 0.0
    return hour.chance.expovariate(1.0) * (0.3 if hour.hour == 12 else 1.0)


def night(hour: Hour) -> float:
    """Agents in nine nights of ten, and little by day."""
    if hour.hour < 6:
        return hour.chance.uniform(0.6, 1.4) if hour.luck > 0.1 else 0.0
    return 0.08 * hour.chance.random() if 9 <= hour.hour < 18 else 0.0


def bursty(hour: Hour) -> float:
    """All at once in a few parts of the week, most weeks, and hardly anything else."""
    if (hour.day, hour.hour // 4) in _BURSTS and hour.luck > 0.15:
        return hour.chance.expovariate(1.0)
    return 0.02 if 8 <= hour.hour < 23 else 0.0


def erratic(hour: Hour) -> float:
    """Bursts without any habit."""
    return hour.chance.uniform(3.0, 9.0) if hour.chance.random() < 0.08 else 0.0


HABITS: tuple[Callable[[Hour], float], ...] = (office, bursty, night)
NO_HABITS: tuple[Callable[[Hour], float], ...] = (steady, erratic)


@dataclass
class Errors:
    """How far forecasts were off in the weeks after those that they were made from; hours, in all.

    Attributes:
        people: How many were simulated.
        used: For how many of them forecasts from their own use are made.
        own: The error of these.
        even: The even pace's at the same moments.
        forecasts: How many there were.
        said: How likely each was, that it runs out, of those that said so, 0–1.
        came: Whether it did.
    """

    people: int = 0
    used: int = 0
    own: float = 0.0
    even: float = 0.0
    forecasts: int = 0
    said: list[float] = field(default_factory=list)
    came: list[bool] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The error as a part of the even pace's."""
        return self.own / self.even if self.even else 0.0


def measured(kind: Callable[[Hour], float], people: int) -> Errors:
    """Return the errors for so many people of a kind, each with a weekly window of another size."""
    errors = Errors(people)
    for number in range(people):
        history = simulated(kind, number)
        now = BEGIN + WEEK * PAST_WEEKS
        past = proven_past_use(until(history, now), now, LocalClock(UTC))
        if past is not None:
            errors.used += 1
            _add(errors, history, now)
    return errors


def simulated(kind: Callable[[Hour], float], number: int) -> WindowHistory:
    """Return twelve weeks of a weekly window."""
    chance = random.Random(f"{kind.__name__} {number}")
    hours = range((PAST_WEEKS + TRIED_WEEKS) * 168)
    activity = list(_activity(kind, chance, len(hours)))
    scale = chance.uniform(70, 140) / (sum(activity) / len(activity) * 168)
    first_reset = chance.randrange(1, 168)
    samples, cycles, used, noted = SampleSeries(), [], 0.0, -1
    for hour in hours:
        at = BEGIN + timedelta(hours=hour)
        if hour % 168 == first_reset:
            cycles.append(Cycle(at - WEEK, used, at, at))
            used = 0.0
        used = min(100.0, used + activity[hour] * scale)
        if round(used) != noted or hour % 24 == 0:
            noted = round(used)
            # What was used in an hour is seen at its end.
            samples.at_s.append(int(at.timestamp()) + 3599)
            samples.used.append(noted * 100)
    return WindowHistory("Weekly", int(WEEK.total_seconds()), samples, tuple(cycles))


def _activity(kind: Callable[[Hour], float], chance: random.Random, hours: int) -> Iterator[float]:
    level = luck = 1.0
    for hour in range(hours):
        if hour % 168 == 0:
            level = math.exp(chance.gauss(0, _LEVEL_SPREAD))
        if hour % 24 == 0:
            luck = chance.random()
        yield level * kind(Hour(hour // 24 % 7, hour % 24, luck, chance))


def until(history: WindowHistory, now: datetime) -> WindowHistory:
    """Return a history as it was at a moment."""
    count = sum(at_s <= now.timestamp() for at_s in history.samples.at_s)
    samples = SampleSeries()
    samples.at_s, samples.used = history.samples.at_s[:count], history.samples.used[:count]
    cycles = tuple(cycle for cycle in history.cycles if cycle.ended_at is not None and cycle.ended_at <= now)
    return WindowHistory(history.title, history.duration_s, samples, cycles)


def _add(errors: Errors, history: WindowHistory, since: datetime) -> None:
    """Make forecasts in each cycle after a moment, from what was known at its begin."""
    for cycle in history.cycles:
        if cycle.started_at < since:
            continue
        past = _known_use(history, cycle.started_at)
        for trial in trials(history.samples, WEEK.total_seconds(), [cycle]):
            _add_trial(errors, trial, past)


def _known_use(history: WindowHistory, now: datetime) -> PastUse:
    past = past_use(hourly_use(until(history, now).samples, BEGIN, now, LocalClock(UTC)), now)
    assert past is not None
    return past


def _add_trial(errors: Errors, trial: Trial, past: PastUse) -> None:
    at, reset = (datetime.fromtimestamp(moment_s, UTC) for moment_s in (trial.at_s, trial.resets_s))
    forecast = past.forecast(QuotaWindow("Weekly", trial.used_percent, reset, int(WEEK.total_seconds())), at)
    if forecast is None:
        # The even pace is shown.
        return
    ended_at = datetime.fromtimestamp(trial.ended_s, UTC)
    errors.forecasts += 1
    errors.even += trial.even_error_s / 3600
    errors.own += abs(((forecast.runs_out_at or reset) - ended_at).total_seconds()) / 3600
    if forecast.runs_out_at is not None:
        errors.said.append(forecast.likely_percent / 100)
        errors.came.append(ended_at < reset)
