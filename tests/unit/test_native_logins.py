"""The logins of other programs: where they are, and what is read of each."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.model import FailureKind

from . import facts
from .native_logins import (
    EARLIER,
    LATER,
    LATER_MS,
    found,
    native_source,
    put,
    put_claude,
    put_codex,
    put_kiro_database,
    web_token,
)

if TYPE_CHECKING:
    from pathlib import Path

CLAUDE, CODEX = ".claude/.credentials.json", ".codex/auth.json"


def test_claude_codes_login_is_read_with_its_account_and_plan(tmp_path: Path) -> None:
    put_claude(tmp_path)
    account = found(native_source(tmp_path))[CLAUDE]
    assert (account.account.name, account.account.plan) == ("ada@example.com", "Max 20x")
    assert (account.account.organization, account.source) == ("Example Corp", "native")
    assert account.login.access_token == "claude-access"
    assert account.login.expires_at == facts.moment(LATER)
    assert account.problem is None


def test_no_login_can_be_refreshed_or_written(tmp_path: Path) -> None:
    put_claude(tmp_path)
    put_codex(tmp_path)
    for account in found(native_source(tmp_path)).values():
        assert not account.writable
        assert account.login.refresh_token == ""


@pytest.mark.parametrize("name", ["native_claude_credentials.json", "native_codex_auth.json", "native_grok_auth.json"])
def test_the_samples_of_the_facts(tmp_path: Path, name: str) -> None:
    sample = facts.newer(name)
    put(tmp_path / str(sample["what"]).removeprefix("~/"), _with_tokens(sample["answer"]))
    (account,) = found(native_source(tmp_path)).values()
    wanted, person = sample["expected"], account.account
    assert person.provider == {"xai": "grok"}.get(sample["provider"], sample["provider"])
    if "plan" in wanted:
        assert (person.plan, account.login.expires_at) == (wanted["plan"], datetime.fromisoformat(wanted["expires_at"]))
    assert account.login.account_id == wanted.get("account_id", account.login.account_id)
    assert person.name == wanted.get("email", person.name)


def _with_tokens(value: Any) -> Any:
    """Return a sample with something that can be sent in place of what stands for a token."""
    if isinstance(value, dict):
        return {key: _with_tokens(each) for key, each in value.items()}
    return {"…": "a-token", "<jwt>": web_token()}.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"CLAUDE_SECURESTORAGE_CONFIG_DIR": ""}, ".claude"),
        ({"CLAUDE_SECURESTORAGE_CONFIG_DIR": "{home}/safe", "CLAUDE_CONFIG_DIR": "{home}/work"}, "safe"),
        ({"CLAUDE_CONFIG_DIR": "{home}/work"}, "work"),
        ({"CLAUDE_CONFIG_DIR": "{home}/~"}, "~"),
        ({"CLAUDE_CONFIG_DIR": ""}, ".claude"),
    ],
)
def test_claude_codes_folder_may_be_another_one(tmp_path: Path, variables: dict[str, str], place: str) -> None:
    usual = put_claude(tmp_path)
    wanted = put(tmp_path / place / ".credentials.json", usual.read_text())
    environment = {name: value.format(home=tmp_path) for name, value in variables.items()}
    assert [each.path for each in found(native_source(tmp_path, environment=environment)).values()] == [str(wanted)]


def test_another_config_folder_of_claude_code_has_its_own_account(tmp_path: Path) -> None:
    put_claude(tmp_path, email="home@example.com")
    put_claude(tmp_path / "work", email="work@example.com")
    (tmp_path / "work/.claude/.credentials.json").rename(tmp_path / "work/.credentials.json")
    source = native_source(tmp_path, environment={"CLAUDE_CONFIG_DIR": str(tmp_path / "work")})
    assert [each.account.name for each in found(source).values()] == ["work@example.com"]


@pytest.mark.parametrize("size", [5, 3_000_000])
def test_a_state_of_claude_code_of_any_size_names_the_account(tmp_path: Path, size: int) -> None:
    put_claude(tmp_path)
    state = (tmp_path / ".claude.json").read_text()
    put(tmp_path / ".claude.json", state.replace('{"numStartups"', f'{{"projects": "{"x" * size}", "numStartups"', 1))
    assert found(native_source(tmp_path))[CLAUDE].account.name == "ada@example.com"


@pytest.mark.parametrize("state", ["", "{", "[]", '{"oauthAccount": 7}', '{"oauthAccount": {"emailAddress": {}}}'])
def test_without_an_account_the_file_names_the_login(tmp_path: Path, state: str) -> None:
    put_claude(tmp_path)
    put(tmp_path / ".claude.json", state)
    assert found(native_source(tmp_path))[CLAUDE].account.name == ".credentials.json"


def test_a_login_that_may_not_read_quotas_is_not_asked(tmp_path: Path) -> None:
    put_claude(tmp_path, scopes=["user:inference"])
    problem = found(native_source(tmp_path))[CLAUDE].problem
    assert problem is not None
    assert problem.kind is FailureKind.SCOPE_MISSING


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (CLAUDE, {"mcpOAuth": {}}),
        (CLAUDE, {"claudeAiOauth": {"accessToken": ""}}),
        (CODEX, {"OPENAI_API_KEY": "sk-x", "tokens": None}),
        (CODEX, {"auth_mode": "agentIdentity", "personal_access_token": "x"}),
        (".grok/auth.json", {"https://elsewhere.example.com": {"key": "x"}}),
        (".gemini/oauth_creds.json", {"refresh_token": "x"}),
        (".config/github-copilot/apps.json", {"enterprise.example.com:app": {"oauth_token": "x"}}),
        (".local/share/devin/credentials.toml", 'api_key = "x"\napi_server_url = "https://eu.example.com/api"\n'),
        (".local/share/devin/credentials.toml", 'api_key = "x"\napi_server_url = "http://server.codeium.com"\n'),
        (".local/share/devin/credentials.toml", 'api_key = "x"\napi_server_url = "https://["\n'),
        (".aws/sso/cache/an-account-of-the-cloud.json", {"accessToken": "x"}),
    ],
)
def test_what_has_no_quotas_to_read_is_no_account(tmp_path: Path, path: str, content: object) -> None:
    put(tmp_path / path, content)
    assert found(native_source(tmp_path)) == {}


def test_codex_in_the_form_of_old_files(tmp_path: Path) -> None:
    tokens = {"idToken": web_token(email="jo@example.com"), "accessToken": "x", "accountId": "acc-1"}
    put(tmp_path / "elsewhere/auth.json", {"tokens": tokens})
    source = native_source(tmp_path, environment={"CODEX_HOME": str(tmp_path / "elsewhere")})
    account = found(source)["elsewhere/auth.json"]
    assert (account.account.name, account.login.account_id) == ("jo@example.com", "acc-1")


@pytest.mark.parametrize("settings", [{}, {"security": {"auth": {"selectedType": "oauth-personal"}}}, [7]])
def test_gemini_clis_login_is_read(tmp_path: Path, settings: object) -> None:
    login = {"access_token": "x", "expiry_date": LATER_MS, "id_token": web_token(email="jo@example.com")}
    put(tmp_path / ".gemini/oauth_creds.json", login)
    put(tmp_path / ".gemini/settings.json", settings)
    account = found(native_source(tmp_path))[".gemini/oauth_creds.json"]
    assert (account.account.name, account.login.expires_at) == ("jo@example.com", facts.moment(LATER))


def test_a_login_that_gemini_cli_does_not_use_is_none(tmp_path: Path) -> None:
    put(tmp_path / ".gemini/oauth_creds.json", {"access_token": "x"})
    put(tmp_path / ".gemini/settings.json", {"security": {"auth": {"selectedType": "gemini-api-key"}}})
    assert found(native_source(tmp_path)) == {}


def test_gemini_clis_home_may_be_another_one(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere/.gemini/oauth_creds.json", {"access_token": "x"})
    source = native_source(tmp_path, environment={"GEMINI_CLI_HOME": str(tmp_path / "elsewhere")})
    assert list(found(source)) == [".gemini/oauth_creds.json"]


@pytest.mark.parametrize("folder", [".kimi-code", ".kimi"])
@pytest.mark.parametrize("device", ["credentials/device_id", "device_id"])
def test_kimi_codes_login_is_read_with_its_device(tmp_path: Path, folder: str, device: str) -> None:
    put(tmp_path / folder / "credentials/kimi-code.json", {"access_token": "x", "expires_at": LATER_MS / 1000})
    put(tmp_path / folder / device, "device-1\n")
    account = found(native_source(tmp_path))["credentials/kimi-code.json"]
    assert account.login.extra == {"host": "api.kimi.com", "device_id": "device-1"}


def test_the_login_of_grok_that_lasts_longest_is_read(tmp_path: Path) -> None:
    short = {"key": "short", "expires_at": EARLIER}
    last = {"key": "long", "expires_at": LATER, "email": "jo@example.com", "user_id": "u-1"}
    put(tmp_path / "g/auth.json", {"https://accounts.x.ai/sign-in": short, "https://auth.x.ai::app": last, "x": {}})
    account = found(native_source(tmp_path, environment={"GROK_HOME": str(tmp_path / "g")}))["g/auth.json"]
    assert (account.login.access_token, account.login.account_id) == ("long", "u-1")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("apps.json", {"github.com:app-1": {"oauth_token": "x", "user": "jo"}}),
        ("hosts.json", {"github.com": {"oauth_token": "x", "user": "jo"}}),
    ],
)
def test_copilots_login_of_an_editor_is_read(tmp_path: Path, name: str, content: object) -> None:
    put(tmp_path / ".config/github-copilot" / name, content)
    account = found(native_source(tmp_path))[f"github-copilot/{name}"]
    assert (account.account.name, account.login.access_token) == ("jo", "x")


HOSTS = """\
# comment
ghe.example.com:
    oauth_token: wrong
