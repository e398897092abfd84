"""Native logins as a source: when they are shown, what hostile files do, and that nothing of them is ever written."""

from __future__ import annotations

import sys
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import account_usage, apply_result, new_record
from trayquota.core.credential import Tokens
from trayquota.core.errors import fetch_error
from trayquota.core.model import AccountState, FailureKind
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.providers import ProviderSwitches
from trayquota.providers.base import SIGN_IN
from trayquota.settings.config import Settings
from trayquota.sources.native import NativeSettings
from trayquota.sources.native_keychain import ClaudeKeychain, command, run_command
from trayquota.sources.native_places import native_places
from trayquota.store.state import StateStore
from trayquota.system.watcher import Watcher
from trayquota.tokens.manager import TokenManager
from trayquota.views.alerts import check_alerts
from trayquota.views.tray import tray_view

from .facts import NOW
from .native_logins import found, native_source, put, put_claude, put_codex
from .platforms import posix_names
from .samples import OPTIONS, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from trayquota.core.account_state import FetchResult
    from trayquota.providers.base import Request, Response
    from trayquota.sources.native import NativeSource
    from trayquota.views.tray_view import MenuItem

CLAUDE, CODEX = ".claude/.credentials.json", ".codex/auth.json"
PATIENCE_S = 10.0
CONTENT = b'{"claudeAiOauth": {"accessToken": "from-the-keychain", "expiresAt": 1790107200000}}'


def test_switched_off_nothing_is_found(tmp_path: Path) -> None:
    put_claude(tmp_path)
    assert found(native_source(tmp_path, "off")) == {}


def test_by_default_logins_are_fallbacks(tmp_path: Path) -> None:
    put_claude(tmp_path)
    assert Settings().native_logins == "auto"
    assert found(native_source(tmp_path, "auto"))[CLAUDE].is_fallback
    assert not found(native_source(tmp_path, "on"))[CLAUDE].is_fallback


def test_an_account_of_a_provider_that_is_off_is_disabled(tmp_path: Path) -> None:
    put_claude(tmp_path)
    put_codex(tmp_path)
    accounts = found(native_source(tmp_path, off=["codex"]))
    assert {key: each.disabled for key, each in accounts.items()} == {CLAUDE: False, CODEX: True}


def test_without_a_home_folder_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trayquota.sources.native.known_home", lambda: None)
    source = native_source(None)  # type: ignore[arg-type] # the person's own, which is not known
    assert found(source) == {}


@pytest.mark.parametrize("content", ["", "{", "[7]", '{"claudeAiOauth": ' * 5000, "\0"])
def test_a_hostile_file_is_said_after_a_second_and_stops_no_other(tmp_path: Path, content: str) -> None:
    put(tmp_path / CLAUDE, content)
    put_codex(tmp_path)
    source = native_source(tmp_path)
    first = source.discover()
    assert CODEX in {each.account.id for each in first.accounts}
    if content == "[7]":
        assert first.retry_s is None, "it is JSON, with no login in it"
        return
    assert first.retry_s is not None, "it may be half written"
    source._clock = lambda: NOW.replace(second=2)
    problem = found(source)[CLAUDE].problem
    assert problem is not None
    assert problem.kind is FailureKind.UNREADABLE_FILE
    assert SIGN_IN not in problem.message


def test_a_file_that_is_too_large_or_none_is_said(tmp_path: Path) -> None:
    put(tmp_path / CLAUDE, "x" * ((1 << 20) + 1))
    (tmp_path / CODEX).mkdir(parents=True)
    source = native_source(tmp_path)
    source.discover()
    source._clock = lambda: NOW.replace(second=2)
    assert {key: each.problem is not None for key, each in found(source).items()} == {CLAUDE: True, CODEX: True}


def test_a_half_written_login_keeps_what_is_known(tmp_path: Path) -> None:
    path = put_claude(tmp_path)
    source = native_source(tmp_path)
    before = found(source)
    path.write_text('{"claudeAi')
    assert found(source) == before


