"""Refreshing tokens, as seen from outside: the file, the requests, and what a signal must not interrupt."""

from __future__ import annotations

import json
import signal
import stat
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import CLAUDE_TOKEN, CLAUDE_USAGE, CODEX_USAGE, Reply
from sample_files import fact

from .command import in_hours

if TYPE_CHECKING:
    from pathlib import Path

    from provider_stand_in import StandIn

    from .command import Home

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes as POSIX has them")
REFRESH = "refresh+token/with=marks&%~-._"
ROTATED = Reply(
    {"access_token": "token-new", "refresh_token": "refresh-new", "expires_in": 28800, "token_type": "Bearer"}
)
HELD = Reply(ROTATED.body, held=True)
REFUSED = Reply(fact("http_cases_claude.json")[0]["body"], 401)


@pytest.fixture
def expired(home: Home, stand_in: StandIn) -> Path:
    """A Claude account whose login has ended, and a provider that refreshes it."""
    stand_in.answer(REFRESH, ROTATED)
    stand_in.answer("token-new", "claude_usage_basic.json")
    return home.add(
        "claude-ada", expired=in_hours(-1), refresh_token=REFRESH, note="spare", priority="10", weights=[1, 2]
    )


def test_an_ended_login_is_refreshed_in_its_file_before_it_is_used(
    home: Home, stand_in: StandIn, expired: Path
) -> None:
    expired.chmod(0o640)
    before = json.loads(expired.read_text())
    result = home.status()
    assert result.code == 0
    assert [each.place for each in stand_in.asked] == [CLAUDE_TOKEN, CLAUDE_USAGE]
    refresh, request = stand_in.asked
    assert refresh.method == "POST"
    assert refresh.headers["content-type"] == "application/x-www-form-urlencoded"
    assert refresh.headers["accept"] == "application/json"
    assert refresh.headers["user-agent"].startswith("axios/")
    assert "authorization" not in refresh.headers
    assert refresh.form == {
        "grant_type": "refresh_token",
        "refresh_token": REFRESH,
        "client_id": "9d1c250a-e61b-44d9-88ed-5944d1962f5e",
    }
    assert b"refresh_token=refresh%2Btoken%2Fwith%3Dmarks%26%25~-._" in refresh.body
    assert request.token == "token-new"
    assert request.headers["user-agent"].startswith("claude-code/")
    after = json.loads(expired.read_text())
    changed = {"access_token", "refresh_token", "expired", "last_refresh"}
    assert {key for key in after if after[key] != before.get(key)} == changed
    assert set(after) == set(before)
    assert (after["access_token"], after["refresh_token"]) == ("token-new", "refresh-new")
    left = datetime.fromisoformat(after["expired"]) - datetime.now(UTC)
    assert timedelta(hours=7, minutes=55) < left <= timedelta(hours=8)
    assert [each.name for each in home.folder.iterdir()] == ["claude-ada.json"], "nothing is left beside it"
    if sys.platform != "win32":
        assert stat.S_IMODE(expired.stat().st_mode) == 0o640


def test_a_refreshed_login_is_not_refreshed_again(home: Home, stand_in: StandIn, expired: Path) -> None:
    home.status()
    home.status()
    assert [each.place for each in stand_in.asked] == [CLAUDE_TOKEN, CLAUDE_USAGE, CLAUDE_USAGE]
    assert json.loads(expired.read_text())["access_token"] == "token-new"


def test_a_refused_login_is_refreshed_once_and_requested_once_more(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada", refresh_token="refresh-old")
    stand_in.answer("token-claude-ada", REFUSED)
    stand_in.answer("refresh-old", ROTATED)
    stand_in.answer("token-new", REFUSED)
    result = home.status()
    assert result.accounts["claude-ada.json"]["state"] == "expired"
    assert stand_in.tokens == ["token-claude-ada", "refresh-old", "token-new"]


def test_a_dead_login_is_refreshed_once_and_the_message_says_how_to_sign_in(
    home: Home, stand_in: StandIn, expired: Path
) -> None:
    stand_in.answer(REFRESH, Reply({"error": "invalid_grant"}, 400))
    before = expired.read_bytes()
    for _ in range(2):
        account = home.status().accounts["claude-ada.json"]
        assert (account["state"], account["error"]["kind"]) == ("expired", "login_expired")
        assert "Sign in again" in account["error"]["message"]
    assert stand_in.tokens == [REFRESH], "also not after a restart"
    assert expired.read_bytes() == before


def test_a_login_without_the_right_is_not_refreshed(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ci", refresh_token="refresh-ci")
    case = fact("http_cases_claude.json")[1]
    stand_in.answer("token-claude-ci", Reply(case["body"], 403))
    assert home.status().accounts["claude-ci.json"]["error"]["kind"] == "scope_missing"
    assert [each.place for each in stand_in.asked] == [CLAUDE_USAGE]


def test_a_codex_login_is_never_refreshed(home: Home, stand_in: StandIn) -> None:
    home.add("codex-old", expired=in_hours(-1), refresh_token="refresh-codex")
    home.add("codex-refused", refresh_token="refresh-codex-2")
    stand_in.answer("token-codex-refused", Reply(fact("http_cases_codex.json")[0]["body"], 401))
    before = {each.name: each.read_bytes() for each in home.folder.iterdir()}
    result = home.status()
    assert {each["state"] for each in result.document["accounts"]} == {"expired"}
    assert [each.place for each in stand_in.asked] == [CODEX_USAGE]
    assert {each.name: each.read_bytes() for each in home.folder.iterdir()} == before


def test_nothing_is_refreshed_where_that_is_switched_off(home: Home, stand_in: StandIn, expired: Path) -> None:
    config = home.path / "config.toml"
    config.write_text("renew_logins = false\n")
    before = expired.read_bytes()
    account = home.status("--config", str(config)).accounts["claude-ada.json"]
    assert account["state"] == "expired"
    assert stand_in.asked == []
    assert expired.read_bytes() == before


@posix
@pytest.mark.parametrize(
    "name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPROF", "SIGXCPU", "SIGPWR"]
)
@pytest.mark.parametrize("arguments", [("status", "--json"), ("--backend", "none")])
def test_a_signal_ends_a_token_refresh_or_nobody_is_informed_what_is_waited_for(
    home: Home, stand_in: StandIn, expired: Path, name: str, arguments: tuple[str, ...]
) -> None:
    if not hasattr(signal, name):
        pytest.skip("no signal of this system")
    stand_in.answer(REFRESH, HELD)
    command = home.start(*arguments)
    stand_in.until(lambda asked: asked)
    command.signal(name)
    command.signal(name)
    assert "a login is being refreshed" in command.first_error_line_with("trayquota:")
    assert command.is_running
    assert "refresh-new" not in expired.read_text()
    stand_in.let_go()
    result = command.ended()
    after = json.loads(expired.read_text())
    assert (after["access_token"], after["refresh_token"]) == ("token-new", "refresh-new")
    assert (result.out, result.err) == ("", "")
    assert stand_in.tokens == [REFRESH], "and nothing new is asked"
    assert result.code == (0 if "none" in arguments else 128 + signal.Signals[name])
