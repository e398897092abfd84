"""Settings, notifications, one instance and autostart in the running applet, on a panel and a bus of the test's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from .command import Home, in_hours, wait_until
from .fake_notifications import FakeNotifications
from .provider_stand_in import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .command import Running
    from .fake_host import Entry, FakeHost
    from .fake_notifications import Shown
    from .provider_stand_in import StandIn
    from .session_bus import SessionBus

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tray and the session of Linux")
USAGE_PAGE = "https://claude.ai/settings/usage"
WRITTEN = """\
# Mine.
low_percent = 30   # early
interval_minutes = 7 # seven
"""


def usage(used: float) -> Reply:
    """Answer with a 5-hour window of which so much is used."""
    return Reply({"five_hour": {"utilization": used, "resets_at": in_hours(2)}})


class Stage:
    """A home with one account, a session bus in its commands' environment, and a panel to look at."""

    def __init__(self, home: Home, host: FakeHost, bus: SessionBus, stand_in: StandIn) -> None:
        self.home, self.host, self.stand_in = home, host, stand_in
        home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        self.config = home.path / "config/trayquota/config.toml"
        self.answer(58)
        home.add("claude-ada")

    def answer(self, used: float) -> None:
        self.stand_in.answer("token-claude-ada", usage(used))

    def write(self, text: str) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def start(self, *arguments: str, headline: str = "42% left") -> Running:
        """Start the applet; return when it shows its first answer."""
        registered = len(self.host.registrations.seen)
        applet = self.home.start("--backend", "statusnotifier", *arguments)
        self.host.registrations.until_there_are(registered + 1)
        self.wait(lambda: self.tip.startswith(headline), headline)
        self.wait(lambda: "Refreshing" not in self.tip, "end of the refresh")
        return applet

    def end(self, applet: Running) -> None:
        """End it, and hold it to a quiet end."""
        applet.signal("SIGTERM")
        result = applet.ended()
        assert (result.code, result.out, result.err) == (0, "", "")

    def wait(self, predicate: Callable[[], object], what: str) -> None:
        wait_until(predicate, what)

    @property
    def tip(self) -> str:
        tip: list[str] = self.host.properties()["ToolTip"]
        return "\n".join(tip[2:])

    @property
    def picture(self) -> object:
        return self.host.properties()["IconPixmap"]

    @property
    def menu(self) -> Entry:
        return self.host.layout()

    def is_checked(self, label: str) -> bool:
        return bool(self.menu.find(label).properties["toggle-state"])

    def shows_row(self, words: str) -> bool:
        """Whether the menu's rows, joined as they were wrapped, say that; underscores are doubled on the bus."""
        return words in " ".join(self.menu.labels()).replace("__", "_")


@pytest.fixture
def stage(home: Home, host: FakeHost, bus: SessionBus, stand_in: StandIn) -> Stage:
    return Stage(home, host, bus, stand_in)


@pytest.fixture
def notifications(bus: SessionBus) -> Iterator[FakeNotifications]:
    """A notification server whose messages can be clicked."""
    server = FakeNotifications(bus.address, ("body", "actions"))
    yield server
    server.close()


@pytest.fixture
def opened(stage: Stage) -> Path:
    """Where a stand-in for ``xdg-open`` writes what it is to open."""
    place, program = stage.home.path / "opened", stage.home.path / "bin/xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s" "$*" > "{place}.part" && mv "{place}.part" "{place}"\n')
    program.chmod(0o755)
    stage.home.environment["PATH"] = f"{program.parent}:{stage.home.environment['PATH']}"
    return place


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
def test_a_broken_edit_is_told_and_what_is_in_force_stays(stage: Stage, broken: str, expected: str) -> None:
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


# Notifications.


def refresh(stage: Stage, used: float, headline: str) -> None:
    stage.answer(used)
    stage.host.click("Refresh now")
    stage.wait(lambda: stage.tip.startswith(headline) and "Refreshing" not in stage.tip, headline)


def about(shown: Shown) -> str:
    return f"{shown.summary}\n{shown.body}"


def test_low_is_told_once_and_not_again_at_a_restart(stage: Stage, notifications: FakeNotifications) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (first,) = notifications.shown.until_there_are(1)
    assert first.summary == "Claude claude-ada@example.com, 5-hour"
    assert first.body.startswith("20% left")
    refresh(stage, 81, "19% left")
    stage.end(applet)
    applet = stage.start(headline="19% left")
    refresh(stage, 95, "5% left")
    shown = notifications.shown.until_there_are(2)
    assert [each.body.partition(",")[0] for each in shown] == ["20% left", "5% left"]
    stage.end(applet)


def test_a_click_opens_the_provider_s_page(stage: Stage, notifications: FakeNotifications, opened: Path) -> None:
    applet = stage.start()
    refresh(stage, 80, "20% left")
    notifications.shown.until_there_are(1)
    notifications.click(1)
    stage.wait(opened.exists, "opened page")
    assert opened.read_text() == USAGE_PAGE
    stage.end(applet)


