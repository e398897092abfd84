"""Whether a window lasts until its reset at the pace so far."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.forecast import Forecast, window_forecast
from trayquota.core.model import QuotaWindow

from .facts import NOW

FIVE_HOURS_S = 18000


def at(used: float | None, until_s: float | None, length_s: int | None = FIVE_HOURS_S) -> Forecast | None:
    """Return the forecast for a window whose reset is ``until_s`` away."""
    resets_at = None if until_s is None else NOW + timedelta(seconds=until_s)
    return window_forecast(QuotaWindow("5-hour", used, resets_at, length_s), NOW)


def runs_out(after_s: float) -> datetime:
    return NOW + timedelta(seconds=after_s)


@pytest.mark.parametrize(
    ("used", "until_s", "expected", "runs_out_at"),
    [
        (60, 10800, 40, runs_out(4800)),
        (40, 10800, 40, None),
        (41, 10800, 40, runs_out(59 * 7200 / 41)),
        (0, 10800, 40, None),
        (99.5, 10800, 40, runs_out(0.5 * 7200 / 99.5)),
        (1e-300, 10800, 40, None),
        (50, 9000, 50, None),
        (10, 17460, 3, runs_out(4860)),
        (10, 0.001, 99.99999444444445, None),
    ],
)
def test_a_forecast_extends_the_use_so_far(
    used: float, until_s: float, expected: float, runs_out_at: datetime | None
) -> None:
    found = at(used, until_s)
    assert found is not None
    assert found.expected_used_percent == pytest.approx(expected)
    if runs_out_at is None or found.runs_out_at is None:
        assert found.runs_out_at is runs_out_at
    else:
        assert abs(found.runs_out_at - runs_out_at) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("used", "until_s", "length_s"),
    [
        (None, 10800, FIVE_HOURS_S),
        (60, None, FIVE_HOURS_S),
        (60, 10800, None),
        (60, 10800, 0),
        (60, 0, FIVE_HOURS_S),
        (60, -1, FIVE_HOURS_S),
        (60, FIVE_HOURS_S + 1, FIVE_HOURS_S),
        (60, FIVE_HOURS_S, FIVE_HOURS_S),
        (60, FIVE_HOURS_S * 0.971, FIVE_HOURS_S),
        (100, 10800, FIVE_HOURS_S),
    ],
)
def test_without_ground_there_is_no_forecast(used: float | None, until_s: float | None, length_s: int | None) -> None:
    assert at(used, until_s, length_s) is None


@given(
    st.none() | st.floats(0, 100),
    st.none() | st.floats(-1e7, 1e7),
    st.none() | st.integers(1, 10 * 366 * 86400),
)
def test_a_forecast_lies_between_now_and_the_reset(
    used: float | None, until_s: float | None, length: int | None
) -> None:
    found = at(used, until_s, length)
    if found is not None:
        assert until_s is not None
        assert 3 <= found.expected_used_percent <= 100
        if found.runs_out_at is not None:
            assert NOW <= found.runs_out_at <= NOW + timedelta(seconds=until_s)