def test_a_damaged_token_is_never_sent(tmp_path: Path) -> None:
    put_claude(tmp_path, accessToken="two\nlines")
    account = found(native_source(tmp_path))[CLAUDE]
    assert account.login == Tokens()
    assert account.problem is not None


def test_a_login_that_has_gone_is_no_account_any_more(tmp_path: Path) -> None:
    path = put_claude(tmp_path)
    source = native_source(tmp_path)
    assert found(source)
    path.unlink()
    assert found(source) == {}


def test_another_account_of_claude_code_is_noticed(tmp_path: Path) -> None:
    put_claude(tmp_path)
    source = native_source(tmp_path)
    assert found(source)[CLAUDE].account.name == "ada@example.com"
    put(tmp_path / ".claude.json", {"oauthAccount": {"emailAddress": "bea@example.com"}})
    assert found(source)[CLAUDE].account.name == "bea@example.com"


def test_a_login_that_was_found_is_watched(tmp_path: Path) -> None:
    path, watcher, changed = put_claude(tmp_path), Watcher(), threading.Event()
    source = native_source(tmp_path, watcher=watcher)
    source.start(changed.set)
    try:
        assert found(source)[CLAUDE].login.access_token == "claude-access"
        replacement = put(tmp_path / "new", path.read_text().replace("claude-access", "newer"))
        replacement.replace(path)
        assert changed.wait(PATIENCE_S), "Claude Code has refreshed its login"
        assert found(source)[CLAUDE].login.access_token == "newer"
        source.configure(NativeSettings("off", ProviderSwitches()))
        assert found(source) == {}
        assert watcher.kind == "nothing"
    finally:
        watcher.stop()


def test_nothing_is_written_anywhere(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    put_claude(tmp_path, expiresAt=1)
    put_codex(tmp_path)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")}
    source = native_source(tmp_path)
    for account in source.discover().accounts:
        fetch(account.account.id, source, tmp_path_factory.mktemp("state"))
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in tmp_path.rglob("*")} == before


def fetch(key: str, source: NativeSource, state: Path) -> tuple[FetchResult, list[Request]]:
    """Fetch an account whose provider refuses it; return the result, and what was sent."""
    sent: list[Request] = []

    def send(request: Request, **_more: object) -> Response:
        sent.append(request)
        raise fetch_error(FailureKind.LOGIN_EXPIRED, f"Login expired. {SIGN_IN}", may_refresh=True)

    manager = TokenManager(state, send, StateStore(state / "state.json"), lambda: NOW, threading.Event())
    fetcher = Fetcher(send, manager, lambda: NOW)
    return fetcher(found(source)[key], CancelToken(), lambda _seconds: None), sent


@pytest.mark.parametrize(("key", "advice"), [(CLAUDE, "Open Claude Code once."), (CODEX, "Open Codex once.")])
def test_a_login_that_is_refused_is_neither_refreshed_nor_blamed_on_a_proxy(
    tmp_path: Path, key: str, advice: str
) -> None:
    put_claude(tmp_path)
    put_codex(tmp_path)
    result, sent = fetch(key, native_source(tmp_path), tmp_path / "state")
    assert result.error is not None
    assert result.error.message == f"Login expired. {advice}"
    assert len(sent) == 1


def test_a_login_that_has_ended_is_a_quiet_row(tmp_path: Path) -> None:
    put_claude(tmp_path, expiresAt=1790050000000)
    source = native_source(tmp_path)
    result, sent = fetch(CLAUDE, source, tmp_path / "state")
    credential = found(source)[CLAUDE]
    record = apply_result(new_record(credential), result, None, NOW)
    shown = snapshot(account_usage(credential, record, is_confirmed=True))
    assert (sent, shown.accounts[0].state) == ([], AccountState.EXPIRED)
    view = tray_view(shown, NOW, OPTIONS)
    assert not view.needs_attention
    assert not view.icon.attention
    assert any("Open Claude Code once." in label for label in labels(view.menu))
    assert check_alerts({}, shown, NOW, OPTIONS) == ({}, None)


