"""The submenu with the settings: what it shows as chosen, and what its rows set."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from trayquota.settings.config import Settings
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tray_view import MenuItem, OpenPage, OpenSettings, SetAutostart, SetSetting


def rows(choices: MenuSettings) -> dict[str, MenuItem]:
    """Return the rows of the submenu by label."""
    return {each.label: each for each in settings_menu_item(choices).children}


def chosen(row: MenuItem) -> list[str]:
    return [each.label for each in row.children if each.radio and each.checked]


def set_by(row: MenuItem) -> dict[str, object]:
    """Return what a click on a row writes to the file."""
    assert isinstance(row.action, SetSetting)
    return {row.action.key: row.action.value}


def test_the_submenu_has_its_rows_in_order() -> None:
    found = settings_menu_item(MenuSettings())
    assert found.label == "Settings"
    assert [each.label for each in found.children] == [
        "Refresh every",
        "Icon",
        "Notifications",
        "Sounds",
        "Hide e-mails",
        "Sparklines",
        "",
        "Open the settings file",
    ]
    assert found.children[-2].separator
    assert found.children[-1].action == OpenSettings()


def test_the_defaults_are_those_of_the_settings() -> None:
    settings, choices = Settings(), MenuSettings()
    for name in (
        "interval_minutes",
        "icon_style",
        "plain_color",
        "calm",
        "icon_countdown",
        "notifications",
        "sounds",
        "hide_emails",
        "sparklines",
    ):
        assert getattr(choices, name) == getattr(settings, name)


@pytest.mark.parametrize("minutes", [1, 5, 5.0, 60])
def test_the_chosen_interval_is_marked(minutes: float) -> None:
    row = rows(MenuSettings(interval_minutes=minutes))["Refresh every"]
    assert chosen(row) == [f"{minutes:g} minute{'' if minutes == 1 else 's'}"]
    assert len(row.children) == 7


@pytest.mark.parametrize(
    ("minutes", "label", "place"), [(7.0, "7 minutes", 3), (1440, "1440 minutes", 7), (1.5, "1.5 minutes", 1)]
)
def test_an_interval_that_is_not_offered_has_a_row_in_its_place(minutes: float, label: str, place: int) -> None:
    row = rows(MenuSettings(interval_minutes=minutes))["Refresh every"]
    assert chosen(row) == [label]
    assert row.children[place].label == label
    assert set_by(row.children[place]) == {"interval_minutes": minutes}


def test_every_interval_offered_is_a_valid_setting() -> None:
    for each in rows(MenuSettings())["Refresh every"].children:
        settings = msgspec.convert(set_by(each), Settings)
        assert each.label.startswith(f"{settings.interval_minutes:g} ")


@pytest.mark.parametrize(
    ("style", "label"), [("number", "Number"), ("ring", "Ring"), ("bar", "Two bars"), ("plain", "Plain")]
)
def test_the_style_in_force_is_marked(style: str, label: str) -> None:
    row = rows(MenuSettings(icon_style=style))["Icon"]
    assert chosen(row) == [label]
    written = {each.label: set_by(each) for each in row.children if each.action}
    assert written[label] == {"icon_style": style}
    for each in written.values():
        msgspec.convert(each, Settings)


@pytest.mark.parametrize(("color", "label"), [("auto", "By the desktop"), ("light", "Light"), ("dark", "Dark")])
def test_the_colour_of_the_plain_style_is_offered_with_it_alone(color: str, label: str) -> None:
    found = rows(MenuSettings(icon_style="plain", plain_color=color))["Icon"].children
    row = next(each for each in found if each.label == "Colour")
    assert chosen(row) == [label]
    assert {each.label: set_by(each) for each in row.children}[label] == {"plain_color": color}
    assert "Colour" not in [each.label for each in rows(MenuSettings())["Icon"].children]


@pytest.mark.parametrize("is_on", [True, False])
def test_a_calm_icon_has_a_switch(is_on: bool) -> None:
    row = next(each for each in rows(MenuSettings(calm=is_on))["Icon"].children if each.label.startswith("No number"))
    assert (row.checked, set_by(row)) == (is_on, {"calm": not is_on})


@pytest.mark.parametrize("is_on", [True, False])
def test_the_countdown_has_a_switch_below_the_styles(is_on: bool) -> None:
    row = rows(MenuSettings(icon_countdown=is_on))["Icon"].children[-2]
    assert row.label == "Time to the reset when empty"
    assert (row.checked, set_by(row)) == (is_on, {"icon_countdown": not is_on})


@pytest.mark.parametrize(("shows_used", "other"), [(True, "left"), (False, "used")])
def test_what_percents_say_has_a_switch(shows_used: bool, other: str) -> None:
    row = rows(MenuSettings(shows_used=shows_used))["Icon"].children[-1]
    assert row.label == "What is used, not what is left"
    assert (row.checked, set_by(row)) == (shows_used, {"show": other})


@pytest.mark.parametrize(("label", "key"), [("Notifications", "notifications"), ("Hide e-mails", "hide_emails")])
@pytest.mark.parametrize("is_on", [True, False])
def test_a_switch_shows_its_state_and_sets_the_other(label: str, key: str, is_on: bool) -> None:
    choices = MenuSettings(notifications=is_on) if key == "notifications" else MenuSettings(hide_emails=is_on)
    row = rows(choices)[label]
    assert row.checked is is_on
    assert not row.radio
    assert set_by(row) == {key: not is_on}


def test_starting_at_login_is_offered_where_it_is_known() -> None:
    assert "Start at login" not in rows(MenuSettings(starts_at_login=None))
    assert rows(MenuSettings(starts_at_login=False))["Start at login"] == MenuItem(
        "Start at login", SetAutostart(on=True), checked=False
    )
    assert rows(replace(MenuSettings(), starts_at_login=True))["Start at login"] == MenuItem(
        "Start at login", SetAutostart(on=False), checked=True
    )


def test_connected_proxies_open_their_management_pages() -> None:
    found = rows(MenuSettings(proxies=("https://proxy.example.com:8317", "http://127.0.0.1:8317")))["Proxies"]
    assert [(row.label, row.action) for row in found.children] == [
        ("proxy.example.com:8317", OpenPage("https://proxy.example.com:8317/management.html")),
        ("127.0.0.1:8317", OpenPage("http://127.0.0.1:8317/management.html")),
    ]
