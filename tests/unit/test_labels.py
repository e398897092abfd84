"""Percents, bars, states and windows as people read them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage, Failure, FailureKind, QuotaWindow
from trayquota.views.labels import (
    failure_label,
    is_not_started,
    needs_user,
    state_label,
    window_label,
    window_summary,
)
from trayquota.views.percents import bar_text, percent_text, whole_percent

from .facts import NOW
from .samples import ADA, EXPIRED, OFFLINE, OPTIONS, five_hours, later, passed, span, usage, weekly

ANSWERED_AT = NOW - span("2m")
RETRY = Failure(FailureKind.RATE_LIMITED, "Claude asks for a pause (HTTP 429).", later("40m"))


@pytest.mark.parametrize(
    ("remaining", "text"),
    [
        (0.0, "0%"),
        (-1.0, "0%"),
        (0.001, "1%"),
        (0.999, "1%"),
        (1.0, "1%"),
        (41.99, "41%"),
        (42.0, "42%"),
        (100 - 58.0000000001, "42%"),
        (99.99, "99%"),
        (100.0, "100%"),
        (None, "?"),
    ],
)
def test_percents_never_promise_too_much(remaining: float | None, text: str) -> None:
    assert percent_text(remaining, OPTIONS) == text


@given(st.floats(0, 100))
def test_whole_percents_round_down_but_for_the_last_one(remaining: float) -> None:
    whole = whole_percent(remaining)
    assert 0 <= whole <= 100
    assert (whole == 0) == (remaining == 0)
    assert whole <= max(1, remaining + 1e-6)
    assert remaining < whole + 1


@pytest.mark.parametrize(
    ("remaining", "filled"),
    [(0.0, 0), (None, 0), (0.1, 1), (4.9, 1), (14.9, 1), (15.0, 2), (42.0, 4), (80.0, 8), (94.9, 9), (100.0, 10)],
)
def test_a_bar_has_a_cell_for_each_ten_percent(remaining: float | None, filled: int) -> None:
    assert bar_text(remaining, OPTIONS) == "▰" * filled + "▱" * (10 - filled)


@given(st.none() | st.floats(-50, 150).filter(lambda each: each <= 100))
def test_bars_are_of_one_length(remaining: float | None) -> None:
    assert len(bar_text(remaining, OPTIONS)) == 10


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (five_hours(42), "5-hour 42% (2h 13m)"),
        (weekly(80), "Weekly 80% (3d 4h)"),
        (weekly(0.2), "Weekly 1% (3d 4h)"),
        (five_hours(None), "5-hour ? (2h 13m)"),
        (five_hours(100, None), "5-hour 100% (not started)"),
        (five_hours(42, None), "5-hour 42%"),
        (QuotaWindow("Extra usage", 0.0), "Extra usage 100%"),
        (QuotaWindow("Extra usage", None), "Extra usage ?"),
        (passed(five_hours(42)), "5-hour has reset"),
    ],
)
def test_the_summary_of_a_window(window: QuotaWindow, text: str) -> None:
    assert window_summary(window, NOW, ANSWERED_AT, OPTIONS) == text


@pytest.mark.parametrize(
    ("window", "text"),
    [
        (weekly(80), "▰▰▰▰▰▰▰▰▱▱ \u200780%  Weekly · resets in 3d 4h (Fri 16:00) · lasts until reset"),
        (five_hours(5, "1h"), "▰▱▱▱▱▱▱▱▱▱ \u2007\u20075%  5-hour · resets in 1h (13:00) · runs out in 12m"),
        (five_hours(0, "1h"), "▱▱▱▱▱▱▱▱▱▱ \u2007\u20070%  5-hour · resets in 1h (13:00)"),
        (five_hours(100, None), "▰▰▰▰▰▰▰▰▰▰ 100%  5-hour · not started"),
        (five_hours(None, "1h"), "▱▱▱▱▱▱▱▱▱▱ \u2007\u2007\u2007?  5-hour · resets in 1h (13:00)"),
        (QuotaWindow("Extra usage", 75.0), "▰▰▰▱▱▱▱▱▱▱ \u200725%  Extra usage"),
        (passed(five_hours(42)), "▱▱▱▱▱▱▱▱▱▱ \u2007\u2007\u2007?  5-hour · has reset, waiting for data"),
    ],
)
def test_the_labels_of_windows_line_up(window: QuotaWindow, text: str) -> None:
    assert window_label(window, NOW, ANSWERED_AT, OPTIONS) == text


@pytest.mark.parametrize(
    "window", [five_hours(None), five_hours(None, None), passed(five_hours(0)), passed(weekly(100))]
)
def test_unknown_is_never_nothing_nor_everything(window: QuotaWindow) -> None:
    for text in (window_summary(window, NOW, ANSWERED_AT, OPTIONS), window_label(window, NOW, ANSWERED_AT, OPTIONS)):
        assert "%" not in text


@pytest.mark.parametrize(
    ("window", "is_idle"),
    [
        (five_hours(100, None), True),
        (five_hours(100), False),
        (five_hours(99, None), False),
        (five_hours(None, None), False),
        (QuotaWindow("Extra usage", 0.0), False),
    ],
)
def test_a_window_of_known_length_without_use_or_reset_has_not_started(window: QuotaWindow, is_idle: bool) -> None:
    assert is_not_started(window) is is_idle


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (usage(ADA, five_hours(42)), ""),
        (usage(ADA, five_hours(42), failure=EXPIRED), "login expired"),
        (usage(state=AccountState.DISABLED), "disabled"),
        (usage(replace(ADA, paused=True), state=AccountState.DISABLED), "paused"),
        (usage(state=AccountState.UNSUPPORTED), "no quota information"),
        (usage(state=AccountState.PENDING), "asking…"),
        (usage(state=AccountState.ERROR), "unknown"),
        (usage(state=AccountState.ERROR, failure=OFFLINE), "no connection"),
        (usage(state=AccountState.ERROR, failure=RETRY), "asked to pause until 12:40"),
        (usage(state=AccountState.EXPIRED, failure=EXPIRED), "login expired"),
        (usage(state=AccountState.EXPIRED), "unknown"),
        (usage(ADA, five_hours(42), state=AccountState.STALE), "from 2 min ago"),
        (
            usage(ADA, five_hours(42), state=AccountState.STALE, failure=OFFLINE, age="3h"),
            "from 3 h ago, no connection",
        ),
        (AccountUsage(ADA, AccountState.STALE, (five_hours(42),)), "from an unknown time ago"),
    ],
)
def test_the_label_of_a_state(shown: AccountUsage, text: str) -> None:
    assert state_label(shown, NOW, OPTIONS) == text


@pytest.mark.parametrize("kind", FailureKind)
def test_every_failure_has_a_label(kind: FailureKind) -> None:
    text = failure_label(Failure(kind, "A sentence."), NOW, OPTIONS)
    assert 0 < len(text) <= 30
    until = "" if kind is FailureKind.LOGIN_EXPIRED else " until Wed 12:00"
    assert failure_label(Failure(kind, "A sentence.", later("1d")), NOW, OPTIONS) == f"{text}{until}"
    assert failure_label(Failure(kind, "A sentence.", NOW - timedelta(seconds=1)), NOW, OPTIONS) == text


@pytest.mark.parametrize("kind", FailureKind)
def test_which_failures_need_the_user(kind: FailureKind) -> None:
    mine = {"scope_missing", "unreadable_file", "refused"}
    assert needs_user(usage(state=AccountState.ERROR, failure=Failure(kind, "A sentence."))) is (kind in mine)
    assert needs_user(usage(state=AccountState.EXPIRED, failure=Failure(kind, "A sentence.")))


@pytest.mark.parametrize("state", set(AccountState) - {AccountState.EXPIRED})
def test_only_an_expired_login_needs_the_user_without_a_failure(state: AccountState) -> None:
    assert not needs_user(usage(state=state))


def test_a_label_depends_on_nothing_but_its_arguments() -> None:
    window = five_hours(42)
    assert window_summary(window, NOW + span("1h"), NOW, OPTIONS) == "5-hour 42% (1h 13m)"
    assert window_summary(window, NOW + span("2h 12m 1s"), NOW, OPTIONS) == "5-hour 42% (under 1m)"
    assert window_summary(window, NOW + span("2h 13m"), NOW, OPTIONS) == "5-hour has reset"