def labels(rows: Iterable[MenuItem]) -> Iterator[str]:
    for row in rows:
        yield row.label
        yield from labels(row.children)


def test_the_same_login_in_a_folder_does_need_its_owner(tmp_path: Path) -> None:
    put_claude(tmp_path, expiresAt=1790050000000)
    result, _ = fetch(CLAUDE, native_source(tmp_path), tmp_path / "state")
    credential = found(native_source(tmp_path))[CLAUDE]
    credential = replace(credential, account=replace(credential.account, source="folder"))
    record = apply_result(new_record(credential), result, None, NOW)
    shown = snapshot(account_usage(credential, record, is_confirmed=True))
    assert tray_view(shown, NOW, OPTIONS).needs_attention


class Keychain:
    """Prints what the test says, and counts."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.commands: list[Sequence[str]] = []

    def __call__(self, arguments: Sequence[str]) -> bytes | None:
        self.commands.append(arguments)
        return self.content


def test_the_keychain_is_read_on_request_alone(tmp_path: Path) -> None:
    source = native_source(tmp_path)
    keychain = Keychain(CONTENT)
    source._keychain = ClaudeKeychain(keychain)
    assert found(source) == {}
    assert keychain.commands == []
    source.configure(NativeSettings("on", ProviderSwitches(), reads_keychain=True))
    assert found(source)[CLAUDE].login.access_token == "from-the-keychain"
    assert not Settings().native_keychain


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"{}"])
def test_without_an_entry_in_the_keychain_the_file_serves(tmp_path: Path, content: bytes | None) -> None:
    put_claude(tmp_path)
    source = native_source(tmp_path)
    source._keychain = ClaudeKeychain(Keychain(content))
    source.configure(NativeSettings("on", ProviderSwitches(), reads_keychain=True))
    assert found(source)[CLAUDE].login.access_token == "claude-access"


def test_the_keychain_is_read_again_only_once_the_login_has_ended(tmp_path: Path) -> None:
    place, keychain = native_places({}, tmp_path)[0], Keychain(CONTENT)
    login = ClaudeKeychain(keychain)
    for minutes, times in ((0, 1), (1, 1), (470, 1), (481, 2), (482, 2), (497, 3)):
        assert login.read(place, {}, tmp_path, NOW + timedelta(minutes=minutes)) is not None
        assert len(keychain.commands) == times, f"after {minutes} minutes"


def test_a_keychain_that_says_no_is_left_alone_for_a_quarter_of_an_hour(tmp_path: Path) -> None:
    place, keychain = native_places({}, tmp_path)[0], Keychain(None)
    login = ClaudeKeychain(keychain)
    for minutes, times in ((0, 1), (14, 1), (15, 2)):
        assert login.read(place, {}, tmp_path, NOW + timedelta(minutes=minutes)) is None
        assert len(keychain.commands) == times, f"after {minutes} minutes"


@posix_names
@pytest.mark.parametrize(
    ("variables", "service"),
    [
        ({}, "Claude Code-credentials"),
        ({"CLAUDE_CONFIG_DIR": "/home/é"}, "Claude Code-credentials-753cb706"),
        ({"CLAUDE_CONFIG_DIR": "/home/e\u0301"}, "Claude Code-credentials-753cb706"),
    ],
)
def test_the_entry_of_the_keychain_is_named_after_the_folder(
    tmp_path: Path, variables: dict[str, str], service: str
) -> None:
    arguments = command({"USER": "ada", **variables}, tmp_path)
    assert arguments == ["/usr/bin/security", "find-generic-password", "-s", service, "-a", "ada", "-w"]


def test_no_program_to_read_the_keychain_with_is_no_entry() -> None:
    assert run_command(["/nowhere/security"]) is None
    assert run_command([sys.executable, "-c", "print('x', end='')"]) == b"x"
    assert run_command([sys.executable, "-c", "raise SystemExit(44)"]) is None
