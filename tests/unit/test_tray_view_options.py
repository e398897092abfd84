"""What the settings change in the view: windows left out, names hidden, the submenu, and what is wrong with them."""

from __future__ import annotations

import re

import msgspec
import pytest
from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, Level, Snapshot
from trayquota.views.display_names import with_display_names
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view
from trayquota.views.tray_context import TrayContext, TrayLimits
from trayquota.views.tray_view import MenuItem, OpenFolder, Placeholder, Rename, SetPaused, TrayView

from .facts import NOW
from .samples import ADA, BOB, CI, DESIGN, EXPIRED, OFFLINE, OPTIONS, five_hours, snapshot, usage, weekly

WITHOUT_WEEKLY = replace(OPTIONS, ignored_windows=frozenset({"Weekly"}))
HIDDEN = replace(OPTIONS, hide_names=True)
PROBLEM = "/home/ada/.config/trayquota/config.toml: interval_minutes: expected a number of minutes from 1 to 1440."


def flat(rows: tuple[MenuItem, ...]) -> list[MenuItem]:
    return [deep for row in rows for deep in (row, *flat(row.children))]


def all_text(found: TrayView) -> str:
    """Return everything that can be read, or is handed to somebody, anywhere in a view."""
    return "\n".join(
        [
            tooltip(found),
            tooltip(found, TrayLimits(tooltip_utf16_units=127)),
            *found.brief,
            *(row.label for row in flat(found.menu)),
            # What names an account by its id is handed to this program alone.
            *(
                str(msgspec.to_builtins(row.action))
                for row in flat(found.menu)
                if row.action and not isinstance(row.action, (Rename, SetPaused))
            ),
        ]
    )


# Windows that do not count.


def test_an_ignored_window_is_listed_but_decides_neither_level_nor_headline() -> None:
    accounts = snapshot(usage(ADA, five_hours(42), weekly(3)))
    assert tray_view(accounts, NOW, OPTIONS).icon.level is Level.CRITICAL
    found = tray_view(accounts, NOW, WITHOUT_WEEKLY)
    assert (found.icon.percent, found.icon.level) == (42, Level.PLENTY)
    assert found.headline == "42% left: Claude ada@example.com, 5-hour"
    assert found.brief == ("Claude ada@example.com 42%",)
    assert "Weekly 3%" in found.lines[0]
    assert any("\u20073%  Weekly" in row.label for row in found.menu)


def test_with_nothing_but_ignored_windows_there_is_no_number() -> None:
    found = tray_view(snapshot(usage(ADA, weekly(3))), NOW, WITHOUT_WEEKLY)
    assert (found.icon.percent, found.icon.placeholder) == (None, Placeholder.UNKNOWN)
    assert "Weekly 3%" in found.lines[0]


# Names.


@pytest.mark.parametrize(
    "accounts",
    [
        DESIGN,
        snapshot(usage(CI, state=AccountState.EXPIRED, failure=EXPIRED), usage(BOB, state=AccountState.DISABLED)),
        snapshot(
            usage(ADA, five_hours(9), state=AccountState.STALE, failure=OFFLINE), usage(BOB, state=AccountState.PENDING)
        ),
        snapshot(*(usage(replace(ADA, id=f"{n}.json", name=f"u{n}@example.com"), five_hours(n)) for n in range(30))),
        snapshot(usage(Account("claude-ada@example.com.json", "claude", "claude-ada@example.com.json"), weekly(5))),
    ],
)
def test_hidden_names_are_nowhere_in_the_view(accounts: Snapshot) -> None:
    assert "@" in all_text(tray_view(accounts, NOW, OPTIONS))
    found = tray_view(accounts, NOW, HIDDEN, TrayContext(settings=settings_menu_item(MenuSettings(hide_emails=True))))
    assert "@" not in all_text(found)
    assert not re.search("ada|bob|example", all_text(found))


def test_hidden_accounts_are_numbered_per_provider_and_keep_all_else() -> None:
    hidden = with_display_names(DESIGN, replace(OPTIONS, hide_names=True))
    assert [each.account.name for each in hidden.accounts] == ["account 1", "account 2", "account 1"]

    def without_name(each: AccountUsage) -> AccountUsage:
        return replace(each, account=replace(each.account, name=""))

    assert [*map(without_name, hidden.accounts)] == [*map(without_name, DESIGN.accounts)]
    shown, found = tray_view(DESIGN, NOW, OPTIONS), tray_view(DESIGN, NOW, HIDDEN)
    assert (found.icon, found.needs_attention, len(found.menu)) == (shown.icon, shown.needs_attention, len(shown.menu))


# Rows.


def test_a_header_opens_the_folder_that_its_file_is_in() -> None:
    elsewhere = usage(replace(BOB, folder="/home/ada/work"), five_hours(70))
    rows = {row.label: row for row in tray_view(snapshot(usage(ADA, five_hours(42)), elsewhere), NOW, OPTIONS).menu}
    assert rows["Claude · ada@example.com · Max 20x · next"].children[0].action == OpenFolder()
    assert rows["Codex · bob@example.org · Plus"].children[0].action == OpenFolder("/home/ada/work")


@pytest.mark.parametrize("count", [0, 1, 9])
def test_the_settings_stand_above_quit_however_many_accounts(count: int) -> None:
    settings = settings_menu_item(MenuSettings())
    accounts = snapshot(*(usage(replace(ADA, id=f"{n}.json"), five_hours(n)) for n in range(count)))
    menu = tray_view(accounts, NOW, OPTIONS, TrayContext(settings=settings)).menu
    assert menu[-2] == settings
    assert menu[-1].label == "Quit"
    assert settings not in tray_view(accounts, NOW, OPTIONS).menu


def test_a_problem_of_the_settings_comes_first_and_whole() -> None:
    menu = tray_view(DESIGN, NOW, OPTIONS, TrayContext(problem=PROBLEM)).menu
    until = next(n for n, row in enumerate(menu) if row.key == "next")
    rows = menu[:until]
    assert all(not row.enabled and row.action is None and len(row.label) <= 76 for row in rows)
    assert " ".join(row.label for row in rows) == PROBLEM


def test_a_problem_of_the_settings_is_shown_without_accounts_too() -> None:
    menu = tray_view(snapshot(), NOW, OPTIONS, TrayContext(problem="icon_style: expected something else.")).menu
    assert menu[0].label == "icon_style: expected something else."
    assert menu[1].separator


def test_without_a_problem_there_is_no_row_for_it() -> None:
    assert tray_view(DESIGN, NOW, OPTIONS, TrayContext(problem=None)).menu == tray_view(DESIGN, NOW, OPTIONS).menu
