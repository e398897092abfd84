"""What the icon is about by the setting, and the submenu that chooses it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.model import AccountState, AccountUsage, Level
from trayquota.views.icon_menu import icon_menu
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import IconSpec, MenuItem, Placeholder, SetSetting, TrayView

from .facts import NOW
from .samples import ADA, BOB, CI, EXPIRED, OPTIONS, five_hours, numbered, snapshot, usage, weekly

ADA_USAGE = usage(ADA, five_hours(42), weekly(80, "3d"))
BOB_USAGE = usage(BOB, five_hours(70), weekly(60, "1d"))
CI_EMPTY = usage(CI, five_hours(0), weekly(5))
CI_EXPIRED = usage(CI, state=AccountState.EXPIRED, failure=EXPIRED)


def shown(icon_shows: str, *usages: AccountUsage) -> TrayView:
    return tray_view(snapshot(*usages), NOW, replace(OPTIONS, icon_shows=icon_shows))


@pytest.mark.parametrize(
    ("icon_shows", "percent", "headline"),
    [
        ("lowest", 0, "0% left: Claude ci@example.com, 5-hour"),
        ("next", 60, "60% left: Codex bob@example.org, Weekly"),
        (ADA.id, 42, "42% left: Claude ada@example.com, 5-hour"),
        (f"{ADA.id} / Weekly", 80, "80% left: Claude ada@example.com, Weekly"),
        ("claude-gone.json", 0, "0% left: Claude ci@example.com, 5-hour"),
        ("claude-gone.json / Weekly", 0, "0% left: Claude ci@example.com, 5-hour"),
    ],
)
def test_icon_and_headline_are_about_what_was_chosen(icon_shows: str, percent: int, headline: str) -> None:
    view = shown(icon_shows, ADA_USAGE, CI_EMPTY, BOB_USAGE)
    assert (view.icon.percent, view.headline) == (percent, headline)


def test_without_a_next_account_the_one_that_is_back_first_is_shown() -> None:
    bob_empty = usage(BOB, five_hours(60), weekly(0, "1h 5m"))
    assert shown("next", CI_EMPTY, bob_empty).headline == "0% left: Codex bob@example.org, Weekly"
    unknown = usage(BOB, five_hours(0, None))
    assert shown("next", unknown).icon == IconSpec(0, level=Level.EMPTY)


def test_a_chosen_window_counts_though_it_is_ignored_for_the_lowest() -> None:
    options = replace(OPTIONS, ignored_windows=frozenset({"Weekly"}), icon_shows=f"{BOB.id} / Weekly")
    assert tray_view(snapshot(BOB_USAGE), NOW, options).icon.percent == 60


def test_a_chosen_account_without_numbers_says_why_and_no_other_number_stands_for_it() -> None:
    view = shown(CI.id, ADA_USAGE, CI_EXPIRED)
    assert view.icon == IconSpec(placeholder=Placeholder.ATTENTION)
    assert view.headline.startswith("Claude ci@example.com: ")
    assert shown(f"{ADA.id} / Monthly", ADA_USAGE).icon == IconSpec(placeholder=Placeholder.UNKNOWN)


def test_another_account_that_needs_the_user_marks_the_icon() -> None:
    assert shown(ADA.id, ADA_USAGE, CI_EXPIRED).icon == IconSpec(42, level=Level.PLENTY, attention=True)
    unknown = usage(BOB, state=AccountState.ERROR)
    assert shown(BOB.id, unknown, CI_EXPIRED).icon == IconSpec(placeholder=Placeholder.UNKNOWN, attention=True)


@pytest.mark.parametrize("state", [AccountState.DISABLED, AccountState.UNSUPPORTED])
def test_a_chosen_account_that_has_nothing_to_show_gives_way_to_the_lowest(state: AccountState) -> None:
    assert shown(BOB.id, ADA_USAGE, usage(BOB, state=state)).icon.percent == 42


def labels(rows: tuple[MenuItem, ...]) -> list[str]:
    return [row.label for row in rows]


def test_the_menu_offers_every_account_with_its_windows() -> None:
    single = usage(CI, five_hours(3))
    rows = icon_menu(snapshot(ADA_USAGE, single, usage(BOB, state=AccountState.DISABLED)), OPTIONS, 18)
    assert labels(rows) == [
        "The lowest of all",
        "The account to use next",
        "Claude ada@example.com",
        "Claude ci@example.com",
    ]
    assert labels(rows[2].children) == ["The lowest of this account", "5-hour", "Weekly"]
    assert rows[3].action == SetSetting("icon_shows", CI.id)


@pytest.mark.parametrize("value", ["lowest", "next", CI.id, f"{ADA.id} / Weekly"])
def test_a_choice_sets_what_is_then_marked_as_chosen(value: str) -> None:
    options = replace(OPTIONS, icon_shows=value)
    rows = icon_menu(snapshot(ADA_USAGE, usage(CI, five_hours(3))), options, 18)
    choices = [choice for row in rows for choice in row.children or (row,)]
    assert all(choice.radio for choice in choices)
    assert [choice.action for choice in choices if choice.checked] == [SetSetting("icon_shows", value)]


def test_many_accounts_go_below_further_submenus_and_hidden_names_stay_hidden() -> None:
    many = snapshot(*(numbered(number, five_hours(number)) for number in range(1, 31)))
    rows = icon_menu(many, replace(OPTIONS, hide_names=True), 12)
    assert len(rows) <= 12
    assert labels(rows)[:3] == ["The lowest of all", "The account to use next", "1–10"]
    assert labels(rows[2].children)[0] == "Claude account 1"


def test_the_settings_have_the_choice_where_there_is_one() -> None:
    rows = icon_menu(snapshot(ADA_USAGE), OPTIONS, 18)
    assert "Number stands for" in labels(settings_menu_item(MenuSettings(icon_choices=rows)).children)
    assert "Number stands for" not in labels(settings_menu_item(MenuSettings()).children)