def test_hidden_e_mails_are_in_no_notification(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("hide_emails = true\n")
    applet = stage.start()
    refresh(stage, 80, "20% left")
    (shown,) = notifications.shown.until_there_are(1)
    assert shown.summary == "Claude account 1, 5-hour"
    assert "@" not in about(shown)
    stage.end(applet)


def test_who_wants_none_gets_none(stage: Stage, notifications: FakeNotifications) -> None:
    stage.write("notifications = false\n")
    applet = stage.start()
    refresh(stage, 80, "20% left")
    stage.host.click("Notifications")
    stage.wait(lambda: stage.is_checked("Notifications"), "switch")
    refresh(stage, 95, "5% left")
    (shown,) = notifications.shown.until_there_are(1)
    assert "5% left" in shown.body
    stage.end(applet)


# One instance.


def test_a_second_start_has_the_first_refresh_and_show_itself(stage: Stage, notifications: FakeNotifications) -> None:
    applet = stage.start()
    asked = len(stage.stand_in.asked)
    second = stage.home.run("--backend", "statusnotifier")
    assert (second.code, second.out) == (0, "")
    assert "running already and was told to refresh and show itself" in second.err
    stage.stand_in.until(lambda found: len(found) > asked)
    (shown,) = notifications.shown.until_there_are(1)
    assert "42% left" in about(shown)
    assert len(stage.host.registrations.seen) == 1
    stage.end(applet)


def test_one_that_was_killed_blocks_nobody(stage: Stage) -> None:
    applet = stage.start()
    applet.signal("SIGKILL")
    applet.ended()
    applet = stage.start()
    stage.end(applet)


# Autostart.


@pytest.fixture
def entry(stage: Stage) -> Path:
    return stage.home.path / "config/autostart/trayquota.desktop"


def test_autostart_is_switched_by_command(stage: Stage, entry: Path) -> None:
    run = stage.home.run
    assert (run("autostart", "status").code, run("autostart", "status").out) == (0, f"off ({entry})\n")
    assert run("autostart", "on").out == f"on ({entry})\n"
    assert run("autostart", "status").out == f"on ({entry})\n"
    assert entry.read_text().startswith("[Desktop Entry]\n")
    assert run("autostart", "off").out == f"off ({entry})\n"
    assert not entry.exists()
    assert run("autostart", "perhaps").code == 2


def test_what_was_stated_for_this_start_is_stated_for_the_next(stage: Stage, entry: Path) -> None:
    stage.write("")
    arguments = ("--dir", ".cli-proxy-api", "--config", "~/config/trayquota/config.toml")
    result = stage.home.run(*arguments, "autostart", "on")
    assert (result.code, result.err) == (0, "")
    started = next(line for line in entry.read_text().splitlines() if line.startswith("Exec="))
    assert started.endswith(f" --dir {stage.home.folder} --config {stage.config}")
    assert stage.home.run("autostart", "status").err == "", "options of its own are no other installation"


def test_a_moved_environment_is_told(stage: Stage, entry: Path) -> None:
    stage.home.run("autostart", "on")
    lines = entry.read_text().splitlines()
    entry.write_text("\n".join("Exec=/gone/bin/trayquota" if line.startswith("Exec=") else line for line in lines))
    result = stage.home.run("autostart", "status")
    assert result.code == 1
    assert "is gone" in result.err
    applet = stage.start()
    stage.wait(lambda: not stage.is_checked("Start at login"), "row that offers to mend it")
    stage.host.click("Start at login")
    stage.wait(lambda: stage.is_checked("Start at login"), "mark")
    assert stage.home.run("autostart", "status").code == 0
    stage.end(applet)


def test_autostart_is_switched_in_the_menu(stage: Stage, entry: Path) -> None:
    applet = stage.start("--dir", str(stage.home.folder))
    assert not stage.is_checked("Start at login")
    stage.host.click("Start at login")
    stage.wait(lambda: stage.is_checked("Start at login"), "mark")
    assert f"--dir {stage.home.folder}" in entry.read_text()
    assert stage.home.run("autostart", "status").code == 0
    stage.host.click("Start at login")
    stage.wait(lambda: not stage.is_checked("Start at login"), "no mark")
    assert not entry.exists()
    stage.end(applet)


def test_an_autostart_that_cannot_be_written_is_told(
    stage: Stage, entry: Path, notifications: FakeNotifications
) -> None:
    entry.parent.parent.mkdir(parents=True)
    entry.parent.write_text("a file where a folder should be")
    result = stage.home.run("autostart", "on")
    assert result.code == 1
    assert "cannot be written" in result.err
    applet = stage.start()
    stage.host.click("Start at login")
    (shown,) = notifications.shown.until_there_are(1)
    assert shown.summary == "Starting at login was not changed"
    stage.end(applet)


# The command for the settings.


def test_config_prints_what_is_in_force(stage: Stage) -> None:
    result = stage.home.run("config")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"# {stage.config} (not there)\n")
    stage.write("hide_emails = true\n")
    result = stage.home.run("config", "--dir", "elsewhere")
    assert result.code == 0
    assert "hide_emails = true  # file\n" in result.out
    assert 'folder = "elsewhere"  # option\n' in result.out
    stage.write("hide_emails = maybe\n")
    result = stage.home.run("config")
    assert (result.code, result.out) == (2, "")
    assert str(stage.config) in result.err


def test_config_init_writes_a_file_and_never_overwrites_one(stage: Stage) -> None:
    result = stage.home.run("config", "--init")
    assert (result.code, result.err) == (0, "")
    assert str(stage.config) in result.out
    assert stage.config.read_text().startswith("# Settings of trayquota.")
    assert stage.home.run("config").code == 0
    stage.config.write_text("mine =")
    result = stage.home.run("config", "--init")
    assert (result.code, result.out) == (2, "")
    assert "is there already and was left as it is" in result.err
    assert stage.config.read_text() == "mine ="


def test_config_init_writes_where_it_is_told(stage: Stage) -> None:
    place = stage.home.path / "a/b.toml"
    assert stage.home.run("config", "--init", "--config", "a/b.toml").code == 0
    assert place.exists()
    assert stage.home.run("config", "--config", "a/b.toml").out.startswith(f"# {place}\n")
