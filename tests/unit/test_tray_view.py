"""The tooltip and the menu of a snapshot at a moment."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage, Failure, FailureKind, Snapshot
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext
from trayquota.views.tray_view import MenuItem, OpenFolder, OpenPage, Quit, Refresh, Rename, SetPaused, TrayView

from .facts import NOW
from .samples import (
    ADA,
    BOB,
    DESIGN,
    OFFLINE,
    OPTIONS,
    five_hours,
    later,
    numbered,
    snapshot,
    span,
    usage,
    weekly,
)


def shown(*usages: AccountUsage, refreshing: bool = False, notice: str | None = None) -> TrayView:
    return tray_view(snapshot(*usages, refreshing=refreshing, notice=notice), NOW, OPTIONS)


def labels(rows: tuple[MenuItem, ...]) -> list[str]:
    return ["---" if each.separator else each.label for each in rows]


def sections(rows: tuple[MenuItem, ...]) -> list[list[str]]:
    """Return what stands between the lines of a menu."""
    found: list[list[str]] = [[]]
    for row in rows:
        if row.separator:
            found.append([])
        else:
            found[-1].append(row.label)
    return found


def test_the_tooltip_of_the_design() -> None:
    assert tooltip(tray_view(DESIGN, NOW, OPTIONS)).splitlines() == [
        "37% left: Codex bob@example.org, Weekly",
        "Next: Claude ada@example.com, 42%, resets first",
        "Claude ci@example.com: login expired",
        "Codex bob@example.org: 5-hour 70% (1h 50m), Weekly 37% (4d)",
        "Claude ada@example.com: 5-hour 42% (2h 13m), Weekly 80% (3d 4h)",
        "Updated 2 min ago",
    ]


def test_the_menu_of_the_design() -> None:
    accounts, refresh, rest = sections(tray_view(DESIGN, NOW, OPTIONS).menu)
    assert accounts == [
        "Next: Claude ada@example.com, 42%, resets first",
        "Claude · ada@example.com · Max 20x · next",
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
    rows = {row.label.strip(): row for row in tray_view(DESIGN, NOW, OPTIONS).menu}
    folder = OpenFolder()
    header = rows["Claude · ada@example.com · Max 20x · next"].children
    assert [(row.label, row.action) for row in header] == [
        ("Open its folder", folder),
        ("Rename…", Rename(ADA.id)),
        ("Pause…", None),
    ]
    assert [row.action for row in header[-1].children] == [SetPaused(ADA.id, paused=True)]
    page = next(row.action for label, row in rows.items() if "5-hour" in label)
    assert page == OpenPage(OPTIONS.usage_page("claude"))
    assert rows["Refresh now"] == MenuItem("Refresh now", Refresh(), default=True)
    assert rows["Open credentials folder"].action == folder
    assert rows["Quit"].action == Quit()
    assert not rows["Updated 2 min ago"].enabled
    assert [row.label for row in rows.values() if row.default] == ["Refresh now"]


def test_stale_is_never_shown_as_fresh() -> None:
    found = shown(usage(ADA, five_hours(42), state=AccountState.STALE, failure=OFFLINE, age="3h"))
    assert found.icon.stale
    assert found.lines[0] == "Claude ada@example.com: 5-hour 42% (2h 13m) · from 3 h ago, no connection"
    assert labels(found.menu)[2:4] == [
        "  From 3 h ago, no connection",
        "  No answer within 15 seconds. Check the network connection.",
    ]
    assert found.lines[-1] == "Updated 3 h ago"


def test_a_pause_says_when_it_ends() -> None:
    pause = Failure(FailureKind.RATE_LIMITED, "Claude asks for a pause (HTTP 429).", later("40m"))
    found = shown(usage(state=AccountState.ERROR, failure=pause))
    assert found.lines[0] == "Claude ada@example.com: asked to pause until 12:40"
    assert labels(found.menu)[1:3] == ["  Asked to pause until 12:40", "  Claude asks for a pause (HTTP 429)."]
    over = tray_view(snapshot(usage(state=AccountState.ERROR, failure=pause)), NOW + span("1h"), OPTIONS)
    assert labels(over.menu)[1:3] == ["  Claude asks for a pause (HTTP 429).", "---"]


@pytest.mark.parametrize(
    ("state", "row", "is_enabled"),
    [
        (AccountState.DISABLED, "  Disabled", False),
        (AccountState.UNSUPPORTED, "  No quota information", True),
        (AccountState.PENDING, "  Asking…", True),
        (AccountState.ERROR, "  Unknown", True),
    ],
)
def test_accounts_without_windows_show_why(state: AccountState, row: str, is_enabled: bool) -> None:
    menu = shown(usage(ADA, five_hours(1), state=state)).menu
    assert labels(menu)[:3] == ["Claude · ada@example.com · Max 20x", row, "---"]
    assert menu[0].enabled is is_enabled
    assert not menu[1].enabled


def test_the_age_of_the_values_is_shown() -> None:
    assert (
        shown(usage(ADA, five_hours(42), age="3h"), usage(BOB, weekly(1), age="20m")).lines[-1] == "Updated 20 min ago"
    )
    assert shown(usage(ADA, five_hours(42)), refreshing=True).lines[-1] == "Refreshing…"
    assert shown(usage(state=AccountState.PENDING)).lines[-1] == "Not updated yet"


def test_a_notice_comes_first() -> None:
    notice = "No folder ~/.cli-proxy-api yet. It is picked up when it appears."
    found = shown(notice=notice)
    assert found.lines == (notice, "Not updated yet")
    assert labels(found.menu)[:3] == [notice, "---", "Refresh now"]
    assert labels(shown().menu)[0] == "Refresh now"


def test_long_sentences_are_wrapped() -> None:
    failure = Failure(FailureKind.REFUSED, "word " * 60 + "end.")
    rows = [
        each for each in labels(shown(usage(state=AccountState.ERROR, failure=failure)).menu) if each.startswith("  ")
    ]
    assert len(rows) > 1
    assert max(map(len, rows)) <= 80
    assert " ".join(each.strip() for each in rows) == failure.message


@pytest.mark.parametrize("count", [20, 21, 200])
def test_the_tooltip_has_at_most_twenty_lines_of_accounts(count: int) -> None:
    accounts = [numbered(number, five_hours(100 - number / 3)) for number in range(count)]
    lines = shown(*accounts).lines[:-1]
    if count <= 20:
        assert len(lines) == count
        return
    assert len(lines) == 20
    assert lines[-1] == f"+{count - 19} more"
    assert lines[0].startswith(f"Claude user{count - 1:03}@")
    assert lines[-2].startswith(f"Claude user{count - 19:03}@")


def test_a_view_depends_on_nothing_but_its_arguments() -> None:
    first, later_on = (tray_view(DESIGN, NOW + span(each), OPTIONS) for each in ("0s", "1m"))
    assert first == tray_view(DESIGN, NOW, OPTIONS)
    assert first.icon == later_on.icon
    assert later_on.lines[2] == "Claude ada@example.com: 5-hour 42% (2h 12m), Weekly 80% (3d 3h)"
    assert len(first.menu) == len(later_on.menu)
    assert later_on.lines[-1] == "Updated 3 min ago"


def test_names_cannot_make_lines_or_endless_rows() -> None:
    long = replace(ADA, name="x" * 100, plan="y" * 60)
    found = tray_view(Snapshot((usage(long, five_hours(42)),)), NOW, OPTIONS)
    assert "\n" not in found.menu[0].label
    assert len(found.menu[0].label) <= 200


def test_hidden_names_are_numbers_everywhere() -> None:
    found = tray_view(DESIGN, NOW, replace(OPTIONS, hide_names=True))
    assert "@" not in str(found)
    assert found.headline == "37% left: Codex account 1, Weekly"
    assert found.lines[0] == "Claude account 2: login expired"
    assert found.menu[0].label == f"{found.advice}" == "Next: Claude account 1, 42%, resets first"
    assert found.menu[1].label == "Claude · account 1 · Max 20x · next"


def test_settings_stand_above_quit_and_their_problem_comes_first() -> None:
    settings = MenuItem("Settings", children=(MenuItem("Notifications", checked=True),))
    menu = tray_view(
        DESIGN, NOW, OPTIONS, TrayContext(settings=settings, problem="interval_minutes: expected 1 to 1440.")
    ).menu
    assert sections(menu)[0][0] == "interval_minutes: expected 1 to 1440."
    assert sections(menu)[2] == ["Open credentials folder", "Settings", "Quit"]
    assert settings in menu