github.com:
    users:
        other:
            oauth_token: wrong
    git_protocol: https
    oauth_token: "right"
    user: jo
"""


def test_the_github_clis_login_is_used_on_request_alone(tmp_path: Path) -> None:
    put(tmp_path / ".config/gh/hosts.yml", HOSTS)
    assert found(native_source(tmp_path, "auto")) == {}
    account = found(native_source(tmp_path, "on"))["gh/hosts.yml"]
    assert (account.account.name, account.login.access_token) == ("jo", "right")


TOKEN = {"access_token": "kiro-access", "expires_at": LATER, "region": "us-east-1"}
ARN = "arn:aws:codewhisperer:eu-central-1:1:profile/x"


@pytest.mark.skipif(sys.platform == "darwin", reason="its folder is another one there")
def test_kiro_clis_login_is_read_and_nothing_is_made_beside_its_database(tmp_path: Path) -> None:
    path = put_kiro_database(tmp_path / ".local/share/kiro-cli/data.sqlite3", TOKEN, {"arn": ARN})
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
    before = sorted(path.parent.iterdir())
    account = found(native_source(tmp_path))["kiro-cli/data.sqlite3"]
    assert (account.login.access_token, account.login.extra["region"]) == ("kiro-access", "eu-central-1")
    assert sorted(path.parent.iterdir()) == before


def test_what_kiro_cli_has_written_last_is_read_while_it_runs(tmp_path: Path) -> None:
    path = put_kiro_database(tmp_path / "data.sqlite3", TOKEN, {"arn": ARN})
    source = native_source(tmp_path, environment={"KIRO_DATA_DIR": str(tmp_path)})
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        with database:
            database.execute("UPDATE auth_kv SET value = replace(value, 'kiro-access', 'newer')")
        assert [each.login.access_token for each in found(source).values()] == ["newer"]


@pytest.mark.parametrize("content", ["", "no database at all", "SQLite format 3\0"])
def test_a_broken_database_of_kiro_cli_is_said(tmp_path: Path, content: str) -> None:
    put(tmp_path / "data.sqlite3", content)
    source = native_source(tmp_path, environment={"KIRO_DATA_DIR": str(tmp_path)})
    assert source.discover().retry_s is not None


def test_kiros_login_of_the_editor_is_read(tmp_path: Path) -> None:
    put(tmp_path / ".aws/sso/cache/kiro-auth-token.json", {"accessToken": "x", "expiresAt": LATER, "profileArn": ARN})
    account = found(native_source(tmp_path))["cache/kiro-auth-token.json"]
    assert (account.login.access_token, account.login.extra["profile"]) == ("x", ARN)


@pytest.mark.parametrize("key", ["windsurf_api_key", "devin_api_key", "api_key"])
@pytest.mark.parametrize("server", ["", 'api_server_url = "https://server.codeium.com"'])
def test_devins_login_is_read(tmp_path: Path, key: str, server: str) -> None:
    put(tmp_path / "data/devin/credentials.toml", f'{key} = "devin-key"\n{server}\n')
    source = native_source(tmp_path, environment={"XDG_DATA_HOME": str(tmp_path / "data")})
    assert found(source)["devin/credentials.toml"].login.access_token == "devin-key"
