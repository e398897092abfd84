"""A window that the newest answer states counts, whatever our clock thinks of its reset."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage, QuotaWindow
from trayquota.views.alerts import check_alerts
from trayquota.views.json_document import json_document
from trayquota.views.labels import window_label, window_summary
from trayquota.views.tray import tray_view

from .facts import NOW
from .samples import ADA, OPTIONS, snapshot, weekly

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
EMPTY = QuotaWindow("5-hour", 100.0, NOW - HOUR, 18000)
"""Used up, and its reset an hour ago by our clock, which may be fast."""


def answered(at: timedelta, *windows: QuotaWindow, state: AccountState = AccountState.OK) -> AccountUsage:
    return AccountUsage(ADA, state, windows, None, NOW + at)


@pytest.mark.parametrize(
    ("answered_at", "now", "has_reset"),
    [
        (-2 * HOUR, -HOUR - SECOND, False),
        (-2 * HOUR, -HOUR, True),
        (-2 * HOUR, timedelta(), True),
        (-HOUR - SECOND, timedelta(), True),
        (-HOUR, timedelta(), False),
        (timedelta(), timedelta(), False),
        (timedelta(), 5 * HOUR - SECOND, False),
        (timedelta(), 5 * HOUR, True),
        (None, timedelta(), True),
    ],
)
def test_only_a_reset_between_answer_and_now_counts(
    answered_at: timedelta | None, now: timedelta, has_reset: bool
) -> None:
    moment = None if answered_at is None else NOW + answered_at
    assert EMPTY.has_reset(NOW + now, moment) is has_reset


def test_without_a_length_a_stated_window_counts_until_the_next_answer() -> None:
    window = replace(EMPTY, duration_s=None)
    assert not window.has_reset(NOW + timedelta(days=30), NOW)
    assert not replace(EMPTY, resets_at=None).has_reset(NOW, NOW - HOUR)


def test_a_used_up_window_with_a_past_reset_is_the_lowest() -> None:
    shown = snapshot(answered(timedelta(), EMPTY, weekly(80)))
    lowest = shown.lowest(NOW)
    assert lowest is not None
    assert (lowest.window.title, lowest.remaining_percent) == ("5-hour", 0)
    assert json.loads(json_document(shown, NOW))["lowest"]["remaining_percent"] == 0
    view = tray_view(shown, NOW, OPTIONS)
    assert view.icon.percent == 0
    assert view.headline == "0% left: Claude ada@example.com, 5-hour"


def test_a_reset_that_cannot_be_right_is_not_named() -> None:
    assert window_summary(EMPTY, NOW, NOW, OPTIONS) == "5-hour 0%"
    assert "reset" not in window_label(EMPTY, NOW, NOW, OPTIONS)
    _, alert = check_alerts({}, snapshot(answered(timedelta(), EMPTY)), NOW, OPTIONS)
    assert alert is not None
    assert alert.body == "Nothing left"


def test_every_window_counts_under_a_clock_that_is_fast() -> None:
    fast = answered(
        timedelta(), *(replace(EMPTY, title=str(hours), resets_at=NOW - hours * HOUR) for hours in range(9))
    )
    assert len(list(fast.live_windows(NOW))) == 9
    later = NOW + 5 * HOUR
    assert list(replace(fast, state=AccountState.STALE).live_windows(later)) == []
