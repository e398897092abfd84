"""Commands in consoles of each code page, and into files, with and without the UTF-8 mode of Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .applet import Applet
from .screen import Screen, read
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from .providers import Providers
    from .wine import Wine

NAME = "Jürgen 用户 Ş"
AS_WRITTEN = {"0": ("cp1252", "Jürgen ?? ?"), "1": ("utf-8", NAME)}
"""In which encoding files get what is printed, and the name in it, by the UTF-8 mode."""
CONSOLE_S = 180.0
KEY, LIST = "management-key", "v0/management/auth-files"
COMMANDS = {
    "status": "status",
    "line": "line --format waybar",
    "next": "next --fresh",
    "doctor": "doctor",
    "connect": "connect {url}",
    "config": "config",
}
"""By the name of the file that takes what each prints."""


@pytest.fixture
def applet(wine: Wine, providers: Providers, tmp_path: Path) -> Applet:
    """One account, whose name no code page of the West has."""
    applet = Applet(wine, providers, tmp_path)
    path = providers.add(applet.accounts, "ada", 42)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"email": f"{NAME}@example.com"}))
    return applet


def test_the_first_code_page_of_consoles_keeps_it_from_printing(wine: Wine, applet: Applet) -> None:
    check_table_and_line(printed_in_console(wine, applet, 437, "0", ("status", "line")), "0")


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize("utf8", ["0", "1"])
@pytest.mark.parametrize("code_page", [437, 1252, 65001])
def test_a_code_page_keeps_a_command_from_printing(
    code_page: int, utf8: str, wine: Wine, providers: Providers, applet: Applet
) -> None:
    version = {"X-CPA-VERSION": "7.2.10"}
    files = [{"id": "claude-bob.json", "name": "claude-bob.json", "type": "claude", "email": f"{NAME}@example.org"}]
    providers.answer(KEY, Reply(b"", 404, version))
    providers.answer(KEY, Reply({"files": files}, 200, version), place=LIST)
    printed = printed_in_console(wine, applet, code_page, utf8, tuple(COMMANDS))
    check_table_and_line(printed, utf8)
    assert printed["next"] == f"{AS_WRITTEN[utf8][1]}@example.com\r\n"
    assert "all well" in printed["doctor"]
    assert f"Connected to {providers.url}: 1 account." in printed["connect"]
    assert providers.url in printed["config"]


def test_in_a_live_table_page_down_is_a_q_or_ctrl_c_is_nothing(
    wine: Wine, providers: Providers, applet: Applet, screen: Screen
) -> None:
    script = write_script(applet, 437, [f'"{windows_path(wine.python)}" -m trayquota status --watch'])
    console = wine.start("start", "/wait", "cmd", "/c", script, environment=applet.environment)
    try:
        wait_until(lambda: any("refreshes" in row.text for row in read(screen.picture())), "table")
        screen.key("Next")
        polls = providers.polls
        screen.key("r")
        wait_until(lambda: providers.polls > polls, "refresh")
        screen.key("ctrl+c")
        assert console.wait(CONSOLE_S) == 0
    finally:
        console.kill()
        console.communicate()


def check_table_and_line(printed: dict[str, str], utf8: str) -> None:
    """Check that what cannot be written is replaced in text, and nothing in a document."""
    assert "42%" in printed["status"]
    assert AS_WRITTEN[utf8][1] in printed["status"]
    assert NAME in json.loads(printed["line"])["tooltip"]


def printed_in_console(wine: Wine, applet: Applet, code_page: int, utf8: str, names: tuple[str, ...]) -> dict[str, str]:
    """Have a file take what each command prints, and then a console of that code page show it; return the files."""
    folder, url, lines = applet.accounts.parent, applet.environment["TRAYQUOTA_GATEWAY"], []
    for name in names:
        words = f'"{windows_path(wine.python)}" -m trayquota {COMMANDS[name].format(url=url)}'
        for output in (f">{name}.txt", ""):
            lines += [f"{words} {output} 2>>complaints.txt", f"echo {name} %errorlevel%>>codes.txt"]
    started = wine.run(
        *("start", "/wait", "cmd", "/c", write_script(applet, code_page, lines)),
        environment=applet.environment | {"PYTHONUTF8": utf8, "TRAYQUOTA_MANAGEMENT_KEY": KEY},
        timeout_s=CONSOLE_S,
    )
    assert started.code == 0
    assert (folder / "complaints.txt").read_text() == ""
    assert (folder / "codes.txt").read_text().splitlines() == [f"{name} 0" for name in names for _ in range(2)]
    return {name: (folder / f"{name}.txt").read_bytes().decode(AS_WRITTEN[utf8][0]) for name in names}


def write_script(applet: Applet, code_page: int, lines: list[str]) -> str:
    """Write what a console of that code page, with a window of its own, is to run; return where."""
    folder = applet.accounts.parent
    script = folder / "in console.bat"
    script.write_text("\r\n".join(["@echo off", f"chcp {code_page} >nul", f"cd /d {windows_path(folder)}", *lines]))
    return windows_path(script)
