"""The commands for what clicks do: at a running applet on a panel of the test's own, and without one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, get_args

import pytest

from trayquota.cli.common import Options
from trayquota.cli.main import parser
from trayquota.views import tray_view

from .test_app_settings import WRITTEN

if TYPE_CHECKING:
    from pathlib import Path

    from .command import Home, Result
    from .fake_notifications import FakeNotifications
    from .stage import Stage

ON_A_PANEL = pytest.mark.skipif(sys.platform != "linux", reason="the tray and the session of Linux")
COMMANDS = {
    tray_view.Refresh: "refresh",
    tray_view.OpenFolder: "open folder ada",
    tray_view.OpenPage: "open usage ada",
    tray_view.OpenHistory: "history --open",
    tray_view.OpenSettings: "open settings",
    tray_view.Rename: "config --set names.ada=Work",
    tray_view.SignIn: "sign-in ada",
    tray_view.SetPaused: "pause ada",
    tray_view.CopyCommand: "sign-in ada",
    tray_view.SetSetting: "config --set calm=true",
    tray_view.SetAutostart: "autostart on",
    tray_view.Snooze: "snooze reset",
    tray_view.Quit: "quit",
}
"""What does the same as each action of the tray."""


def said(result: Result) -> tuple[int, str, str]:
    return result.code, result.out.strip(), result.err.strip()


def test_every_action_of_the_tray_is_a_command_too() -> None:
    assert set(get_args(tray_view.Action)) == set(COMMANDS)
    for command in COMMANDS.values():
        assert parser().parse_args(command.split(), Options()).command == command.partition(" ")[0]


@ON_A_PANEL
def test_a_running_applet_does_what_commands_say(stage: Stage, notifications: FakeNotifications) -> None:
    applet = stage.start()
    run = stage.home.run

    stage.answer(70)
    assert said(run("refresh")) == (0, "", "")
    stage.wait(lambda: stage.tip.startswith("30% left"), "refresh")

    assert said(run("show")) == (0, "", "")
    # The first is about the pace.
    *_, shown = notifications.shown.until_there_are(2)
    assert (shown.summary[:8], shown.body.splitlines()[-1][:7]) == ("30% left", "Updated")

    code, out, _ = said(run("snooze"))
    assert (code, out[:28]) == (0, "Notifications snoozed until ")
    assert stage.shows_row(out.rstrip("."))
    assert said(run("snooze", "off")) == (0, "", "")
    assert stage.shows_row("Snooze notifications")

    assert said(run("config", "--set", "interval_minutes=10")) == (0, "interval_minutes = 10.0  # file", "")
    stage.wait(lambda: stage.is_checked("10 minutes"), "changed setting")

    assert said(run("sign-in", "claude-ada@example.com")) == (1, "", "trayquota: It needs no login.")

    assert said(run("quit")) == (0, "", "")
    # Whoever has ended it may start it again at once.
    assert "running already" not in run("--backend", "win32").err
    assert said(applet.ended()) == (0, "", "")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("refresh", "no applet is running. `trayquota status` refreshes by itself."),
        ("quit", "no applet is running."),
    ],
)
def test_without_an_applet_a_command_for_it_says_so(home: Home, command: str, expected: str) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text("a mistake in the settings is no reason not to end it")
    assert said(home.run(*command.split())) == (1, "", f"trayquota: {expected}")


@pytest.mark.parametrize("until", ["", "soon", "0m", "1w", "h", "²h", "1.5h", "99999999999d"])
def test_a_snooze_until_no_moment_is_refused(until: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["snooze", until])
    assert ended.value.code == 2
    assert "expected reset, tomorrow, off, or a time as in 90m, 2h or 3d" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "until"),
    [([], "reset"), (["tomorrow"], "tomorrow"), (["off"], "0"), (["90m"], "90"), (["2h"], "120"), (["3d"], "4320")],
)
def test_a_snooze_s_end_is_a_word_or_minutes(words: list[str], until: str) -> None:
    assert parser().parse_args(["snooze", *words]).until == until


# Settings.


def test_settings_are_changed_in_the_file_with_its_comments(home: Home) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text(WRITTEN)
    result = home.run("config", "--set", "interval_minutes=10", "--set", "icon_style=ring")
    assert said(result) == (0, 'interval_minutes = 10.0  # file\nicon_style = "ring"  # file', "")
    assert home.config.read_text() == WRITTEN.replace("= 7 #", "= 10 #") + 'icon_style = "ring"\n'


def test_of_several_settings_all_or_none_are_changed(home: Home) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text(WRITTEN)
    result = home.run("config", "--set", "calm=true", "--set", "icons=perhaps")
    assert (result.code, result.out) == (2, "")
    assert 'icons: expected "one", "providers" or "pinned".' in result.err
    assert home.config.read_text() == WRITTEN


def test_a_mistake_in_the_file_can_be_mended_and_no_secret_is_shown(home: Home) -> None:
    home.config.parent.mkdir(parents=True)
    home.config.write_text('quiet_hours = "at night" # when?\n')
    assert home.run("config").code == 2
    result = home.run("config", "--set", "quiet_hours=22:00-08:00", "--set", "proxy=http://user:secret@127.0.0.1:8080")
    assert (result.code, result.err) == (0, "")
    assert 'proxy = "(set, not shown)"  # file' in result.out
    assert 'quiet_hours = "22:00-08:00" # when?' in home.config.read_text()


# What a row opens.


@ON_A_PANEL
def test_a_row_s_folder_file_or_page_is_opened(stage: Stage, opened: Path) -> None:
    stage.write('connected_proxies = ["https://proxy.example.com"]\n')
    for command, expected in (
        ("folder", str(stage.home.folder)),
        ("folder claude-ada.json", str(stage.home.folder)),
        ("usage CLAUDE-ada@example.com", "https://claude.ai/settings/usage"),
        ("settings", str(stage.config)),
        ("proxy", "https://proxy.example.com/management.html"),
    ):
        assert said(stage.home.run("open", *command.split())) == (0, "", "")
        stage.wait(opened.exists, "opened thing")
        assert opened.read_text() == expected
        opened.unlink()


@ON_A_PANEL
def test_what_cannot_be_opened_is_said(stage: Stage) -> None:
    run = stage.home.run
    expected = "trayquota: open: expected an account, one of claude-ada.json."
    assert said(run("open", "usage", "eve")) == (2, "", expected)
    assert said(run("open", "proxy")) == (2, "", "trayquota: open: no proxy is connected.")
    tools = stage.home.path / "tools"
    tools.mkdir()
    unopened = (1, "", "trayquota: there is nothing on this system to open it with.")
    assert said(run("open", "folder", PATH=str(tools))) == unopened
    (tools / "xdg-open").write_text("#!/bin/sh\nexit 3\n")
    (tools / "xdg-open").chmod(0o755)
    (tools / "open").symlink_to("xdg-open")
    assert said(run("open", "folder", PATH=str(tools))) == unopened
