"""What comes from outside and reaches a terminal or a script: never as something that either obeys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import Reply

from .command import in_hours

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="names of files as POSIX allows them")
ESC = "\x1b[31m"
WITHOUT_STDERR = """
import os, sys
os.close(2)
os.execv(sys.executable, [sys.executable, "-m", "trayquota", *sys.argv[1:]])
"""


@pytest.mark.parametrize("command", ["status", "doctor"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_s_name_cannot_colour_a_terminal(home: Home, command: str, is_there: bool) -> None:
    folder = home.path / f"red{ESC}\u202efolder"
    if is_there:
        folder.mkdir()
    result = home.run(command, "--dir", str(folder))
    assert result.code in {1, 3}
    assert "red" in result.out + result.err
    assert "\x1b" not in result.out + result.err
    assert "\u202e" not in result.out + result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--config", f"{ESC}.toml"),
        ("config", "--init", "--config", f"{ESC}.toml"),
        ("status", f"--no{ESC}"),
        (f"no{ESC}",),
    ],
)
def test_an_argument_cannot_colour_a_terminal(home: Home, arguments: tuple[str, ...]) -> None:
    result = home.run(*arguments)
    assert "\\x1b" in result.out + result.err
    assert "\x1b" not in result.out + result.err


def test_an_unknown_setting_cannot_colour_a_terminal(home: Home) -> None:
    place = home.path / "config.toml"
    place.write_text('"red\\u001b[31m\\u202e" = 1\n', encoding="utf-8")
    result = home.run("status", "--config", str(place))
    assert result.code == 2
    assert "red\\x1b[31m\\u202e: there is no such setting" in result.err


def test_a_name_that_nobody_can_see_is_replaced_by_the_file_s(home: Home, stand_in: StandIn) -> None:
    usage = {"five_hour": {"utilization": 58, "resets_at": in_hours(2.23)}}
    for name, email in (("claude-blank", "\u3164\u2800\u2800"), ("claude-marks", "ada" + "\u0301" * 40)):
        home.add(name, email=email)
        stand_in.answer(f"token-{name}", Reply(usage))
    names = [account["name"] for account in home.status().document["accounts"]]
    assert names == ["ada" + "\u0301" * 3, "claude-blank.json"]


@pytest.mark.parametrize("arguments", [("--dir", "nowhere"), ("--dir", "."), ("--nonsense",)])
def test_without_standard_error_no_message_strays_into_standard_output(home: Home, arguments: tuple[str, ...]) -> None:
    result = home.start("status", "--json", *arguments, code=WITHOUT_STDERR).ended()
    if result.code == 2:
        assert result.out == ""
    else:
        assert result.document["accounts"] == []
