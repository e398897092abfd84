"""Forecasts from a person's own use: how they are made, and that they are made only where they are better."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from usage_kinds import BEGIN, HABITS, NO_HABITS, PAST_WEEKS, Errors, erratic, measured, simulated, until

from trayquota.core.forecast import window_forecast
from trayquota.core.history import Cycle, WindowHistory
from trayquota.core.hourly_use import LocalClock, hourly_use
from trayquota.core.model import QuotaWindow
from trayquota.core.past_use_backtest import past_span, proven_past_use, trials
from trayquota.core.past_use_forecast import PastUse, PastUseForecast, past_use

from .test_history_views import series

if TYPE_CHECKING:
    from trayquota.core.history import SampleSeries

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
WEEK_S = 7 * 86400
PEOPLE = 24


@pytest.fixture(scope="module")
def errors() -> dict[str, Errors]:
    return {kind.__name__: measured(kind, PEOPLE) for kind in (*HABITS, *NO_HABITS)}


@pytest.mark.parametrize("kind", [kind.__name__ for kind in HABITS])
def test_the_error_beats_the_even_paces_by_three_tenths(errors: dict[str, Errors], kind: str) -> None:
    assert errors[kind].used >= PEOPLE / 12
    assert errors[kind].ratio <= 0.7


@pytest.mark.parametrize("kind", [kind.__name__ for kind in NO_HABITS])
def test_without_a_habit_it_is_used_by_rare_chance_alone(errors: dict[str, Errors], kind: str) -> None:
    assert errors[kind].used <= PEOPLE / 10


@pytest.mark.parametrize("number", [1000, 1038, 1099])
def test_who_would_have_been_lucky_in_a_few_cycles_alone_has_no_habit(number: int) -> None:
    history, now = simulated(erratic, number), BEGIN + PAST_WEEKS * WEEK
    assert proven_past_use(until(history, now), now, LocalClock(UTC)) is None


def test_what_is_said_to_be_likely_comes_as_often(errors: dict[str, Errors]) -> None:
    said = [likely for kind in errors.values() for likely in kind.said]
    came = [is_so for kind in errors.values() for is_so in kind.came]
    assert len(said) > 200
    assert sum(came) / len(came) == pytest.approx(sum(said) / len(said), abs=0.1)


def noons(weeks: int, percent: float = 20, days: int = 7) -> SampleSeries:
    """Return weeks in each of which so much is used between 12:00 and 13:00 of its first days."""
    found, used = [], 0.0
    for day in range(weeks * 7):
        at = MONDAY + day * DAY
        used = 0.0 if day % 7 == 0 else used
        found += [(at, used), (at + 12 * HOUR, used)]
        used = min(100.0, used + percent) if day % 7 < days else used
        found.append((at + 13 * HOUR, used))
    return series(*found)


def cycles(weeks: int, percent: float = 20) -> tuple[Cycle, ...]:
    used = min(100.0, 7 * percent)
    begins = [MONDAY + week * WEEK for week in range(weeks)]
    return tuple(Cycle(begin, used, begin + WEEK, begin + WEEK) for begin in begins)


def past_of(samples: SampleSeries, until: datetime) -> PastUse:
    past = past_use(hourly_use(samples, MONDAY, until, LocalClock(UTC)), until)
    assert past is not None
    return past


def forecast(weeks: int, used: float, at: timedelta, percent: float = 20) -> PastUseForecast | None:
    begin = MONDAY + weeks * WEEK
    return past_of(noons(weeks, percent), begin).forecast(QuotaWindow("W", used, begin + WEEK, WEEK_S), begin + at)


def test_it_runs_out_at_the_hour_at_which_it_is_used() -> None:
    found = forecast(3, 40, 1 * DAY + 14 * HOUR)
    assert found is not None
    # 20 percent each noon: the fifth one is Friday's.
    assert found.runs_out_at == MONDAY + 3 * WEEK + 4 * DAY + 13 * HOUR
    assert (found.likely_percent, found.left_percent) == (80, 0)


def test_it_lasts_where_what_is_usual_leaves_something() -> None:
    found = forecast(6, 20, 1 * DAY + 14 * HOUR, percent=10)
    assert found is not None
    assert (found.runs_out_at, found.likely_percent) == (None, 88)
    assert found.left_percent == pytest.approx(30, abs=0.1)


def test_a_week_of_more_use_than_usual_runs_out_earlier() -> None:
    more = forecast(3, 60, 1 * DAY + 14 * HOUR)
    assert more is not None
    assert more.runs_out_at is not None
    thursday_noon = MONDAY + 3 * WEEK + 3 * DAY + 12 * HOUR
    assert thursday_noon < more.runs_out_at < thursday_noon + HOUR


def test_a_cycle_of_far_more_use_than_ever_is_left_to_the_even_pace() -> None:
    assert forecast(3, 50, DAY + 14 * HOUR) is not None
    assert forecast(3, 95, DAY + 14 * HOUR) is None


def test_two_weeks_are_too_few() -> None:
    assert forecast(2, 40, DAY) is None


@pytest.mark.parametrize(("used", "at"), [(100.0, DAY), (40.0, 8 * DAY), (40.0, -HOUR)])
def test_there_is_none_for_a_window_that_is_used_up_or_not_running(used: float, at: timedelta) -> None:
    assert forecast(4, used, at) is None


def test_weeks_that_nobody_watched_do_not_count() -> None:
    samples = noons(5)
    gap = range(*(samples.at_s.index(int((MONDAY + day).timestamp())) for day in (WEEK + HOUR * 0, 4 * WEEK)))
    for index in reversed(gap):
        del samples.at_s[index], samples.used[index]
    begin = MONDAY + 5 * WEEK
    assert past_of(samples, begin).forecast(QuotaWindow("W", 40, begin + WEEK, WEEK_S), begin + DAY) is None


def test_what_would_have_been_used_after_it_ran_out_is_what_is_usual_then() -> None:
    # Three weeks run out on Wednesday; the fourth, which is lighter, shows what Thursdays are like.
    heavy, light = noons(3, 40), noons(1, 20)
    heavy.at_s.extend(at_s + 3 * WEEK_S for at_s in light.at_s)
    heavy.used.extend(light.used)
    begin = MONDAY + 4 * WEEK
    hourly = hourly_use(heavy, MONDAY, begin, LocalClock(UTC))
    thursday_noon = 3 * 24 + 12
    assert hourly.mean_rates()[thursday_noon] == pytest.approx(20)
    assert hourly.watched_s[thursday_noon] == 0


def test_use_without_a_habit_is_left_to_the_even_pace() -> None:
    hours = [(MONDAY + hour * HOUR, hour % 168 / 1.5) for hour in range(5 * 168)]
    steady = WindowHistory("W", WEEK_S, series(*hours), cycles(5))
    assert proven_past_use(steady, MONDAY + 5 * WEEK, LocalClock(UTC)) is None


def test_a_habit_is_proven_from_the_third_cycle_on() -> None:
    now = MONDAY + 8 * WEEK
    for count, is_proven in ((2, False), (3, True), (8, True)):
        # All of a week's use is on its first two days.
        samples = noons(8, 40, days=2)
        history = WindowHistory("W", WEEK_S, samples, cycles(8)[-count:])
        assert (proven_past_use(history, now, LocalClock(UTC)) is not None) is is_proven


def test_cycles_that_ended_early_prove_nothing() -> None:
    early = tuple(Cycle(cycle.started_at, 80, cycle.resets_at, cycle.ended_at, ended_early=True) for cycle in cycles(8))
    history = WindowHistory("W", WEEK_S, noons(8, 40, days=2), early)
    assert proven_past_use(history, MONDAY + 8 * WEEK, LocalClock(UTC)) is None


def test_the_even_pace_is_tried_as_it_is_shown() -> None:
    found = trials(noons(4, 20), WEEK_S, cycles(4))
    assert len(found) > 10
    for trial in found:
        resets_at, at = (datetime.fromtimestamp(moment_s, UTC) for moment_s in (trial.resets_s, trial.at_s))
        even = window_forecast(QuotaWindow("W", trial.used_percent, resets_at, WEEK_S), at)
        assert even is not None
        wrong_s = abs((even.runs_out_at or resets_at).timestamp() - trial.ended_s)
        assert trial.even_error_s == pytest.approx(wrong_s, abs=0.01)


def test_a_long_window_is_looked_at_for_more_than_eight_weeks() -> None:
    assert past_span(18000) == past_span(None) == 8 * WEEK
    assert past_span(30 * 86400) == timedelta(days=120)
    assert past_span(365 * 86400) == timedelta(days=182)


def test_hours_are_those_of_the_persons_clock_also_when_it_is_put_forward() -> None:
    clock = LocalClock(ZoneInfo("Europe/Berlin"))
    spring = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert clock.offset_s(spring.timestamp() - 1) == 3600
    assert clock.offset_s(spring.timestamp()) == 7200
    for moment in (spring - DAY, spring - HOUR, spring, spring + DAY):
        assert clock.utc(moment.timestamp() + clock.offset_s(moment.timestamp())) == moment


def test_a_wrong_clock_shows_its_own_hours() -> None:
    assert LocalClock(UTC, ahead_s=7200).offset_s(0) == -7200
