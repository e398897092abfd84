"""The applet without a tray: everything runs, nothing is shown."""

from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import CLAUDE_USAGE, Reply

from .command import in_hours, wait_until

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home, Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes as POSIX has them")
HUNG_NAME_LOOK_UP = """
import socket, sys, threading
socket.getaddrinfo = lambda *_args, **_more: threading.Event().wait()
from trayquota.cli.main import run
run()
"""
SECRETS = ("token-", "fake-", "@example.com", "refresh-")


def start(home: Home, *arguments: str, **environment: str) -> Running:
    return home.start("--backend", "none", *arguments, **environment)


def end(applet: Running, number: str = "SIGTERM") -> None:
    """End it and hold it to a quiet end."""
    applet.signal(number)
    result = applet.ended()
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.fixture
def ada(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")


def asked(stand_in: StandIn, *tokens: str) -> None:
    stand_in.until(lambda found: sorted(each.token for each in found) == sorted(tokens))


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.usefixtures("ada")
def test_a_signal_ends_it_and_its_records_are_saved(home: Home, stand_in: StandIn, number: str) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    wait_until(lambda: "refresh: start, 1 accounts" in home.log, "log")
    end(applet, number)
    result = home.status("--cached")
    assert result.code in {0, 1}
    assert home.known("claude-ada")["account"]["provider"] == "claude"


@pytest.mark.usefixtures("ada")
def test_a_signal_that_is_ignored_from_outside_stays_so(home: Home, stand_in: StandIn) -> None:
    code = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
        "os.execv(sys.executable, [sys.executable, '-m', 'trayquota', '--backend', 'none'])"
    )
    applet = home.start(code=code)
    asked(stand_in, "token-claude-ada")
    applet.signal("SIGHUP")
    home.add("claude-bob")
    asked(stand_in, "token-claude-ada", "token-claude-bob")
    end(applet)


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.usefixtures("ada")
def test_it_ends_while_an_answer_is_awaited(home: Home, stand_in: StandIn, number: str) -> None:
    stand_in.answer("token-claude-ada", Reply(held=True))
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    end(applet, number)


@pytest.mark.usefixtures("ada")
def test_it_ends_while_a_name_look_up_hangs_that_nothing_can_end(home: Home) -> None:
    for arguments, code in ((("--backend", "none", "-v"), 0), (("status", "--json", "-v"), 143)):
        command = home.start(*arguments, code=HUNG_NAME_LOOK_UP)
        assert command.first_error_line_with("refresh: start, 1 accounts")
        command.signal("SIGTERM")
        assert command.ended().code == code


@pytest.mark.usefixtures("ada")
def test_a_file_that_comes_changes_or_goes_is_noticed(home: Home, stand_in: StandIn) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    home.add("codex-carol")
    stand_in.answer("token-codex-carol", "codex_usage_weekly_only.json")
    asked(stand_in, "token-claude-ada", "token-codex-carol")
    wait_until(lambda: "the accounts have changed: 2" in home.log, "second account")

    path = home.add("claude-ada", disabled=True)
    wait_until(lambda: home.log.count("the accounts have changed: 2") == 2, "word of the change")
    home.add("claude-ada", access_token="token-rotated")
    stand_in.answer("token-rotated", "claude_usage_basic.json")
    asked(stand_in, "token-claude-ada", "token-codex-carol", "token-rotated")

    path.unlink()
    wait_until(lambda: "the accounts have changed: 1" in home.log, "word of the removal")
    end(applet)


def test_a_folder_that_comes_later_is_noticed(home: Home, stand_in: StandIn) -> None:
    home.folder.rmdir()
    home.folder = home.path / "later" / "and" / "deeper"
    applet = start(home, "--dir", str(home.folder))
    wait_until(lambda: "refresh: start, 0 accounts" in home.log, "start")
    home.folder.mkdir(parents=True)
    home.add("claude-ada")
    asked(stand_in, "token-claude-ada")
    end(applet)


@pytest.mark.usefixtures("ada")
def test_a_folder_deleted_and_made_again_is_noticed(home: Home, stand_in: StandIn) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    (home.folder / "claude-ada.json").unlink()
    home.folder.rmdir()
    wait_until(lambda: "the accounts have changed: 0" in home.log, "word of the removal")
    home.folder.mkdir()
    home.add("claude-bob")
    asked(stand_in, "token-claude-ada", "token-claude-bob")
    end(applet)


