"""Pace by work days: what is expected by now, and when it runs out, for who works at certain times."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.day_hours import DayHours
from trayquota.core.forecast import Forecast, window_forecast
from trayquota.core.model import AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.core.work_time import WorkTime, parse_work_days
from trayquota.views.json_document import json_document
from trayquota.views.labels import window_label

from .samples import ADA, OPTIONS

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
WEEK_S = 7 * 24 * 3600
OFFICE = WorkTime(frozenset(range(5)), DayHours(9 * 60, 17 * 60), BERLIN)
MONDAY = datetime(2026, 9, 21, tzinfo=BERLIN)


def local(day: int, hour: int) -> datetime:
    """Return an hour of the week of ``MONDAY``, on the wall's clock, in UTC."""
    return (MONDAY + timedelta(days=day, hours=hour)).astimezone(UTC)


def weekly(used: float, now: datetime, work_time: WorkTime = OFFICE) -> Forecast | None:
    """Return the forecast for a week that began on Monday at midnight."""
    return window_forecast(QuotaWindow("Weekly", used, local(7, 0), WEEK_S), now, work_time)


# By hand.


@pytest.mark.parametrize(
    ("used", "now", "expected", "runs_out_at"),
    [
        (20, local(0, 17), 20, None),
        (30, local(0, 17), 20, local(3, 11) + timedelta(minutes=40)),
        (50, local(2, 13), 50, None),
        (60, local(2, 13), 50, local(4, 10) + timedelta(minutes=20)),
        (90, local(4, 17), 100, None),
        (99, local(5, 12), 100, None),
        (0, local(3, 9), 60, None),
    ],
)
def test_a_week_is_used_in_its_work_time(used: float, now: datetime, expected: float, runs_out_at: datetime) -> None:
    found = weekly(used, now)
    assert found is not None
    assert found.is_by_work_time
    assert found.expected_used_percent == pytest.approx(expected)
    assert (found.runs_out_at is None) == (runs_out_at is None)
    if found.runs_out_at is not None:
        assert abs(found.runs_out_at - runs_out_at) < timedelta(seconds=1)


def test_before_there_was_work_time_there_is_no_ground() -> None:
    assert weekly(5, local(0, 8)) is None
    assert weekly(5, local(0, 9)) is None


def test_a_window_without_work_time_and_a_short_one_go_by_the_clock() -> None:
    weekend = QuotaWindow("2 days", 60, local(7, 0), 2 * 24 * 3600)
    short = QuotaWindow("5-hour", 60, local(0, 17), 5 * 3600)
    for window, now in ((weekend, local(6, 0)), (short, local(0, 14))):
        assert window_forecast(window, now, OFFICE) == window_forecast(window, now)


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = WorkTime(frozenset({4}), DayHours(22 * 60, 6 * 60), BERLIN)
    assert night.seconds(local(4, 0), local(7, 0)) == 8 * 3600
    assert night.seconds(local(5, 0), local(5, 8)) == 6 * 3600


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-30", 24)])
def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    every_day = WorkTime(frozenset(range(7)), zone=BERLIN)
    assert every_day.seconds(start, start + timedelta(days=1)) == hours * 3600


def test_office_hours_stay_at_the_wall_s_clock_when_the_clocks_change() -> None:
    friday = datetime(2026, 3, 27, 12, tzinfo=BERLIN)
    next_work = OFFICE.moment_after(friday, 5 * 3600, friday + timedelta(days=7))
    assert next_work == datetime(2026, 3, 30, 9, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("Mon, wed , FRI", {0, 2, 4}),
        ("sun-thu", {6, 0, 1, 2, 3}),
        ("sat", {5}),
        ("mon-tue,sat-sun", {0, 1, 5, 6}),
    ],
)
def test_days_are_read(text: str, days: set[int]) -> None:
    assert parse_work_days(text) == frozenset(days)


@pytest.mark.parametrize("text", ["", "monday", "mon-", "-fri", "mon fri", "1-5", "mon,,fri"])
def test_what_names_no_days_is_refused(text: str) -> None:
    assert parse_work_days(text) is None


