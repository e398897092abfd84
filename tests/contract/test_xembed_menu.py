"""Clicks and menus of the icon in an XEmbed tray."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.tray.xembed import Icon

from .backend_contract import running
from .recorder import PATIENCE_S, Recorder
from .xembed_rig import RED, round_picture, show, wait_for_pixel

if TYPE_CHECKING:
    from pathlib import Path

    from .xembed_rig import MakeTray

pytestmark = pytest.mark.usefixtures("on_the_screen")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def write_launcher(folder: Path, name: str, choice: str, code: int = 0) -> Path:
    """Write a launcher that keeps its lines in a file and answers ``choice``; return the file."""
    lines = folder / "lines"
    script = f"#!{sys.executable} -S\nimport sys\nopen({str(lines)!r}, 'a').write(sys.stdin.read() + '\\n--\\n')\n"
    program = folder / name
    program.write_text(f"{script}print({choice!r})\nsys.exit({code})\n")
    program.chmod(0o755)
    return lines


@pytest.mark.parametrize("button", [1, 3])
@pytest.mark.parametrize("program", ["rofi", "dmenu"])
def test_a_click_opens_the_menu_and_a_choice_acts(
    make_tray: MakeTray, programs: Path, program: str, button: int
) -> None:
    lines = write_launcher(programs, program, "Refresh now")
    chosen: Recorder[str] = Recorder()
    menu = Menu(
        MenuItem("Claude · ada", None),
        Menu.SEPARATOR,
        MenuItem("Refresh now", lambda: chosen.add("refresh")),
        MenuItem("Notifications", lambda: None, checked=lambda _item: True),
        MenuItem("Settings", Menu(MenuItem("deep", lambda: None))),
    )
    tray = make_tray()
    with running(Icon("trayquota-test", round_picture("red"), menu=menu), show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(button)
        assert chosen.until_there_are(1) == ["refresh"]
    assert lines.read_text().splitlines() == ["Claude · ada", "Refresh now", "✓ Notifications", "Settings ▸", "--"]


def test_a_submenu_opens_in_turn(make_tray: MakeTray, programs: Path) -> None:
    lines = write_launcher(programs, "rofi", "Settings ▸")
    chosen: Recorder[str] = Recorder()
    inner = MenuItem("Settings ▸", lambda: chosen.add("inner"))
    menu = Menu(MenuItem("Settings", Menu(inner)), MenuItem("Settings ▸", lambda: chosen.add("outer")))
    tray = make_tray()
    with running(Icon("trayquota-test", round_picture("red"), menu=menu), show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert chosen.until_there_are(1) == ["inner"]
    assert lines.read_text().splitlines() == ["Settings ▸", "Settings ▸ ", "--", "Settings ▸", "--"]


@pytest.mark.parametrize("code", [None, 2])
def test_without_a_launcher_that_works_a_click_runs_the_handler(
    make_tray: MakeTray, programs: Path, code: int | None
) -> None:
    if code is not None:
        write_launcher(programs, "rofi", "", code)
    clicks: Recorder[str] = Recorder()
    icon = Icon("trayquota-test", round_picture("red"), menu=Menu(MenuItem("row", None)))
    icon.on_click = lambda: clicks.add("click")
    tray = make_tray()
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert clicks.until_there_are(1) == ["click"]


def test_a_middle_click_runs_its_own_handler(make_tray: MakeTray) -> None:
    clicks: Recorder[str] = Recorder()
    icon = Icon("trayquota-test", round_picture("red"))
    icon.on_middle_click = lambda: clicks.add("middle")
    tray = make_tray()
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(2)
        assert clicks.until_there_are(1) == ["middle"]


def test_the_wheel_runs_its_handler_with_its_direction(make_tray: MakeTray) -> None:
    turned: Recorder[int] = Recorder()
    icon = Icon("trayquota-test", round_picture("red"))
    icon.on_scroll = turned.add
    tray = make_tray()
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(4)
        tray.click(5)
        assert turned.until_there_are(2) == [-1, 1]


def test_stopping_closes_an_open_menu(make_tray: MakeTray, programs: Path, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    if sys.platform != "win32":
        os.mkfifo(opened)
    program = programs / "rofi"
    program.write_text(f"#!/bin/sh\necho open > {opened}\nexec /bin/sleep 600\n")
    program.chmod(0o755)
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"), menu=Menu(MenuItem("row", None)))
    with running(icon, show) as thread:
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert opened.read_text() == "open\n"
        icon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
