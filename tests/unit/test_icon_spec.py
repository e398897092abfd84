"""The icon: the lowest that counts, and what is said instead when nothing does."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage, Failure, FailureKind, Level, QuotaWindow
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import IconSpec, Placeholder, TrayView

from .facts import NOW
from .samples import (
    ADA,
    BOB,
    CI,
    DESIGN,
    EXPIRED,
    OFFLINE,
    OPTIONS,
    five_hours,
    passed,
    snapshot,
    usage,
    weekly,
)

REFUSED = Failure(FailureKind.REFUSED, "Claude refused this login (HTTP 403).")
CALM = replace(DESIGN, accounts=tuple(each for each in DESIGN.accounts if each.state is AccountState.OK))


def shown(*usages: AccountUsage) -> TrayView:
    return tray_view(snapshot(*usages), NOW, OPTIONS)


def test_the_icon_of_the_design() -> None:
    assert tray_view(DESIGN, NOW, OPTIONS).icon == IconSpec(37, level=Level.PLENTY, attention=True)
    assert tray_view(DESIGN, NOW, OPTIONS).needs_attention
    assert tray_view(CALM, NOW, OPTIONS).icon == IconSpec(37, level=Level.PLENTY)
    assert not tray_view(CALM, NOW, OPTIONS).needs_attention


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (100, Level.PLENTY),
        (25, Level.PLENTY),
        (24.9, Level.LOW),
        (10, Level.LOW),
        (9.9, Level.CRITICAL),
        (0.1, Level.CRITICAL),
        (0, Level.EMPTY),
    ],
)
def test_a_level_begins_below_its_threshold(left: float, expected: Level) -> None:
    assert OPTIONS.level(left) is expected
    assert shown(usage(ADA, five_hours(left))).icon.level is expected


def test_the_lowest_is_the_lowest_that_counts() -> None:
    counting = (usage(ADA, five_hours(42), weekly(30)), usage(BOB, five_hours(35), state=AccountState.STALE))
    others = (
        usage(CI, five_hours(1), state=AccountState.EXPIRED, failure=EXPIRED),
        usage(CI, five_hours(2), state=AccountState.ERROR),
        usage(CI, five_hours(3), state=AccountState.DISABLED),
        usage(CI, passed(five_hours(4)), five_hours(None), weekly(60)),
    )
    assert shown(*counting, *others).icon.percent == 30
    assert shown(*counting).headline == "30% left: Claude ada@example.com, Weekly"
    assert shown(counting[1]).icon == IconSpec(35, level=Level.PLENTY, stale=True)
    assert shown(counting[1]).headline == "35% left 2 min ago: Codex bob@example.org, 5-hour"


def test_of_equal_windows_the_first_counts() -> None:
    assert shown(usage(ADA, five_hours(42), weekly(42)), usage(BOB, five_hours(42))).headline.endswith(
        "Claude ada@example.com, 5-hour"
    )


@pytest.mark.parametrize(
    ("usages", "mark", "headline"),
    [
        ((), Placeholder.NO_ACCOUNTS, "No accounts to ask"),
        (
            (usage(state=AccountState.DISABLED), usage(BOB, state=AccountState.UNSUPPORTED)),
            Placeholder.NO_ACCOUNTS,
            "No accounts to ask",
        ),
        ((usage(state=AccountState.PENDING),), Placeholder.LOADING, "Asking for quotas…"),
        (
            (usage(state=AccountState.PENDING), usage(BOB, state=AccountState.ERROR)),
            Placeholder.LOADING,
            "Asking for quotas…",
        ),
        ((usage(state=AccountState.ERROR, failure=OFFLINE),), Placeholder.UNKNOWN, "Quotas unknown"),
        ((usage(ADA, passed(five_hours(42))),), Placeholder.UNKNOWN, "Quotas unknown"),
        ((usage(ADA, five_hours(None)),), Placeholder.UNKNOWN, "Quotas unknown"),
        (
            (
                usage(ADA, state=AccountState.ERROR, failure=OFFLINE),
                usage(CI, state=AccountState.EXPIRED, failure=EXPIRED),
            ),
            Placeholder.ATTENTION,
            "Claude ci@example.com: login expired",
        ),
        ((usage(state=AccountState.ERROR, failure=REFUSED),), Placeholder.ATTENTION, "Claude ada@example.com: refused"),
    ],
)
def test_without_a_number_a_placeholder_shows_why(
    usages: tuple[AccountUsage, ...], mark: Placeholder, headline: str
) -> None:
    found = shown(*usages)
    assert (found.icon.percent, found.icon.placeholder, found.headline) == (None, mark, headline)


def test_a_window_that_has_reset_waits_for_data() -> None:
    found = shown(usage(ADA, passed(five_hours(3)), weekly(80)))
    assert found.icon.percent == 80
    assert "5-hour has reset, Weekly 80%" in found.lines[0]
    assert "has reset, waiting for data" in found.menu[1].label


def test_a_window_that_has_not_started_is_whole() -> None:
    found = shown(usage(ADA, five_hours(100, None)))
    assert found.icon.percent == 100
    assert found.lines[0] == "Claude ada@example.com: 5-hour 100% (not started)"


def test_bars_are_those_of_the_most_constrained_account() -> None:
    windows = (five_hours(42), QuotaWindow("1-hour", 70.0, None, 3600), weekly(10), QuotaWindow("Spend limit", 60.0))
    accounts = snapshot(usage(ADA, *windows), usage(BOB, five_hours(20), weekly(30)))
    assert tray_view(accounts, NOW, replace(OPTIONS, style="bar")).icon.bars == (30, 10)
    assert tray_view(accounts, NOW, replace(OPTIONS, style="ring")).icon.bars == (None, None)
    only_weekly = snapshot(usage(ADA, weekly(10), passed(five_hours(3))))
    assert tray_view(only_weekly, NOW, replace(OPTIONS, style="bar")).icon.bars == (None, 10)


def test_ignored_windows_are_shown_but_do_not_count() -> None:
    options = replace(OPTIONS, ignored_windows=frozenset({"Weekly"}), style="bar")
    found = tray_view(DESIGN, NOW, options)
    assert (found.icon.percent, found.icon.bars) == (42, (42, None))
    assert found.headline == "42% left: Claude ada@example.com, 5-hour"
    assert found.brief[1:] == ("Claude ada@example.com 42%", "Codex bob@example.org 70%")
    assert sorted(found.lines) == sorted(tray_view(DESIGN, NOW, OPTIONS).lines)