# What always holds.

zones = st.sampled_from(ZONES)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))
hours = st.builds(DayHours, st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span.start != span.end)
work_times = st.builds(WorkTime, st.frozensets(st.integers(0, 6), min_size=1), hours, zones)
lengths_s = st.sampled_from([3 * 24 * 3600, WEEK_S, 30 * 24 * 3600])


@given(work_times, moments, st.integers(0, WEEK_S), st.integers(0, WEEK_S))
def test_work_time_adds_up(work_time: WorkTime, start: datetime, first_s: int, second_s: int) -> None:
    middle = start + timedelta(seconds=first_s)
    end = middle + timedelta(seconds=second_s)
    whole = work_time.seconds(start, end)
    assert whole == pytest.approx(work_time.seconds(start, middle) + work_time.seconds(middle, end))
    assert 0 <= whole <= first_s + second_s


@given(work_times, moments, st.floats(0, 100), st.floats(0.001, 1), lengths_s)
def test_it_runs_out_before_the_reset_once_all_of_it_would_be_used(
    work_time: WorkTime, now: datetime, used: float, part: float, length_s: int
) -> None:
    window = QuotaWindow("Weekly", used, now + timedelta(seconds=part * length_s), length_s)
    found = window_forecast(window, now, work_time)
    assume(found is not None and found.is_by_work_time)
    assert found is not None
    assert window.resets_at is not None
    assert 0 <= found.expected_used_percent <= 100
    start = window.resets_at - timedelta(seconds=length_s)
    elapsed_s, all_s = work_time.seconds(start, now), work_time.seconds(start, window.resets_at)
    if found.runs_out_at is None:
        assert used * all_s <= 100 * elapsed_s * (1 + 1e-6)
    else:
        assert now <= found.runs_out_at < window.resets_at
        assert work_time.seconds(start, found.runs_out_at) == pytest.approx(100 * elapsed_s / used, abs=1)


@given(zones, moments, st.floats(0, 100), st.floats(0.001, 1), lengths_s)
def test_who_works_all_the_time_has_the_even_pace(
    zone: ZoneInfo, now: datetime, used: float, part: float, length_s: int
) -> None:
    window = QuotaWindow("Weekly", used, now + timedelta(seconds=part * length_s), length_s)
    even, by_work = window_forecast(window, now), window_forecast(window, now, WorkTime(frozenset(range(7)), zone=zone))
    if even is None or by_work is None:
        assert even is by_work
        return
    assert by_work.expected_used_percent == pytest.approx(even.expected_used_percent)
    ends = [found.runs_out_at or window.resets_at for found in (even, by_work)]
    assert ends[0] is not None
    assert ends[1] is not None
    assert abs(ends[0] - ends[1]) < timedelta(seconds=1)


# What people and scripts see.


def test_a_row_says_that_it_goes_by_work_days() -> None:
    window = QuotaWindow("Weekly", 60, local(7, 0), WEEK_S)
    options = replace(OPTIONS, work_time=OFFICE, zone=BERLIN)
    assert window_label(window, local(2, 13), None, options).endswith(" · runs out in 1d 21h by work days")
    assert window_label(window, local(2, 13), None, replace(options, work_time=None)).endswith(" · runs out in 1d 16h")
    fine = replace(window, used_percent=30.0)
    assert window_label(fine, local(2, 13), None, options).endswith(" · lasts until reset by work days")


def test_the_document_s_pace_goes_by_work_days_too() -> None:
    windows = (QuotaWindow("Weekly", 60, local(7, 0), WEEK_S),)
    usage = AccountUsage(ADA, AccountState.OK, windows, updated_at=local(2, 13))
    document = json.loads(json_document(Snapshot((usage,)), local(2, 13), work_time=OFFICE))
    pace = document["accounts"][0]["windows"][0]["pace"]
    assert pace == {"expected_used_percent": 50.0, "runs_out_at": "2026-09-25T08:20:00Z"}
