"""The table for people, into whatever reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

FIGURE_SPACE = "\u2007"
posix = pytest.mark.skipif(sys.platform == "win32", reason="pipes and locales as POSIX has them")


@pytest.fixture(autouse=True)
def accounts(home: Home, stand_in: StandIn) -> None:
    """An account with quotas, one whose provider is in trouble, and one whose login has ended."""
    usage = {
        "five_hour": {"utilization": 58, "resets_at": in_hours(2.23)},
        "seven_day": {"utilization": 20, "resets_at": in_hours(76.01)},
    }
    home.add("claude-ada")
    home.add("claude-zoe", email="zoé@example.com")
    home.add("codex-old", expired=in_hours(-1))
    stand_in.answer("token-claude-ada", Reply(usage))
    stand_in.answer("token-claude-zoe", Reply(status=500))


def test_each_account_has_its_windows_and_its_failure(home: Home) -> None:
    result = home.run("status")
    assert (result.code, result.err) == (1, "")
    lines = result.out.splitlines()
    assert lines[0] == "Claude · claude-ada@example.com · next"
    assert lines[1].startswith(f"  ▰▰▰▰▱▱▱▱▱▱ {FIGURE_SPACE}42%  5-hour · resets in 2h 13m (")
    assert lines[2].startswith(f"  ▰▰▰▰▰▰▰▰▱▱ {FIGURE_SPACE}80%  Weekly · resets in 3d 4h (")
    assert "Claude · zoé@example.com" in lines
    assert any("HTTP 500" in each for each in lines)
    assert "Codex · codex-old@example.com · Plus" in lines
    assert any("Sign in again" in each for each in lines)
    assert "42% left at the least: Claude claude-ada@example.com, 5-hour" in lines
    assert "\x1b" not in result.out, "no colours into a pipe"


@pytest.mark.parametrize("columns", ["0", "1"])
def test_a_terminal_without_a_size_gets_the_table(home: Home, columns: str) -> None:
    result = home.run("status", COLUMNS=columns, LINES="0")
    assert (result.code, result.err) == (1, "")
    assert result.out.startswith("Claude · claude-ada@example.com")


@posix
@pytest.mark.parametrize(
    "environment",
    [{"LC_ALL": "C", "LANG": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "1"}, {"LC_ALL": "C.UTF-8"}],
)
def test_in_any_usual_locale_it_is_the_same(home: Home, environment: dict[str, str]) -> None:
    result = home.run("status", **environment)
    assert (result.code, result.err) == (1, "")
    assert f"▰▰▰▰▱▱▱▱▱▱ {FIGURE_SPACE}42%  5-hour · resets" in result.out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437"])
def test_what_an_encoding_does_not_know_is_written_in_plain_characters(home: Home, encoding: str) -> None:
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    result = home.run("status", **environment)
    assert (result.code, result.err) == (1, "")
    assert "####------  42%  5-hour" in result.out
    assert "?" not in result.out.replace("zo?@", "zoe@")
    assert home.status(**environment).code == 1


@posix
def test_whoever_reads_it_may_leave_early(home: Home, stand_in: StandIn) -> None:
    for arguments in (["status"], ["status", "--json"], ["doctor"]):
        stand_in.answer("token-claude-ada", Reply(held=True))
        command = home.start(*arguments)
        command.close_output()
        stand_in.let_go()
        result = command.ended()
        assert result.code == 1
        assert result.err == ""


@posix
def test_without_anywhere_to_write_it_does_not_fall_over(home: Home) -> None:
    close_all = "import os, sys; os.close(1); os.close(2);"
    code = f"{close_all} os.execv(sys.executable, [sys.executable, '-m', 'trayquota', 'status'])"
    assert home.start(code=code).ended().code == 1


def test_a_name_that_would_draw_on_the_terminal_is_made_harmless(home: Home) -> None:
    home.add("codex-evil", email="\u202eevil\x1b[31m\n[bold]x[/bold]@example.com", id_token="", expired=in_hours(-1))
    result = home.run("status")
    assert "Codex · evil[31m [bold]x[/bold]@example.com" in result.out
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


MESSAGES_TO_NOBODY = """
import os
reader, writer = os.pipe()
os.close(reader)
os.dup2(writer, 2)
from trayquota.cli.main import run
run()
"""


@pytest.mark.parametrize("command", ["next --account nobody", "status --cached", "pause nobody"])
def test_messages_that_nobody_reads_change_the_exit_code(home: Home, command: str) -> None:
    assert home.start(*command.split(), code=MESSAGES_TO_NOBODY).ended().code == home.run(*command.split()).code > 0


INTO_WHAT_IS_FULL = """
import os
os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
from trayquota.cli.main import run
run()
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize("command", ["status", "status --json", "config", "doctor", "autostart status"])
@pytest.mark.parametrize("environment", [{}, {"PYTHONUNBUFFERED": "1"}])
def test_where_there_is_no_room_for_it_that_is_said(home: Home, command: str, environment: dict[str, str]) -> None:
    result = home.start(*command.split(), code=INTO_WHAT_IS_FULL, **environment).ended()
    assert result.code == 74
    assert result.err.splitlines() == [
        "trayquota: what was to be printed could not be written (No space left on device)."
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_help_that_nobody_can_read_is_no_accident(home: Home) -> None:
    result = home.start("--help", code=INTO_WHAT_IS_FULL).ended()
    assert (result.code, result.err) == (0, "")
