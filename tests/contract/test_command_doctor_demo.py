"""``doctor`` and ``demo``."""

from __future__ import annotations

import json
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from provider_list import provider_names
from provider_stand_in import Reply

from trayquota.providers import provider_title

from .command import wait_until

if TYPE_CHECKING:
    from provider_stand_in import StandIn

    from .command import Home

posix = pytest.mark.skipif(
    sys.platform == "win32", reason="signals, modes and trays that may be missing, as POSIX has them"
)
SECRETS = ("token-", "refresh-", "fake-", "@example", "example.com", "secret")


def doctor(home: Home, *arguments: str) -> tuple[int, str]:
    result = home.run("doctor", "--backend", "none", *arguments)
    assert result.err == ""
    return result.code, result.out


def warnings(report: str) -> list[str]:
    return [line for line in report.splitlines() if line.startswith("!")]


@posix
def test_a_doctor_who_finds_nothing_says_so(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    assert home.status().code == 0
    asked = len(stand_in.asked)
    code, report = doctor(home)
    assert (code, warnings(report)) == (0, [])
    assert "all well" in report
    for words in (
        "backend none: asked for",
        "~/.cli-proxy-api (from default)",
        "watched with inotify" if sys.platform == "linux" else "watched with",
        "claude 1: ok, 3 windows, updated just now",
        "interval_minutes = 5",
        "gateway = 'http://127.0.0.1:",
        "(from TRAYQUOTA_GATEWAY)",
        "requests ",
        "tomlkit ",
        "Python 3.",
        "state.json: ",
    ):
        assert words in report
    assert len(stand_in.asked) == asked, "it sends nothing"


@posix
def test_a_doctor_says_which_logins_of_other_programs_are_used(home: Home, stand_in: StandIn) -> None:
    home.add("claude-ada")
    stand_in.answer("token-claude-ada", "claude_usage_basic.json")
    ended = {"claudeAiOauth": {"accessToken": "token-native", "expiresAt": 1790000000000, "scopes": ["user:profile"]}}
    logins = {".claude/.credentials.json": ended, ".codex/auth.json": {"tokens": {"access_token": "token-codex"}}}
    logins[".kimi-code/credentials/kimi-code.json"] = {"access_token": "token-kimi", "expires_at": 1790000000}
    for name, content in logins.items():
        (home.path / name).parent.mkdir(parents=True)
        (home.path / name).write_text(json.dumps(content))
    stand_in.answer("token-codex", "codex_usage_plus.json")
    accounts = home.status().accounts
    found = {account["id"]: (account["source"], account["state"]) for account in accounts.values()}
    assert found == {
        "claude-ada.json": ("folder", "ok"),
        ".codex/auth.json": ("native", "ok"),
        "credentials/kimi-code.json": ("native", "expired"),
    }
    code, report = doctor(home)
    assert (code, warnings(report)) == (0, []), "a native login needs nobody"
    assert "Claude Code, ~/.claude/.credentials.json: found, not used: the credentials folder has an account" in report
    assert "Codex, ~/.codex/auth.json: used" in report
    assert "Open Kimi Code once." in report
    home.config.parent.mkdir(parents=True, exist_ok=True)
    home.config.write_text('native_logins = "off"\n')
    assert 'Codex, ~/.codex/auth.json: found, not used: native_logins = "off"' in doctor(home)[1]


@posix
def test_a_doctor_marks_what_deserves_a_look(home: Home, stand_in: StandIn) -> None:
    home.folder.chmod(0o755)
    home.add("claude-ada").chmod(0o644)
    home.add("claude-bob", refresh_token="")
    home.write("claude-carol.json", "")
    stand_in.answer("token-claude-bob", Reply({}, 401))
    home.status()
    code, report = doctor(home)
    assert code == 1
    found = "\n".join(warnings(report))
    for words in ("mode 0755", "credential file 1: mode 0644", "chmod 600", "expired", "unreadable_file"):
        assert words in found
    assert report.rstrip().endswith(f"{len(warnings(report))} to look at, marked with ! above")


@posix
def test_a_doctor_without_a_folder_or_a_tray_says_so(home: Home) -> None:
    home.folder.rmdir()
    result = home.run("doctor")
    assert result.code == 1
    assert "No tray can be shown here" in result.out
    assert "No folder ~" in result.out


@posix
def test_a_report_holds_nothing_that_is_nobody_s_business(home: Home, stand_in: StandIn) -> None:
    folder = home.path / "accounts of ada@example.com"
    home.folder = home.folder.rename(folder)
    home.add("claude-ada", refresh_token="refresh-1", note="secret note").chmod(0o666)
    home.add("codex-carol", refresh_token="refresh-2", proxy_url="http://user:secret@proxy.example.com:1")
    home.add("kimi-2", type="evil@example.com")
    stand_in.answer("token-claude-ada", Reply("secret body", 500))
    config = home.path / "config.toml"
    hook = 'notify_command = ["lamp", "https://hooks.example.com/secret"]\n'
    config.write_text(f'proxy = "http://user:secret@proxy.example.com:1"\n{hook}')
    options = ("--config", str(config), "--dir", str(folder))
    home.status(*options)
    code, report = doctor(home, *options)
    assert code == 1
    for secret in (*SECRETS, str(home.path)):
        assert secret not in report
    assert "proxy = set, not shown" in report


def test_doctor_warns_of_known_dangers_to_logins(home: Home) -> None:
    home.write("antigravity-jo.json", {"type": "antigravity", "email": "jo@example.com", "access_token": "token"})
    accounts = home.run("doctor").out.partition("\nAccounts\n")[2].partition("\n\n")[0]
    assert "has led to bans" in accounts
    off = home.path / "off.toml"
    off.write_text('providers_off = ["antigravity"]\n')
    assert "has led to bans" not in home.run("doctor", "--config", str(off)).out


# Demo.


def leftovers(home: Home) -> list[str]:
    return [each.name for each in home.temporary.iterdir()]


def test_the_demo_prints_accounts_in_every_state_of_every_provider_and_leaves_nothing(
    home: Home, stand_in: StandIn
) -> None:
    home.add("claude-ada")
    result = home.run("demo", "--once")
    assert (result.code, result.err) == (1, "")
    headers = [line for line in result.out.splitlines() if line.startswith(("Claude · ", "Codex · "))]
    assert len(headers) == 6
    assert {line.split(" · ")[0] for line in result.out.splitlines() if "@example." in line} >= {
        "Claude",
        "Codex",
        *(provider_title(name) for name in provider_names()),
    }
    assert not any("claude-ada@" in each for each in headers), "the person's own accounts are left alone"
    for words in ("0%", "Paused", "Login expired", "has trouble (HTTP", "Weekly (Fable)"):
        assert words in result.out
    assert stand_in.asked == []
    assert leftovers(home) == []
    assert not (home.path / "state").exists()


@posix
def test_a_demo_without_a_tray_prints_the_table_and_says_why(home: Home) -> None:
    result = home.run("demo")
    assert result.code == 1
    assert "No tray can be shown here" in result.err
    assert "as a table instead" in result.err
    assert "Claude · ada@example.com" in result.out
    assert "in the tray now" not in result.out
    assert leftovers(home) == []


def test_a_demo_does_not_care_about_a_broken_config(home: Home) -> None:
    path = home.config
    path.parent.mkdir(parents=True)
    path.write_text("broken =")
    assert home.run("demo", "--once", TRAYQUOTA_GATEWAY="nonsense").code == 1


@posix
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_demo_in_the_tray_asks_its_own_stand_in_and_tidies_up(home: Home, stand_in: StandIn, number: str) -> None:
    applet = home.start("demo", "--backend", "none", "--verbose")
    # It is asked again after a few seconds, so that the icon moves.
    assert applet.first_error_line_with("refresh: schedule")
    (folder,) = home.temporary.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    applet.signal(number)
    result = applet.ended()
    assert result.code == 0
    assert "Sixteen sample accounts are in the tray now" in result.out
    wait_until(lambda: not leftovers(home), "tidy temporary folder")
    assert stand_in.asked == []
