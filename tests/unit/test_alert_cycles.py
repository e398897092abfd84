"""Once per window and cycle: resets, forecasts, restarts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trayquota.core.model import AccountState
from trayquota.views.labels import DisplayOptions

from .alert_samples import BOB, EXPIRED, HOUR, LENGTH, Notified, failing, stored, text_of, usage, window

# Cycles.


@pytest.mark.parametrize(
    "jitter", [timedelta(microseconds=400), timedelta(seconds=-0.7), timedelta(minutes=4), -timedelta(minutes=4)]
)
@pytest.mark.parametrize("length", [LENGTH, None])
def test_resets_that_jitter_are_one_cycle(jitter: timedelta, length: timedelta | None) -> None:
    person = Notified()
    each_time = [person.lines_for(usage(window(20, HOUR + jitter * (each % 2), length=length))) for each in range(6)]
    assert [len(lines) for lines in each_time] == [1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_resets_that_jitter_are_one_cycle_to_its_end(length: timedelta | None) -> None:
    person = Notified()
    resets = [timedelta(minutes=each) for each in (1, 4, 1, 5)]
    assert [len(person.lines_for(usage(window(20, each, length=length)))) for each in resets] == [1, 0, 0, 0]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_a_cycle_that_ends_before_its_named_reset_is_over(length: timedelta | None) -> None:
    person = Notified()
    person.alert_for(usage(window(20, HOUR, length=length)))
    early = HOUR - timedelta(minutes=3)
    assert len(person.lines_for(usage(window(20, early + 5 * HOUR, length=length)), after=early)) == 1


@pytest.mark.parametrize("length", [LENGTH, None])
def test_a_reset_that_slides_along_with_time_is_one_cycle(length: timedelta | None) -> None:
    person = Notified()
    steps = [each * timedelta(minutes=6) for each in range(100)]
    each_time = [
        person.lines_for(usage(window(left, LENGTH + step, length=length)), after=step)
        for step in steps
        for left in (20, 26)
    ]
    assert [len(lines) for lines in each_time] == [1, *[0] * 199]


def test_a_reset_is_notified_of_after_a_low_quota() -> None:
    person = Notified()
    person.alert_for(usage(window(5)))
    assert person.lines_for(usage(window(100, 6 * HOUR)), after=HOUR) == [
        "Claude ada@example.com, 5-hour: has reset, 100% left"
    ]
    assert person.lines_for(usage(window(100, 6 * HOUR)), after=HOUR) == []


def test_a_reset_is_not_notified_of_without_a_low_quota() -> None:
    person = Notified()
    person.alert_for(usage(window(40)))
    assert person.lines_for(usage(window(100, 6 * HOUR)), after=HOUR) == []


def test_a_new_cycle_notifies_anew() -> None:
    person = Notified()
    person.alert_for(usage(window(5)))
    assert len(person.lines_for(usage(window(5, 6 * HOUR)), after=2 * HOUR)) == 1
    assert person.lines_for(usage(window(5, 6 * HOUR)), after=3 * HOUR) == []


def test_a_reset_ahead_of_its_time_is_notified_of() -> None:
    person = Notified()
    person.alert_for(usage(window(5)))
    early = usage(window(100, 5 * HOUR))
    assert person.lines_for(early) == ["Claude ada@example.com, 5-hour: has reset, 100% left"]
    assert len(person.lines_for(usage(window(20, 5 * HOUR)))) == 1


def test_a_window_that_starts_with_the_next_message_has_reset() -> None:
    person = Notified()
    person.alert_for(usage(window(5)))
    assert person.lines_for(usage(window(100, None)), after=2 * HOUR) == [
        "Claude ada@example.com, 5-hour: has reset, 100% left"
    ]
    assert person.lines_for(usage(window(99, 7 * HOUR)), after=2 * HOUR) == []
    assert len(person.lines_for(usage(window(20, 7 * HOUR)), after=6 * HOUR)) == 1


def test_an_answer_without_the_reset_does_not_end_the_cycle() -> None:
    person = Notified()
    person.alert_for(usage(window(20)))
    assert [person.lines_for(usage(window(left, resets))) for left, resets in [(100, None), (20, HOUR)] * 3] == [[]] * 6


def test_answers_that_flap_between_two_cycles_come_to_rest() -> None:
    person = Notified()
    each_time = [person.lines_for(usage(window(left, resets))) for left, resets in [(20, HOUR), (100, 6 * HOUR)] * 5]
    assert [len(lines) for lines in each_time[:3]] == [1, 1, 1]
    assert not any(each_time[3:])


def test_nothing_left_is_notified_of_even_where_the_answer_names_an_earlier_reset() -> None:
    person = Notified()
    person.alert_for(usage(window(20, 5 * HOUR)))
    assert person.lines_for(usage(window(0, HOUR))) == ["Claude ada@example.com, 5-hour: nothing left, resets in 1h"]


@pytest.mark.parametrize("length", [LENGTH, None])
def test_one_absurd_reset_does_not_suppress_what_follows(length: timedelta | None) -> None:
    person = Notified()
    assert len(person.lines_for(usage(window(20, timedelta(days=9000), length=length)))) == 1
    assert person.lines_for(usage(window(20, HOUR, length=length))) == []
    assert len(person.lines_for(usage(window(20, 6 * HOUR, length=length)), after=2 * HOUR)) == 1


@pytest.mark.parametrize("length", [timedelta(days=7), None])
def test_a_window_without_a_reset_notifies_once_however_it_wobbles(length: timedelta | None) -> None:
    person = Notified()
    each_time = [
        person.lines_for(usage(window(left, None, length=length)), after=step * timedelta(minutes=5))
        for step, left in enumerate([20.0, 60.0] * 75 + [20.0])
    ]
    assert [len(lines) for lines in each_time] == [1, *[0] * 150]
    assert len(person.states) == 1


@pytest.mark.parametrize(("length", "whole"), [(LENGTH, LENGTH), (None, timedelta(days=32))])
def test_a_window_without_a_reset_notifies_anew_when_its_length_has_gone_by(
    length: timedelta | None, whole: timedelta
) -> None:
    person = Notified()
    steps = [(20.0, HOUR * 0), (100.0, HOUR), (100.0, whole), (20.0, whole + HOUR), (20.0, whole + 2 * HOUR)]
    each_time = [person.lines_for(usage(window(left, None, length=length)), after=after) for left, after in steps]
    assert [len(lines) for lines in each_time] == [1, 0, 1, 1, 0]
    assert each_time[2] == ["Claude ada@example.com, 5-hour: has reset, 100% left"]


def test_a_very_high_threshold_can_still_be_left_behind() -> None:
    person = Notified(options=DisplayOptions(low_percent=99, critical_percent=50))
    resets = (HOUR, 6 * HOUR, 6 * HOUR)
    each_time = [
        person.lines_for(usage(window(left, reset)), after=HOUR * step)
        for step, (left, reset) in enumerate(zip((98, 100, 98), resets, strict=True))
    ]
    assert [len(lines) for lines in each_time] == [1, 1, 1]


def test_each_window_of_each_account_notifies_for_itself() -> None:
    person = Notified()
    person.alert_for(usage(window(20)))
    assert len(person.lines_for(usage(window(20), window(20, title="Weekly")))) == 1
    assert len(person.lines_for(usage(window(20)), usage(window(20), account=BOB))) == 1


# Forecasts: four of five hours to go, so a fifth of the quota would be an even use.


def test_running_out_before_the_reset_is_notified_of_once_per_cycle() -> None:
    person = Notified()
    fast = usage(window(60, 4 * HOUR))
    assert text_of(person.alert_for(fast)) == (
        "Claude ada@example.com, 5-hour",
        "Runs out in 1h 30m at this pace, resets in 4h",
    )
    assert person.lines_for(fast) == []
    assert person.lines_for(usage(window(78, 4 * HOUR))) == []
    assert person.lines_for(fast) == []
    assert len(person.lines_for(usage(window(60, 9 * HOUR)), after=5 * HOUR)) == 1


@pytest.mark.parametrize("left", [80, 75, 74.1])
def test_a_little_more_than_even_is_no_forecast(left: float) -> None:
    assert Notified().lines_for(usage(window(left, 4 * HOUR))) == []


def test_a_forecast_too_early_does_not_notify() -> None:
    assert Notified().lines_for(usage(window(80, LENGTH - timedelta(minutes=8)))) == []


def test_low_and_running_out_is_one_line() -> None:
    person = Notified()
    low = usage(window(20, 4 * HOUR))
    assert person.lines_for(low) == [
        "Claude ada@example.com, 5-hour: 20% left, runs out in 15m at this pace, resets in 4h"
    ]
    assert person.lines_for(low) == []


def test_running_out_is_notified_of_after_a_low_quota() -> None:
    person = Notified(options=DisplayOptions(low_percent=90))
    assert person.lines_for(usage(window(80, 4 * HOUR))) == ["Claude ada@example.com, 5-hour: 80% left, resets in 4h"]
    assert person.lines_for(usage(window(60, 4 * HOUR))) == [
        "Claude ada@example.com, 5-hour: runs out in 1h 30m at this pace, resets in 4h"
    ]


def test_nothing_runs_out_once_it_was_empty() -> None:
    person = Notified()
    person.alert_for(usage(window(0, 4 * HOUR)))
    assert person.lines_for(usage(window(5, 4 * HOUR))) == []


# Restarts.


def test_a_restart_repeats_no_notification() -> None:
    seen = (
        usage(window(20), window(60, 4 * HOUR, title="Session"), window(5, None, title="Full")),
        failing(EXPIRED, BOB, AccountState.EXPIRED),
    )
    person = Notified()
    assert len(person.lines_for(*seen)) == 4
    assert Notified(stored(person.states)).alert_for(*seen) is None


def test_the_first_start_notifies_of_what_is_low_already() -> None:
    assert len(Notified().lines_for(usage(window(20)))) == 1


def test_a_reset_while_nothing_ran_is_notified_of() -> None:
    person = Notified()
    person.alert_for(usage(window(0)))
    assert len(Notified(stored(person.states)).lines_for(usage(window(100, 50 * HOUR)), after=47 * HOUR)) == 1


def test_an_account_that_was_away_repeats_no_notification() -> None:
    person = Notified()
    person.alert_for(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED))
    person.alert_for()
    assert person.lines_for(usage(window(20)), failing(EXPIRED, BOB, AccountState.EXPIRED)) == []


def test_an_ended_cycle_of_a_gone_account_leaves_the_state() -> None:
    person = Notified()
    person.alert_for(usage(window(20)), usage(window(20), account=BOB))
    person.alert_for(usage(window(20), state=AccountState.STALE), after=2 * HOUR)
    assert [(key.account_id, key.window) for key in person.states] == [("ada.json", "5-hour")]


def test_ended_cycles_of_windows_that_are_gone_leave_the_state() -> None:
    person = Notified()
    most = 0
    for step in range(51):
        person.alert_for(usage(*(window(20, title=f"{step} {number}") for number in range(40))), after=step * HOUR)
        most = max(most, len(person.states))
    assert most <= 80


def test_a_window_that_needed_no_notification_leaves_nothing_behind() -> None:
    person = Notified()
    person.alert_for(usage(window(80), window(60, None, title="Weekly")))
    assert person.states == {}


def test_a_reset_leaves_its_state_only_until_the_next_one() -> None:
    person = Notified()
    person.alert_for(usage(window(5)))
    person.alert_for(usage(window(100, 6 * HOUR)), after=HOUR)
    assert len(person.states) == 1
    person.alert_for(usage(window(100, 11 * HOUR)), after=6 * HOUR)
    assert person.states == {}
