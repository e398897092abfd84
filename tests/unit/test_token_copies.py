"""One login in several files, and files that show up with a token that is spent."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import FetchError
from trayquota.sources.base import Discovery
from trayquota.sources.credential_file import parse_fields, read_account
from trayquota.tokens.restoring_source import TokenRestoringSource

from .platforms import posix
from .token_files import Pair, TokenRig, fields, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.core.credential import Credential


def pair_in(path: Path) -> tuple[str, str]:
    content = json.loads(path.read_bytes())
    return content["access_token"], content["refresh_token"]


def account_in(path: Path) -> Credential:
    source = parse_fields(path.read_bytes())
    assert source is not None
    return read_account(path, source)


def discover(token_rig: TokenRig, *paths: Path) -> None:
    """See these files, as a discovery does."""
    token_rig.manager.replace_spent([account_in(path) for path in paths])


def copied(token_rig: TokenRig, name: str = "claude-copy.json") -> Path:
    copy = token_rig.path.with_name(name)
    shutil.copyfile(token_rig.path, copy)
    return copy


def hard_linked(token_rig: TokenRig) -> Path:
    copy = token_rig.path.with_name("claude-link.json")
    copy.hardlink_to(token_rig.path)
    return copy


def soft_linked(token_rig: TokenRig) -> Path:
    copy = token_rig.path.with_name("claude-link.json")
    copy.symlink_to(token_rig.path)
    return copy


def in_another_folder(token_rig: TokenRig) -> Path:
    folder = token_rig.path.parent.with_name("second")
    folder.mkdir()
    token_rig.manager.files.folders = [token_rig.path.parent, folder]
    return shutil.copyfile(token_rig.path, folder / token_rig.path.name)


WAYS = [copied, hard_linked, soft_linked, in_another_folder]
if sys.platform == "win32":
    WAYS.remove(soft_linked)


@pytest.mark.parametrize("way", WAYS)
def test_another_file_of_the_login_keeps_the_spent_token(expired: TokenRig, way: Callable[[TokenRig], Path]) -> None:
    other = way(expired)
    expired.refresh()
    assert pair_in(other) == expired.pair() == expired.newest
    assert (expired.provider.rotations, expired.journals()) == (1, [])


@pytest.mark.parametrize("way", WAYS)
def test_several_files_of_a_login_have_its_token_sent_several_times(
    expired: TokenRig, way: Callable[[TokenRig], Path]
) -> None:
    credentials = [account_in(path) for path in (expired.path, way(expired))] * 4
    folders = expired.manager.files.folders
    expired.start(threading.Event())
    expired.manager.files.folders = folders
    barrier = threading.Barrier(len(credentials))

    def refresh(credential: Credential) -> str:
        barrier.wait()
        return expired.manager.refresh(credential, credential.login).access_token

    with ThreadPoolExecutor(len(credentials)) as pool:
        assert set(pool.map(refresh, credentials)) == {"access-2"}
    assert (expired.provider.rotations, len(expired.provider.requests)) == (1, 1)


def test_a_copy_with_a_login_of_its_own_is_overwritten(expired: TokenRig) -> None:
    other = copied(expired)
    other.write_text(json.dumps(fields(Pair("theirs", "their-refresh", expired.clock()))))
    before = other.read_bytes()
    expired.refresh()
    assert other.read_bytes() == before


@posix
def test_a_copy_that_cannot_be_read_or_belongs_to_somebody_else_costs_the_pair(expired: TokenRig) -> None:
    broken, foreign = copied(expired, "claude-broken.json"), copied(expired, "claude-foreign.json")
    broken.write_bytes(b"{")
    if sys.platform != "win32":
        try:
            if sys.platform != "win32":
                os.chown(foreign, 12345, -1)
        except PermissionError:
            foreign.unlink()
    before = foreign.read_bytes() if foreign.exists() else b""
    expired.refresh()
    assert expired.pair() == expired.newest
    assert broken.read_bytes() == b"{"
    assert (foreign.read_bytes() if foreign.exists() else b"") == before


def test_a_file_that_was_renamed_while_its_pair_waited_stays_without_it(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    moved = expired.path.rename(expired.path.with_name("claude-renamed.json"))
    expired.start().recover()
    assert pair_in(moved) == expired.newest
    assert expired.journals() == []


@pytest.mark.parametrize("generations", [1, 3])
@pytest.mark.parametrize("restarts", [False, True])
def test_a_file_that_shows_up_with_a_spent_token_keeps_it(
    expired: TokenRig, generations: int, *, restarts: bool
) -> None:
    old = expired.path.read_bytes()
    for _ in range(generations):
        expired.refresh()
        expired.expire()
    restored = expired.path.with_name("claude-restored.json")
    restored.write_bytes(old)
    if restarts:
        expired.start()
    discover(expired, restored)
    assert pair_in(restored) == expired.newest
    expired.path.write_bytes(old)
    discover(expired, expired.path)
    assert expired.pair() == expired.newest
    assert expired.provider.rotations == generations


def test_the_program_ends_while_a_file_is_being_written(expired: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    old, idle = expired.path.read_bytes(), list[bool]()
    expired.refresh()
    expired.path.write_bytes(old)
    monkeypatch.setattr(time, "sleep", lambda _: idle.append(expired.manager.wait_idle(0)))
    discover(expired, expired.path)
    assert set(idle) == {False}
    assert expired.manager.wait_idle(0)


def test_a_spent_token_in_a_file_that_is_switched_off_stays(expired: TokenRig) -> None:
    old = expired.content()
    expired.refresh()
    expired.path.write_text(json.dumps(old | {"disabled": True, "note": "kept"}))
    discover(expired, expired.path)
    assert expired.pair() == expired.newest
    assert (expired.content()["disabled"], expired.content()["note"]) == (True, "kept")


def test_a_spent_token_is_forgotten_when_the_state_was_purged_too_early(expired: TokenRig) -> None:
    old = expired.path.read_bytes()
    expired.refresh()
    expired.start().recover()
    expired.path.write_bytes(old)
    discover(expired, expired.path)
    assert expired.pair() == expired.newest


@posix
def test_a_file_of_another_user_with_a_spent_token_is_written(expired: TokenRig) -> None:
    old = expired.path.read_bytes()
    expired.refresh()
    expired.path.write_bytes(old)
    try:
        if sys.platform != "win32":
            os.chown(expired.path, 12345, -1)
    except PermissionError:
        pytest.skip("may not give files away here")
    discover(expired, expired.path)
    assert expired.path.read_bytes() == old
    assert expired.refresh().access_token == "access-2"
    expired.expire()
    with pytest.raises(FetchError):
        expired.refresh()
    assert (expired.path.read_bytes(), expired.provider.rotations) == (old, 1)


def test_a_source_gives_accounts_without_their_files_being_looked_at(expired: TokenRig) -> None:
    class Source:
        name = "folder"
        started: Callable[[], None] | None = None
        is_closed = False

        def start(self, changed: Callable[[], None]) -> None:
            self.started = changed

        def is_scan_due(self) -> bool:
            return True

        def discover(self) -> Discovery:
            return Discovery((account_in(expired.path),), "a notice", 3.0)

        def close(self) -> None:
            self.is_closed = True

    old = expired.path.read_bytes()
    expired.refresh()
    expired.path.write_bytes(old)
    inner = Source()
    source = TokenRestoringSource(inner, expired.manager)
    source.start(lambda: None)
    found = source.discover()
    source.close()
    assert (found.notice, found.retry_s, len(found.accounts)) == ("a notice", 3.0, 1)
    assert (source.name, inner.started is not None, inner.is_closed) == ("folder", True, True)
    assert expired.pair() == expired.newest
    assert source.is_scan_due(), "the other source says so"
