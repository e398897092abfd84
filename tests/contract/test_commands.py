"""The commands as the contract has them: what is printed, what is sent, and how it ends."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from provider_stand_in import CLAUDE_USAGE, CODEX_USAGE, Reply
from sample_files import fact

from .command import in_hours

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and modes as POSIX has them")
PAUSE = Reply({"error": {"type": "rate_limit_error"}}, 429, {"Retry-After": "1800"})
HELD = Reply(held=True)


def fresh(home: Home, stand_in: StandIn) -> None:
    """Put two accounts into the folder that are answered well."""
    home.add("claude-ada")
    home.add("codex-carol")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    stand_in.answer("token-codex-carol", "codex_usage_plus.json")


# Exit codes.


def test_0_when_every_account_that_can_be_asked_is_fresh(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    home.add("claude-off", disabled=True)
    home.add("qwen-1")
    result = home.status()
    assert (result.code, result.err) == (0, "")
    assert [each["state"] for each in result.document["accounts"]] == ["ok", "disabled", "ok", "unsupported"]


def test_1_when_one_is_not_fresh(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    stand_in.answer("token-codex-carol", Reply(status=500))
    result = home.status()
    assert result.code == 1
    assert result.accounts["codex-carol.json"]["error"]["kind"] == "provider_down"


@pytest.mark.parametrize("make", [True, False])
def test_3_without_accounts(home: Home, make: bool) -> None:
    if not make:
        home.folder.rmdir()
    result = home.status()
    assert result.code == 3
    assert result.document["accounts"] == []
    assert result.document["lowest"] is None
    assert result.err.startswith("trayquota: No ")
    assert "~" in result.err, "the home folder is not spelt out"
    assert home.run("status").code == 3
    assert home.run("status").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--no-such-option"],
        ["no-such-command"],
        ["status", "--js"],
        ["--backend", "abacus"],
        ["status", "--config", "missing.toml"],
        ["status", "--dir", ""],
        ["--dir", "a-file"],
        ["doctor", "--dir", "a-file"],
    ],
)
def test_2_for_an_option_that_cannot_be_used(home: Home, stand_in: StandIn, arguments: list[str]) -> None:
    fresh(home, stand_in)
    (home.path / "a-file").write_text("")
    result = home.run(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err
    assert stand_in.asked == []


@pytest.mark.parametrize("gateway", ["https://127.0.0.1:1", "http://example.com", "http://127.0.0.1:1/x", "nonsense"])
def test_2_for_a_gateway_elsewhere_and_nothing_is_sent(home: Home, stand_in: StandIn, gateway: str) -> None:
    fresh(home, stand_in)
    result = home.status(TRAYQUOTA_GATEWAY=gateway)
    assert (result.code, result.out) == (2, "")
    assert "gateway" in result.err
    assert "http://127.0.0.1:PORT" in result.err
    assert stand_in.asked == []


def test_2_for_a_broken_config_file_that_is_named(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    path = home.config
    path.parent.mkdir(parents=True)
    path.write_text("interval_minutes = 0\n")
    result = home.status()
    assert result.code == 2
    assert str(path) in result.err
    assert "interval_minutes: expected" in result.err
    assert stand_in.asked == []


def test_help_and_version_need_no_config(home: Home) -> None:
    path = home.config
    path.parent.mkdir(parents=True)
    path.write_text("broken =")
    assert home.run("--version").out.startswith("trayquota ")
    assert home.run("status", "--help").code == 0


# Options.


@pytest.mark.parametrize(
    "arguments",
    [["--dir", "{}", "status", "--json"], ["status", "--dir", "{}", "--json"], ["status", "--json", "--dir={}"]],
)
def test_options_before_and_after_the_command(home: Home, stand_in: StandIn, arguments: list[str]) -> None:
    fresh(home, stand_in)
    elsewhere = home.folder.rename(home.path / "elsewhere")
    result = home.run(*(each.format(elsewhere) for each in arguments))
    assert (result.code, len(result.accounts)) == (0, 2)


def test_an_option_beats_the_environment_beats_the_file(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    config = home.config
    config.parent.mkdir(parents=True)
    config.write_text(f"folder = '{home.path / 'from-file'}'\n")
    environment = {"TRAYQUOTA_DIR": str(home.path / "from-environment")}
    assert "from-file" in home.status().err
    assert "from-environment" in home.status(**environment).err
    assert home.status("--dir", str(home.folder), **environment).code == 0


# What is sent.


def test_each_provider_is_asked_as_it_wants_to_be(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    home.add("codex-dora", account_id=None, id_token="", refresh_token="")
    stand_in.answer("token-codex-dora", "codex_usage_weekly_only.json")
    assert home.status().code == 0
    asked = {each.token: each for each in reversed(stand_in.asked)}
    claude, codex, bare = (asked[f"token-{name}"] for name in ("claude-ada", "codex-carol", "codex-dora"))
    assert (claude.method, claude.place, claude.body) == ("GET", CLAUDE_USAGE, b"")
    assert claude.headers["authorization"] == "Bearer token-claude-ada"
    assert claude.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert claude.headers["accept"] == claude.headers["content-type"] == "application/json"
    assert claude.headers["user-agent"].startswith("claude-code/")
    assert (codex.method, codex.place) == ("GET", CODEX_USAGE)
    assert codex.headers["authorization"] == "Bearer token-codex-carol"
    assert codex.headers["user-agent"] == "codex-cli"
    assert codex.headers["chatgpt-account-id"] == fact("cred_codex.json")["account_id"]
    assert "chatgpt-account-id" not in bare.headers
    assert "anthropic-beta" not in codex.headers
    assert not any("cookie" in each.headers for each in stand_in.asked)


def test_a_disabled_account_is_never_asked(home: Home, stand_in: StandIn) -> None:
    home.add("claude-off", disabled=True)
    home.add("codex-off", disabled=True, expired=in_hours(-1))
    result = home.status()
    assert result.code == 0
    assert {each["state"] for each in result.document["accounts"]} == {"disabled"}
    assert stand_in.asked == []


def test_thirty_two_accounts_are_asked_side_by_side(home: Home, stand_in: StandIn) -> None:
    for number in range(32):
        home.add(f"claude-n{number}")
        stand_in.answer(f"token-claude-n{number}", "claude_usage_basic.json")
    stand_in.together(16)
    result = home.status()
    assert result.code == 0
    assert stand_in.most_at_once >= 16
    assert len(stand_in.tokens) == len(set(stand_in.tokens)) == 32


def test_an_account_that_hangs_or_drips_holds_nobody_up(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    home.add("claude-hangs")
    home.add("claude-drips")
    stand_in.answer("token-claude-hangs", HELD)
    stand_in.answer("token-claude-drips", Reply(dripping=True))
    command = home.start("status", "--json")
    stand_in.until(lambda asked: len(asked) == 4)
    result = command.ended()
    states = {key: each["state"] for key, each in result.accounts.items()}
    assert states == {
        "claude-ada.json": "ok",
        "claude-drips.json": "error",
        "claude-hangs.json": "error",
        "codex-carol.json": "ok",
    }
    assert result.accounts["claude-hangs.json"]["error"]["kind"] == "network"


# Known values.


def test_cached_sends_nothing_and_prints_the_last_good_values(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    first = home.status()
    asked = len(stand_in.asked)
    second = home.status("--cached")
    assert second.code == 0
    assert len(stand_in.asked) == asked
    for one, other in zip(first.document["accounts"], second.document["accounts"], strict=True):
        assert one["windows"] == other["windows"]
        assert (other["state"], other["updated_at"]) == ("ok", one["updated_at"])


def test_cached_before_anything_is_known(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    result = home.status("--cached")
    assert result.code == 1
    assert {each["state"] for each in result.document["accounts"]} == {"error"}
    assert stand_in.asked == []
    assert home.run("status", "--cached").code == 1


def test_values_stay_when_the_next_try_fails(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    good = home.status().accounts["claude-ada.json"]
    stand_in.answer("token-claude-ada", Reply(status=529))
    account = home.status().accounts["claude-ada.json"]
    assert account["state"] == "stale"
    assert account["error"]["kind"] == "provider_down"
    assert (account["windows"], account["updated_at"]) == (good["windows"], good["updated_at"])


def test_a_pause_holds_for_the_next_command_which_says_so(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    home.status()
    stand_in.answer("token-claude-ada", PAUSE)
    assert home.status().code == 1
    asked = len(stand_in.asked)
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    result = home.status()
    assert result.code == 1
    assert {each.token for each in stand_in.asked[asked:]} == {"token-codex-carol"}
    account = result.accounts["claude-ada.json"]
    assert (account["state"], account["error"]["kind"]) == ("stale", "rate_limited")
    assert account["error"]["retry_at"]
    assert len(account["windows"]) == 3
    table = home.run("status")
    assert table.code == 1
    assert "until" in table.out


def test_a_state_that_cannot_be_kept_is_no_hindrance(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    (home.path / "state").write_text("a file where a folder should be")
    result = home.status()
    assert (result.code, result.err) == (0, "")


# Being interrupted.


@posix
@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_it_while_an_answer_is_awaited(home: Home, stand_in: StandIn, number: str, code: int) -> None:
    fresh(home, stand_in)
    stand_in.answer("token-claude-ada", HELD)
    command = home.start("status", "--json")
    stand_in.until(lambda asked: len({each.token for each in asked}) == 2)
    command.signal(number)
    result = command.ended()
    assert (result.code, result.out, result.err) == (code, "", "")


def test_the_output_of_verbose_holds_no_secret(home: Home, stand_in: StandIn) -> None:
    fresh(home, stand_in)
    stand_in.answer("token-codex-carol", Reply("secret body", 500))
    result = home.status("--verbose")
    assert "refresh: start, 2 accounts" in result.err
    for secret in ("token-", "example.com", "fake-", "secret body"):
        assert secret not in result.err
    assert json.loads(result.out)
