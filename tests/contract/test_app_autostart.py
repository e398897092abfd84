"""Start at login, by command and in the menu of the running applet."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .fake_notifications import FakeNotifications
    from .stage import Stage

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the tray and the session of Linux")


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


def test_a_moved_environment_is_reported(stage: Stage, entry: Path) -> None:
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
    stage.wait(lambda: not stage.is_checked("Start at login"), "row that offers it")
    stage.host.click("Start at login")
    stage.wait(lambda: stage.is_checked("Start at login"), "mark")
    assert f"--dir {stage.home.folder}" in entry.read_text()
    assert stage.home.run("autostart", "status").code == 0
    stage.host.click("Start at login")
    stage.wait(lambda: not stage.is_checked("Start at login"), "no mark")
    assert not entry.exists()
    stage.end(applet)


def test_an_autostart_entry_that_cannot_be_written_is_reported(
    stage: Stage, entry: Path, notifications: FakeNotifications
) -> None:
    entry.parent.parent.mkdir(parents=True)
    entry.parent.write_text("a file where a folder should be")
    result = stage.home.run("autostart", "on")
    assert result.code == 1
    assert "cannot be written" in result.err
    applet = stage.start()
    stage.wait(lambda: not stage.is_checked("Start at login"), "row that offers it")
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


def test_config_init_writes_to_the_path_in_the_option(stage: Stage) -> None:
    place = stage.home.path / "a/b.toml"
    assert stage.home.run("config", "--init", "--config", "a/b.toml").code == 0
    assert place.exists()
    assert stage.home.run("config", "--config", "a/b.toml").out.startswith(f"# {place}\n")
