"""The whole view: icon, tooltip and menu of a snapshot at a moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from trayquota.core.compose import MOST_INLINE, level, tooltip, view
from trayquota.core.model import AccountUsage, Failure, FailureKind, QuotaWindow, Snapshot, State
from trayquota.core.view import Action, ActionKind, IconSpec, Level, Mark, Row, View

from .facts import NOW
from .samples import (
    ADA,
    BOB,
    CI,
    DESIGN,
    EXPIRED,
    LOOK,
    OFFLINE,
    five_hours,
    later,
    numbered,
    passed,
    snapshot,
    span,
    usage,
    weekly,
)

REFUSED = Failure(FailureKind.REFUSED, "Claude refused this login (HTTP 403).")
CALM = replace(DESIGN, accounts=tuple(each for each in DESIGN.accounts if each.state is State.OK))


def shown(*usages: AccountUsage, refreshing: bool = False, notice: str | None = None) -> View:
    return view(snapshot(*usages, refreshing=refreshing, notice=notice), NOW, LOOK)


def labels(rows: tuple[Row, ...]) -> list[str]:
    return ["---" if each.separator else each.label for each in rows]


def sections(rows: tuple[Row, ...]) -> list[list[str]]:
    """Return what stands between the lines of a menu."""
    found: list[list[str]] = [[]]
    for row in rows:
        if row.separator:
            found.append([])
        else:
            found[-1].append(row.label)
    return found


def test_the_tooltip_of_the_design() -> None:
    assert tooltip(view(DESIGN, NOW, LOOK)).splitlines() == [
        "37% left: Codex bob@example.org, Weekly",
        "Claude ada@example.com: 5-hour 42% (2h 13m), Weekly 80% (3d 4h)",
        "Claude ci@example.com: login expired",
        "Codex bob@example.org: 5-hour 70% (1h 50m), Weekly 37% (4d)",
        "Updated 2 min ago",
    ]


def test_the_menu_of_the_design() -> None:
    accounts, refresh, rest = sections(view(DESIGN, NOW, LOOK).menu)
    assert accounts == [
        "Claude · ada@example.com · Max 20x",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200742%  5-hour · resets in 2h 13m (14:13) · runs out in 2h",
        "  ▰▰▰▰▰▰▰▰▱▱ \u200780%  Weekly · resets in 3d 4h (Fri 16:00) · lasts until reset",
        "Claude · ci@example.com",
        "  Login expired. Sign in again with your proxy's login command.",
        "Codex · bob@example.org · Plus",
        "  ▰▰▰▰▰▰▰▱▱▱ \u200770%  5-hour · resets in 1h 50m (13:50) · lasts until reset",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200737%  Weekly · resets in 4d (Sat 12:00) · runs out in 1d 18h",
    ]
    assert refresh == ["Refresh now", "Updated 2 min ago"]
    assert (rest[0], rest[-1]) == ("Open credentials folder", "Quit")


def test_what_clicks_do() -> None:
    rows = {row.label.strip(): row for row in view(DESIGN, NOW, LOOK).menu}
    folder = Action(ActionKind.OPEN_FOLDER)
    assert rows["Claude · ada@example.com · Max 20x"].action == folder
    page = next(row.action for label, row in rows.items() if "5-hour" in label)
    assert page == Action(ActionKind.OPEN_PAGE, LOOK.usage_page("claude"))
    assert rows["Refresh now"] == Row("Refresh now", Action(ActionKind.REFRESH), default=True)
    assert rows["Open credentials folder"].action == folder
    assert rows["Quit"].action == Action(ActionKind.QUIT)
    assert not rows["Updated 2 min ago"].enabled
    assert [row.label for row in rows.values() if row.default] == ["Refresh now"]


def test_the_icon_of_the_design() -> None:
    assert view(DESIGN, NOW, LOOK).icon == IconSpec(37, level=Level.PLENTY, attention=True)
    assert view(DESIGN, NOW, LOOK).needs_attention
    assert view(CALM, NOW, LOOK).icon == IconSpec(37, level=Level.PLENTY)
    assert not view(CALM, NOW, LOOK).needs_attention


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
def test_levels(left: float, expected: Level) -> None:
    assert level(left, LOOK) is expected
    assert shown(usage(ADA, five_hours(left))).icon.level is expected


def test_the_lowest_is_the_lowest_that_counts() -> None:
    counting = (usage(ADA, five_hours(42), weekly(30)), usage(BOB, five_hours(35), state=State.STALE))
    others = (
        usage(CI, five_hours(1), state=State.EXPIRED, failure=EXPIRED),
        usage(CI, five_hours(2), state=State.ERROR),
        usage(CI, five_hours(3), state=State.DISABLED),
        usage(CI, passed(five_hours(4)), five_hours(None), weekly(60)),
    )
    assert shown(*counting, *others).icon.percent == 30
    assert shown(*counting).headline == "30% left: Claude ada@example.com, Weekly"
    assert shown(counting[1]).icon == IconSpec(35, level=Level.PLENTY, stale=True)
    assert shown(counting[1]).headline == "35% left 2 min ago: Codex bob@example.org, 5-hour"


def test_of_equals_the_first_counts() -> None:
    assert shown(usage(ADA, five_hours(42), weekly(42)), usage(BOB, five_hours(42))).headline.endswith(
        "Claude ada@example.com, 5-hour"
    )


@pytest.mark.parametrize(
    ("usages", "mark", "headline"),
    [
        ((), Mark.NO_ACCOUNTS, "No accounts to ask"),
        ((usage(state=State.DISABLED), usage(BOB, state=State.UNSUPPORTED)), Mark.NO_ACCOUNTS, "No accounts to ask"),
        ((usage(state=State.PENDING),), Mark.LOADING, "Asking for quotas…"),
        ((usage(state=State.PENDING), usage(BOB, state=State.ERROR)), Mark.LOADING, "Asking for quotas…"),
        ((usage(state=State.ERROR, failure=OFFLINE),), Mark.UNKNOWN, "Quotas unknown"),
        ((usage(ADA, passed(five_hours(42))),), Mark.UNKNOWN, "Quotas unknown"),
        ((usage(ADA, five_hours(None)),), Mark.UNKNOWN, "Quotas unknown"),
        (
            (usage(ADA, state=State.ERROR, failure=OFFLINE), usage(CI, state=State.EXPIRED, failure=EXPIRED)),
            Mark.ATTENTION,
            "Claude ci@example.com: login expired",
        ),
        ((usage(state=State.ERROR, failure=REFUSED),), Mark.ATTENTION, "Claude ada@example.com: refused"),
    ],
)
def test_without_a_number_the_icon_says_why(usages: tuple[AccountUsage, ...], mark: Mark, headline: str) -> None:
    found = shown(*usages)
    assert (found.icon.percent, found.icon.mark, found.headline) == (None, mark, headline)


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
    assert view(accounts, NOW, replace(LOOK, style="bar")).icon.bars == (30, 10)
    assert view(accounts, NOW, replace(LOOK, style="ring")).icon.bars == (None, None)
    only_weekly = snapshot(usage(ADA, weekly(10), passed(five_hours(3))))
    assert view(only_weekly, NOW, replace(LOOK, style="bar")).icon.bars == (None, 10)


def test_stale_is_never_shown_as_fresh() -> None:
    found = shown(usage(ADA, five_hours(42), state=State.STALE, failure=OFFLINE, age="3h"))
    assert found.icon.stale
    assert found.lines[0] == "Claude ada@example.com: 5-hour 42% (2h 13m) · from 3 h ago, no connection"
    assert labels(found.menu)[2:4] == [
        "  From 3 h ago, no connection",
        "  No answer within 15 seconds. Check the network connection.",
    ]
    assert found.lines[-1] == "Updated 3 h ago"


def test_a_pause_says_when_it_ends() -> None:
    pause = Failure(FailureKind.RATE_LIMITED, "Claude asks for a pause (HTTP 429).", later("40m"))
    found = shown(usage(state=State.ERROR, failure=pause))
    assert found.lines[0] == "Claude ada@example.com: asked to pause until 12:40"
    assert labels(found.menu)[1:3] == ["  Asked to pause until 12:40", "  Claude asks for a pause (HTTP 429)."]
    over = view(snapshot(usage(state=State.ERROR, failure=pause)), NOW + span("1h"), LOOK)
    assert labels(over.menu)[1:3] == ["  Claude asks for a pause (HTTP 429).", "---"]


@pytest.mark.parametrize(
    ("state", "row", "is_enabled"),
    [
        (State.DISABLED, "  Disabled", False),
        (State.UNSUPPORTED, "  No quota information", True),
        (State.PENDING, "  Asking…", True),
        (State.ERROR, "  Unknown", True),
    ],
)
def test_accounts_without_windows_say_why(state: State, row: str, is_enabled: bool) -> None:  # noqa: FBT001 - a column
    menu = shown(usage(ADA, five_hours(1), state=state)).menu
    assert labels(menu)[:3] == ["Claude · ada@example.com · Max 20x", row, "---"]
    assert menu[0].enabled is is_enabled
    assert not menu[1].enabled


def test_how_old_it_all_is() -> None:
    assert (
        shown(usage(ADA, five_hours(42), age="3h"), usage(BOB, weekly(1), age="20m")).lines[-1] == "Updated 20 min ago"
    )
    assert shown(usage(ADA, five_hours(42)), refreshing=True).lines[-1] == "Refreshing…"
    assert shown(usage(state=State.PENDING)).lines[-1] == "Not updated yet"


def test_a_notice_comes_first() -> None:
    notice = "No folder ~/.cli-proxy-api yet. It is picked up when it appears."
    found = shown(notice=notice)
    assert found.lines == (notice, "Not updated yet")
    assert labels(found.menu)[:3] == [notice, "---", "Refresh now"]
    assert labels(shown().menu)[0] == "Refresh now"


def test_long_sentences_are_wrapped() -> None:
    failure = Failure(FailureKind.REFUSED, "word " * 60 + "end.")
    rows = [each for each in labels(shown(usage(state=State.ERROR, failure=failure)).menu) if each.startswith("  ")]
    assert len(rows) > 1
    assert max(map(len, rows)) <= 80
    assert " ".join(each.strip() for each in rows) == failure.message


@pytest.mark.parametrize("count", [MOST_INLINE, MOST_INLINE + 1])
def test_many_accounts_get_submenus_that_tell_the_lowest(count: int) -> None:
    accounts = [numbered(number, five_hours(90 - number), weekly(95)) for number in range(count - 1)]
    menu = shown(*accounts, usage(BOB, state=State.EXPIRED, failure=EXPIRED)).menu
    nested = [each for each in menu if each.children]
    if count <= MOST_INLINE:
        assert nested == []
        return
    assert labels(tuple(nested)) == [
        *(f"Claude · user{number:03}@example.com · {90 - number}%" for number in range(count - 1)),
        "Codex · bob@example.org · Plus · login expired",
    ]
    assert all(each.enabled and each.action is None for each in nested)
    assert [each.startswith("▰") for each in labels(nested[0].children)] == [True, True]
    assert labels(nested[-1].children) == [EXPIRED.message]


@pytest.mark.parametrize("count", [20, 21, 200])
def test_the_tooltip_has_at_most_twenty_lines_of_accounts(count: int) -> None:
    accounts = [numbered(number, five_hours(100 - number / 3)) for number in range(count)]
    lines = shown(*accounts).lines[:-1]
    if count <= 20:
        assert len(lines) == count
        return
    assert len(lines) == 20
    assert lines[-1] == f"+{count - 19} more"
    assert lines[0].startswith(f"Claude user{count - 19:03}@")
    assert lines[-2].startswith(f"Claude user{count - 1:03}@")


def test_only_the_time_changes_the_words() -> None:
    first, later_on = (view(DESIGN, NOW + span(each), LOOK) for each in ("0s", "1m"))
    assert first == view(DESIGN, NOW, LOOK)
    assert first.icon == later_on.icon
    assert later_on.lines[0] == "Claude ada@example.com: 5-hour 42% (2h 12m), Weekly 80% (3d 3h)"
    assert len(first.menu) == len(later_on.menu)
    assert later_on.lines[-1] == "Updated 3 min ago"


def test_names_cannot_make_lines_or_endless_rows() -> None:
    long = replace(ADA, name="x" * 100, plan="y" * 60)
    found = view(Snapshot((usage(long, five_hours(42)),)), NOW, LOOK)
    assert "\n" not in found.menu[0].label
    assert len(found.menu[0].label) <= 200
