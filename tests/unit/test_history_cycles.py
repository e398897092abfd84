"""When a cycle of a window ends, and whether before its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trayquota.core.history import Cycle, next_cycles
from trayquota.core.model import QuotaWindow

from .facts import NOW

DAY = timedelta(days=1)
WEEK = 7 * DAY
WEEK_S = int(WEEK.total_seconds())
RUNNING = Cycle(NOW - 3 * DAY, 40.0, NOW + 4 * DAY)
LAST_AT = NOW - timedelta(minutes=5)


def weekly(used: float, resets_in: timedelta | None) -> QuotaWindow:
    return QuotaWindow("Weekly", used, None if resets_in is None else NOW + resets_in, WEEK_S)


def after(window: QuotaWindow, running: Cycle | None = RUNNING) -> list[Cycle]:
    return next_cycles(running, window, NOW, LAST_AT)


def test_a_window_that_nobody_uses_has_no_cycle() -> None:
    assert after(weekly(0, None), None) == []


def test_a_first_answer_begins_a_cycle_where_its_reset_says() -> None:
    assert after(weekly(12, 2 * DAY), None) == [Cycle(NOW - 5 * DAY, 12, NOW + 2 * DAY)]


def test_use_goes_on_in_the_same_cycle_and_so_does_a_reset_that_jitters_or_slides() -> None:
    assert after(weekly(41, 4 * DAY + timedelta(minutes=3))) == [
        Cycle(NOW - 3 * DAY, 41, NOW + 4 * DAY + timedelta(minutes=3))
    ]
    assert after(weekly(41, 7 * DAY - timedelta(hours=1))) == [
        Cycle(NOW - 3 * DAY, 41, NOW + 7 * DAY - timedelta(hours=1))
    ]


@pytest.mark.parametrize("used", [39.0, 36.0, 30.0, 21.0])
def test_a_percent_that_is_rounded_or_slides_back_ends_no_cycle(used: float) -> None:
    assert after(weekly(used, 4 * DAY)) == [Cycle(NOW - 3 * DAY, used, NOW + 4 * DAY)]


def test_a_fall_before_the_stated_time_is_an_early_reset() -> None:
    ended, running = after(weekly(0, 4 * DAY))
    assert ended == Cycle(NOW - 3 * DAY, 40, NOW + 4 * DAY, NOW, ended_early=True)
    assert running == Cycle(NOW, 0, NOW + 4 * DAY)


def test_an_early_reset_ended_the_cycle_when_the_next_began() -> None:
    ended, running = after(weekly(1, WEEK - timedelta(minutes=2)))
    assert (ended.ended_at, ended.ended_early) == (NOW - timedelta(minutes=2), True)
    assert running.started_at == NOW - timedelta(minutes=2)


def test_an_early_reset_to_a_window_that_is_not_started_is_one_too() -> None:
    (ended,) = after(weekly(0, None))
    assert (ended.ended_at, ended.ended_early) == (NOW, True)


def test_a_reset_at_its_time_is_not_early_though_it_is_seen_a_little_before() -> None:
    running = Cycle(NOW - WEEK + timedelta(minutes=2), 40, NOW + timedelta(minutes=2))
    ended, _ = after(weekly(0, WEEK - timedelta(seconds=1)), running)
    assert (ended.ended_at, ended.ended_early) == (NOW, False)


def test_a_reset_that_nobody_saw_ended_the_cycle_at_its_stated_time() -> None:
    running = Cycle(NOW - 16 * DAY, 40, NOW - 9 * DAY)
    ended, now_running = next_cycles(running, weekly(55, 2 * DAY), NOW, NOW - 10 * DAY)
    assert (ended.ended_at, ended.ended_early) == (NOW - 9 * DAY, False)
    assert now_running == Cycle(NOW - 5 * DAY, 55, NOW + 2 * DAY)


def test_an_early_reset_that_nobody_saw_is_known_by_the_begin_of_the_next_cycle() -> None:
    running = Cycle(NOW - 8 * DAY, 40, NOW - DAY)
    ended, now_running = next_cycles(running, weekly(5, 2 * DAY), NOW, NOW - 6 * DAY)
    assert (ended.ended_at, ended.ended_early) == (NOW - 5 * DAY, True)
    assert now_running.started_at == NOW - 5 * DAY


def test_a_late_answer_about_a_cycle_that_should_be_over_does_not_end_it() -> None:
    running = Cycle(NOW - WEEK, 40, NOW - timedelta(minutes=1))
    assert after(weekly(40, timedelta(minutes=-1)), running) == [running]
    jittering = after(weekly(40, timedelta(minutes=1)), running)
    assert [cycle.ended_at for cycle in jittering] == [None]


def test_without_a_stated_reset_a_fall_ends_a_cycle_that_was_not_early() -> None:
    ended, running = next_cycles(Cycle(NOW - DAY, 60), QuotaWindow("Credits", 2.0), NOW, LAST_AT)
    assert (ended.ended_at, ended.ended_early, running) == (NOW, False, Cycle(NOW, 2.0))
