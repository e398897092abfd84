"""Settings, notifications, one instance and autostart in the running applet, on a panel and a bus of the test's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from .stage import Stage, usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .fake_notifications import FakeNotifications


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tray and the session of Linux")
USAGE_PAGE = "https://claude.ai/settings/usage"
WRITTEN = """\
# Mine.
low_percent = 30   # early
interval_minutes = 7 # seven
"""


# Choices in the menu.


def test_a_choice_is_marked_and_kept_beside_the_comments(stage: Stage) -> None:
    stage.write(WRITTEN)
    applet = stage.start()
    assert stage.is_checked("7 minutes")
    stage.host.click("10 minutes")
    stage.wait(lambda: stage.is_checked("10 minutes"), "mark at the choice")
    assert stage.config.read_text() == WRITTEN.replace("= 7 #", "= 10 #")
    assert "7 minutes" not in [each.properties.get("label") for each in stage.menu.flat()]
    stage.end(applet)
    assert stage.config.read_text() == WRITTEN.replace("= 7 #", "= 10 #")


def test_a_style_changes_the_picture_at_once(stage: Stage) -> None:
    applet = stage.start()
    pictures = [stage.picture]
    for label in ("Ring", "Two bars", "Number"):
        stage.host.click(label)
        stage.wait(lambda: stage.picture != pictures[-1], f"picture of {label}")
        pictures.append(stage.picture)
        assert stage.is_checked(label)
    assert pictures[3] == pictures[0]
    assert pictures[1] != pictures[2]
    stage.end(applet)


def test_hidden_e_mails_are_gone_everywhere_and_come_back(stage: Stage) -> None:
    applet = stage.start()
    assert "claude-ada@example.com" in stage.tip
    stage.host.click("Hide e-mails")
    stage.wait(lambda: "@" not in stage.tip, "tooltip without an address")
    assert stage.tip.startswith("42% left: Claude account 1, 5-hour")
    stage.wait(lambda: stage.is_checked("Hide e-mails"), "mark")
    assert not any("@" in str(each.properties) for each in stage.menu.flat())
    stage.host.click("Hide e-mails")
    stage.wait(lambda: "claude-ada@example.com" in stage.tip, "address")
    stage.end(applet)


def test_the_first_choice_makes_a_file_that_explains_itself(stage: Stage) -> None:
    applet = stage.start()
    assert not stage.config.exists()
    stage.host.click("Notifications")
    stage.wait(lambda: not stage.is_checked("Notifications"), "switch")
    text = stage.config.read_text()
    assert text.startswith("# Settings of trayquota.")
    assert text.endswith("\nnotifications = false\n")
    stage.end(applet)


def test_the_settings_file_is_made_and_opened(stage: Stage, opened: Path) -> None:
    applet = stage.start()
    stage.host.click("Open the settings file")
    stage.wait(opened.exists, "opened file")
    assert opened.read_text() == str(stage.config)
    assert stage.config.read_text().startswith("# Settings of trayquota.")
    stage.end(applet)


# Changes by hand.


def in_place(path: Path, text: str) -> None:
    path.write_text(text)


def by_renaming(path: Path, text: str) -> None:
    temporary = path.with_name("config.toml~")
    temporary.write_text(text)
    temporary.replace(path)


@pytest.mark.parametrize("write", [in_place, by_renaming])
def test_an_edit_is_taken_over_live(stage: Stage, write: Callable[[Path, str], None]) -> None:
    stage.write("")
    applet = stage.start()
    write(stage.config, "hide_emails = true\n")
    stage.wait(lambda: "@" not in stage.tip, "hidden address")
    write(stage.config, "ignore_windows = ['5-hour']\n")
    stage.wait(lambda: stage.tip.startswith("Quotas unknown"), "window left out")
    stage.config.unlink()
    stage.wait(lambda: stage.tip.startswith("42% left"), "defaults")
    stage.end(applet)


def test_a_file_in_a_folder_that_comes_later_is_watched_like_any_other(stage: Stage) -> None:
    applet = stage.start()
    stage.write("hide_emails = true\n")
    stage.wait(lambda: "@" not in stage.tip, "hidden address")
    stage.write("hide_emails = false\n")
    stage.wait(lambda: "@" in stage.tip, "address")
    stage.end(applet)


def test_an_edit_of_the_file_that_a_link_leads_to_is_taken_over(stage: Stage) -> None:
    real = stage.home.path / "dotfiles/quota.toml"
    real.parent.mkdir()
    real.write_text("")
    stage.config.parent.mkdir(parents=True)
    stage.config.symlink_to(real)
    applet = stage.start()
    in_place(real, "hide_emails = true\n")
    stage.wait(lambda: "@" not in stage.tip, "hidden address")
    stage.host.click("Hide e-mails")
    stage.wait(lambda: "@" in stage.tip, "address")
    assert stage.config.is_symlink()
    assert real.read_text() == "hide_emails = false\n"
    stage.end(applet)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ("hide_emails = 'yes'\n", "hide_emails: expected true or false."),
        ("interval_minutes = 0\n", "interval_minutes: expected a number of minutes from 1 to 1440."),
        ("hide_emails = \n", "is not valid TOML"),
        ("hide_email = true\n", "hide_email: there is no such setting."),
        ("gateway = 'http://example.com'\n", "gateway"),
    ],
)
def test_a_broken_edit_is_shown_and_the_settings_in_force_stay(stage: Stage, broken: str, expected: str) -> None:
    del stage.home.environment["TRAYQUOTA_GATEWAY"]
    good = f"gateway = '{stage.stand_in.url}'\nhide_emails = true\n"
    stage.write(good)
    applet = stage.start()
    assert "@" not in stage.tip
    in_place(stage.config, broken)
    stage.wait(lambda: stage.shows_row(expected), "error in the menu")
    assert "config.toml" in " ".join(stage.menu.labels())
    assert "@" not in stage.tip
    assert stage.is_checked("Hide e-mails")
    in_place(stage.config, good.replace("true", "false"))
    stage.wait(lambda: "@" in stage.tip, "mended settings")
    assert not stage.shows_row("config.toml")
    stage.end(applet)


def test_a_choice_does_not_overwrite_a_broken_file(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("")
    applet = stage.start()
    in_place(stage.config, "broken =\n")
    stage.wait(lambda: stage.shows_row("is not valid TOML"), "error in the menu")
    stage.host.click("Ring")
    (shown,) = notifications.shown.until_there_are(1)
    assert shown.summary == "The setting was not kept"
    assert "config.toml" in shown.body
    assert stage.config.read_text() == "broken =\n"
    assert stage.is_checked("Number")
    stage.end(applet)


def test_a_broken_file_at_the_start_is_a_bad_option(stage: Stage) -> None:
    stage.write("hide_emails = 'yes'\n")
    result = stage.home.run("--backend", "statusnotifier")
    assert result.code == 2
    assert str(stage.config) in result.err
    assert "hide_emails: expected true or false" in result.err
    assert stage.stand_in.asked == []


def test_the_folder_is_changed_live_and_there_may_be_several(stage: Stage) -> None:
    other = stage.home.path / "other"
    home = stage.home.folder
    other.mkdir()
    stage.home.folder = other
    stage.home.add("claude-bea")
    stage.home.add("claude-ada", access_token="token-of-the-other", email="other@example.com")
    stage.stand_in.answer("token-claude-bea", usage(70))
    stage.stand_in.answer("token-of-the-other", usage(40))
    stage.write("")
    applet = stage.start()
    in_place(stage.config, f"folder = '{other}'\n")
    stage.wait(lambda: stage.tip.startswith("30% left: Claude claude-bea@"), "the other folder")
    assert "claude-ada@" not in stage.tip
    in_place(stage.config, f"folder = ['{home}', '{other}']\n")
    names = {"claude-ada@example.com: 5-hour 42%", "claude-bea@example.com", "other@example.com: 5-hour 60%"}
    stage.wait(lambda: all(name in stage.tip for name in names), "accounts of both folders")
    (home / "claude-ada.json").unlink()
    stage.wait(lambda: "claude-ada@" not in stage.tip, "removed account")
    stage.end(applet)


def test_providers_are_switched_off_live(stage: Stage) -> None:
    stage.write("")
    applet = stage.start()
    in_place(stage.config, "providers_off = ['claude']\n")
    stage.wait(lambda: "claude-ada@example.com: disabled" in stage.tip, "account that is off")
    in_place(stage.config, "")
    stage.wait(lambda: stage.tip.startswith("42% left"), "account that is on")
    stage.end(applet)


def test_the_wheel_over_the_icon_shows_another_account_for_a_moment(stage: Stage) -> None:
    applet = stage.start()
    stage.home.add("claude-bea")
    stage.stand_in.answer("token-claude-bea", usage(10))
    stage.wait(lambda: "claude-bea" in stage.tip, "second account")
    stage.host.on_item("Scroll", "is", -120, "vertical")
    stage.wait(lambda: stage.tip.startswith("90% left"), "the last account in the icon")
    stage.end(applet)
