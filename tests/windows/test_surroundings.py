"""What differs between people's machines: long paths, names in any script, drives, code pages, consoles, UTF-8 mode."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .applet import Applet
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from .providers import Providers
    from .wine import Wine

NAME = "Jürgen 用户 Ş"
PART = "part-of-a-long-path" * 3
CONSOLE_S = 60.0


def test_a_name_in_any_script_a_long_path_or_another_drive_keeps_it_from_its_work(
    wine: Wine, providers: Providers, tmp_path: Path
) -> None:
    home = tmp_path / "Users" / NAME
    deep = home.joinpath(*[PART] * 4)
    deep.mkdir(parents=True)
    assert len(str(deep)) > 260
    applet = Applet(wine, providers, deep)
    providers.add(applet.accounts, "ada", 42)
    with applet:
        wait_until(lambda: providers.polls, "answer")
        polls = providers.polls
        # Of the drive that stands for the long path.
        wine.add_drive("t", applet.accounts)
        second = applet.run("--dir", "T:\\")
        assert second.code == 0, second
        assert "refresh" in second.err, second
        wait_until(lambda: providers.polls > polls, "refresh by the second start")
        report = applet.run("doctor", "--dir", "T:\\")
        assert "T:\\" in report.out, report
        assert "Traceback" not in report.err, report
        assert wine.run("taskkill", "/IM", "python.exe").code == 0
        assert applet.exit_code() == 0


def test_the_first_code_page_of_consoles_keeps_it_from_printing(
    wine: Wine, providers: Providers, tmp_path: Path
) -> None:
    print_in_console(437, "0", wine, providers, tmp_path)


@pytest.mark.usefixtures("complete")
@pytest.mark.parametrize(("code_page", "utf8"), [(page, utf8) for page in (437, 1252, 65001) for utf8 in "01"])
def test_a_code_page_keeps_it_from_printing(
    code_page: int, utf8: str, wine: Wine, providers: Providers, tmp_path: Path
) -> None:
    print_in_console(code_page, utf8, wine, providers, tmp_path)


def print_in_console(code_page: int, utf8: str, wine: Wine, providers: Providers, tmp_path: Path) -> None:
    """Have a console of that code page show the table, and a file take it."""
    applet = Applet(wine, providers, tmp_path)
    path = providers.add(applet.accounts, "ada", 42)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"email": f"{NAME}@example.com"}))
    script, python = tmp_path / "in console.bat", windows_path(wine.python)
    lines = ["@echo off", f"chcp {code_page} >nul", f"cd /d {windows_path(tmp_path)}"]
    for output in (">table", ""):
        lines += [f'"{python}" -m trayquota status {output} 2>>complaints', "echo %errorlevel% >>codes"]
    script.write_text("\r\n".join(lines))
    # A console of its own, with a window.
    started = wine.run(
        *("start", "/wait", "cmd", "/c", windows_path(script)),
        environment=applet.environment | {"PYTHONUTF8": utf8},
        timeout_s=CONSOLE_S,
    )
    assert started.code == 0
    assert (tmp_path / "codes").read_text().split() == ["0", "0"]
    assert (tmp_path / "complaints").read_text() == ""
    table = (tmp_path / "table").read_bytes().decode("utf-8" if utf8 == "1" else "cp1252")
    assert "42%" in table
    assert "Jürgen" in table
