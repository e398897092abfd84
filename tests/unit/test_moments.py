"""Whole seconds and moments, in each of the forms in which providers write them."""

from __future__ import annotations

import math
import sys
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.values import (
    after,
    instant,
    jwt_claims,
    number,
    percent,
    text,
    whole,
)

from . import hostile

NOON = datetime(2026, 9, 22, 12, tzinfo=UTC)
NOON_S = 1790078400


@pytest.mark.parametrize(
    ("value", "result"),
    [(18000, 18000), ("18000", 18000), (17999.6, 18000), (0.6, 1), (0.5, None), (0, None), (-1, None), (1e12, None)],
)
def test_whole_seconds(value: object, result: int | None) -> None:
    assert whole(value) == result


@pytest.mark.parametrize(
    "value",
    [
        "2026-09-22T12:00:00Z",
        "2026-09-22T20:00:00+08:00",
        "2026-09-22t12:00:00z",
        "2026-09-22T12:00:00.000000000Z",
        "2026-09-22T12:00:00.0000009Z",
        "2026-09-22T12:00:00",
        "2026-09-22 12:00:00",
        "2026-09-22 12:00",
        " 2026-09-22T12:00:00Z\n",
        NOON_S,
        float(NOON_S),
        str(NOON_S),
        NOON_S * 1000,
        f"{NOON_S}000",
        NOON_S * 1000 + 0.5,
    ],
)
def test_moments(value: object) -> None:
    found = instant(value)
    assert found is not None
    assert abs(found - NOON) <= timedelta(milliseconds=1)
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "",
        "tomorrow",
        "12:00",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2200-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        0,
        -1,
        3600,
        4e8,
        1e30,
        -1e30,
        math.nan,
        [],
        {},
        "2026-09-22T12:00:00Z" + "x" * 100,
    ],
)
def test_no_moments(value: object) -> None:
    assert instant(value) is None


@pytest.mark.parametrize(
    ("value", "seconds"), [(0, 0), ("0", 0), (0.0, 0), (60, 60), ("60", 60), (1.5, 1.5), (500400, 500400)]
)
def test_moments_after_another(value: object, seconds: float) -> None:
    assert after(value, NOON) == NOON + timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, False, True, "", "soon", -1, "-1", 1e12, math.inf, [], {}])
def test_no_moments_after_another(value: object) -> None:
    assert after(value, NOON) is None


@given(hostile.SCALARS | hostile.values())
def test_whatever_it_is_it_is_read_or_unknown(value: object) -> None:
    found = number(value)
    assert found is None or math.isfinite(found)
    share = percent(value)
    assert share is None or 0 <= share <= 100
    length = whole(value)
    assert length is None or length >= 1
    for moment in (instant(value), after(value, NOON)):
        assert moment is None or (moment.utcoffset() == timedelta(0) and 2000 <= moment.year < 2200)
    line = text(value)
    if line is not None:
        hostile.assert_clean(line, TITLE_LIMIT)
    assert isinstance(jwt_claims(value), dict)


@pytest.mark.skipif(sys.platform == "win32", reason="no time zone of a process's own")
def test_text_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "XYZ-9")
        if sys.platform != "win32":
            time.tzset()
        found = instant("2026-09-22 12:00")
    if sys.platform != "win32":
        time.tzset()
    assert found == NOON


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2000, 1, 2), datetime(2199, 12, 30), timezones=ZONES))
def test_a_moment_survives_being_written(moment: datetime) -> None:
    assert instant(moment.isoformat()) == moment