@pytest.mark.usefixtures("ada")
def test_a_file_truncated_in_place_is_read_when_it_is_whole(home: Home, stand_in: StandIn) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    whole = home.add("claude-bob").read_text()
    home.write("claude-bob.json", whole[:40])
    home.write("claude-bob.json", "")
    home.write("claude-bob.json", whole.replace("token-claude-bob", "token-whole"))
    stand_in.until(lambda found: any(each.token == "token-whole" for each in found))
    end(applet)


@pytest.mark.usefixtures("ada")
def test_the_proxy_s_rotation_of_a_token_is_no_reason_to_ask(home: Home, stand_in: StandIn) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    wait_until(lambda: home.known("claude-ada").get("windows"), "saved values")
    home.add("claude-ada", access_token="token-rotated")
    wait_until(lambda: "the accounts have changed: 1" in home.log.partition("refresh:")[2], "word of it")
    home.add("claude-zoe")
    asked(stand_in, "token-claude-ada", "token-claude-zoe")
    end(applet)


def test_a_refreshed_login_is_written_once_and_used_once(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada", expired=in_hours(-1), refresh_token="refresh-old")
    stand_in.answer("refresh-old", Reply({"access_token": "token-new", "refresh_token": "refresh-new"}))
    stand_in.answer("token-new", "claude_usage_basic.json")
    applet = start(home)
    asked(stand_in, "refresh-old", "token-new")
    wait_until(lambda: home.known("claude-ada").get("windows"), "saved values")
    home.add("claude-zoe")
    asked(stand_in, "refresh-old", "token-new", "token-claude-zoe")
    end(applet)
    assert json.loads((home.folder / "claude-ada.json").read_text())["refresh_token"] == "refresh-new"


@pytest.mark.usefixtures("ada")
def test_a_pause_survives_being_killed(home: Home, stand_in: StandIn) -> None:
    stand_in.answer("token-claude-ada", Reply({}, 429, {"Retry-After": "900"}))
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    wait_until(lambda: home.known("claude-ada").get("gate"), "saved gate")
    applet.signal("SIGKILL")
    applet.ended()
    begun = home.log.count("refresh: start")
    applet = start(home)
    # Each source says it.
    wait_until(lambda: home.log.count("refresh: start") == 2 * begun, "second start")
    home.add("claude-zoe")
    asked(stand_in, "token-claude-ada", "token-claude-zoe")
    end(applet)


def test_its_own_files_are_its_owner_s_and_hold_no_secret(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada", expired=in_hours(-1), refresh_token="refresh-old")
    stand_in.answer("refresh-old", Reply({"access_token": "token-new", "refresh_token": "refresh-new"}))
    stand_in.answer("token-new", Reply("<html>secret body</html>", 403, {"Content-Type": "text/html"}))
    applet = start(home, "--verbose")
    asked(stand_in, "refresh-old", "token-new")
    wait_until(lambda: home.known("claude-ada").get("failure"), "saved failure")
    applet.signal("SIGTERM")
    result = applet.ended()
    assert "refresh: start, 1 accounts" in result.err
    own = [each for each in (home.path / "state").rglob("*") if each.is_file()]
    assert {each.name for each in own} >= {"state.json", "trayquota.log"}
    for each in own:
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
        assert stat.S_IMODE(each.parent.stat().st_mode) == 0o700, each.parent
    for secret in (*SECRETS, "secret body"):
        assert secret not in home.log + result.err
    state = (home.state / "state.json").read_text()
    for secret in ("token-", "refresh-", "secret body"):
        assert secret not in state


@pytest.mark.usefixtures("ada")
def test_a_second_command_beside_it_is_no_disturbance(home: Home, stand_in: StandIn) -> None:
    applet = start(home)
    asked(stand_in, "token-claude-ada")
    assert home.status().code == 0
    assert [each.place for each in stand_in.asked] == [CLAUDE_USAGE] * 2
    end(applet)


def test_without_a_tray_it_says_why_and_what_to_do(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada")
    result = home.run()
    assert (result.code, result.out) == (3, "")
    assert result.err.startswith("trayquota: No tray can be shown here")
    assert "trayquota status" in result.err
    assert stand_in.asked == []


@pytest.mark.parametrize("backend", ["win32", "darwin", "gtk", "xorg"])
def test_a_tray_that_does_not_work_here_is_named(home: Home, backend: str) -> None:
    result = home.run("--backend", backend)
    assert result.code == 3
    assert f"'{backend}' does not work here" in result.err
