"""Spans of the day as people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from trayquota.core.day_hours import DayHours, is_within, parse_day_hours

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("22:00-08:00", DayHours(1320, 480)),
        (" 9:05 – 17:30 ", DayHours(545, 1050)),
        ("00:00-24:00", DayHours(0, 1440)),
        ("22:00-00:00", DayHours(1320, 1440)),
    ],
)
def test_a_span_is_read(text: str, span: DayHours) -> None:
    assert parse_day_hours(text) == span


@pytest.mark.parametrize("text", ["", "22-8", "22:00", "24:00-08:00", "22:60-08:00", "22:00-24:01", "8:00-8:00", "a"])
def test_what_is_no_span_is_refused(text: str) -> None:
    assert parse_day_hours(text) is None


@pytest.mark.parametrize(
    ("span", "inside", "outside"),
    [
        ("22:00-08:00", ["22:00", "23:59", "00:00", "07:59"], ["08:00", "12:00", "21:59"]),
        ("09:00-17:00", ["09:00", "16:59"], ["08:59", "17:00", "00:00"]),
        ("22:00-24:00", ["22:00", "23:59"], ["00:00", "21:59"]),
    ],
)
def test_a_span_begins_with_its_first_minute_and_ends_before_its_last(
    span: str, inside: list[str], outside: list[str]
) -> None:
    def is_in(clock: str) -> bool:
        return is_within(span, datetime.fromisoformat(f"2026-09-22T{clock}+02:00"), BERLIN)

    assert [is_in(clock) for clock in (*inside, *outside)] == [True] * len(inside) + [False] * len(outside)


def test_the_wall_s_clock_counts_in_winter_too() -> None:
    assert is_within("22:00-08:00", datetime(2026, 1, 5, 6, 30, tzinfo=UTC), BERLIN)
    assert not is_within("22:00-08:00", datetime(2026, 7, 5, 6, 30, tzinfo=UTC), BERLIN)
    assert not is_within("", datetime(2026, 1, 5, 6, 30, tzinfo=UTC), BERLIN)
