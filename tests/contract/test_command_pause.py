"""``trayquota pause`` and ``resume`` as the contract has them, on the running program."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from .command import wait_until

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

ADA, BOB = "claude-ada", "claude-bob"
posix = pytest.mark.skipif(sys.platform == "win32", reason="a signal ends the watch")


@pytest.fixture
def two(home: Home, stand_in: StandIn) -> Home:
    """A home with two accounts of a provider, of which the first would be the next."""
    for name, answer in ((ADA, "claude_usage_basic.json"), (BOB, "claude_usage_basic.json")):
        home.add(name)
        stand_in.answer(f"token-{name}", answer)
    return home


def pause(home: Home, *arguments: str) -> None:
    """Run ``pause`` until it watches the file."""
    running = home.start("pause", *arguments)
    assert running.first_line().endswith(" is paused.\n")
    assert running.first_error_line_with("watching its file")
    running.signal("SIGTERM")
    running.ended()


@posix
def test_0_a_paused_account_is_asked_used_or_counted(two: Home, stand_in: StandIn) -> None:
    before = (two.folder / f"{ADA}.json").read_text("utf-8")
    pause(two, f"{ADA}@example.com")
    assert json.loads((two.folder / f"{ADA}.json").read_text("utf-8")) == json.loads(before) | {"disabled": True}
    result = two.status()
    paused, other = result.accounts[f"{ADA}.json"], result.accounts[f"{BOB}.json"]
    assert (paused["paused"], paused["state"], paused["windows"]) == (True, "disabled", [])
    assert (other["paused"], other["state"]) == (False, "ok")
    assert result.document["lowest"]["account"] == result.document["next"]["account"] == f"{BOB}.json"
    assert two.run("next").out == f"{BOB}@example.com\n"
    assert {each.token for each in stand_in.asked} == {f"token-{BOB}"}
    again = two.run("pause", f"{ADA}.json")
    assert (again.code, again.out, again.err) == (0, "Claude claude-ada@example.com is already paused.\n", "")


def test_1_the_last_account_is_paused_without_force(two: Home) -> None:
    (two.folder / f"{BOB}.json").unlink()
    result = two.run("pause", f"{ADA}.json")
    assert (result.code, result.out) == (1, "")
    assert "--force" in result.err


@posix
def test_the_running_applet_leaves_an_old_copy_that_is_written_back(two: Home, stand_in: StandIn) -> None:
    path = two.folder / f"{ADA}.json"
    old = path.read_text("utf-8")
    applet = two.start("--backend", "none")
    stand_in.until(lambda found: len(found) >= 2)
    result = two.run("pause", f"{ADA}.json")
    assert (result.code, "the running applet" in result.err) == (0, True)
    wait_until(lambda: two.known(ADA).get("account", {}).get("paused"), "applet that has seen it")
    path.write_text(old, "utf-8")
    wait_until(lambda: '"disabled": true' in path.read_text("utf-8"), "second pause")
    applet.signal("SIGTERM")
    assert applet.ended().code == 0


@posix
@pytest.mark.parametrize(("number", "code", "said"), [("SIGINT", 0, "what was done stays done"), ("SIGTERM", 143, "")])
def test_whoever_ends_the_watch_has_paused_the_account(two: Home, number: str, code: int, said: str) -> None:
    running = two.start("pause", f"{ADA}@example.com")
    assert running.first_error_line_with("watching its file")
    running.signal(number)
    result = running.ended()
    assert result.code == code
    assert said in result.err
    assert '"disabled": true' in (two.folder / f"{ADA}.json").read_text("utf-8").replace('":true', '": true')


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_2_an_account_that_is_not_there(two: Home, command: str) -> None:
    result = two.run(command, "eve@example.com")
    assert (result.code, result.out) == (2, "")
    assert "there is no account eve@example.com" in result.err
    assert two.run(command).code == 2
