"""Writing ``disabled`` into a credential file: nothing else changes, and no login is lost by it."""

from __future__ import annotations

import json
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from login_files import NEW, OLD, THEIRS

from trayquota.core.errors import FetchError, TokenWriteError
from trayquota.store.state import StateStore
from trayquota.system.native_files import exchange_files
from trayquota.tokens import prepared_file
from trayquota.tokens.disabling import set_disabled
from trayquota.tokens.journal import LOCK
from trayquota.tokens.lock import refresh_lock
from trayquota.tokens.manager import TokenManager
from trayquota.tokens.pending_tokens import fingerprint

from .platforms import links
from .token_files import MORE
from .token_writing import assert_alone, before_replacing, content, login_in, while_writing

if TYPE_CHECKING:
    from trayquota.providers.base import Request, Response

posix = pytest.mark.skipif(sys.platform == "win32", reason="a file is exchanged there, or left to whoever has it open")


class CrashError(BaseException):
    """The process ends here."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return login_in(tmp_path)


@pytest.fixture
def manager(path: Path) -> TokenManager:
    return started(path)


def started(path: Path) -> TokenManager:
    """Return what a program has that starts now."""

    def send(request: Request, *, proxy_url: str | None) -> Response:
        raise AssertionError(request.url, proxy_url)

    state = path.parent.with_name("state")
    found = TokenManager(state, send, StateStore(state / "state.json"), lambda: datetime.now(UTC), threading.Event())
    found.files.folders = [path.parent]
    found.recover()
    return found


def test_only_disabled_is_another_and_the_keys_keep_their_order(path: Path, manager: TokenManager) -> None:
    path.write_text(json.dumps({**OLD, **MORE, "disabled": False}))
    path.chmod(0o640)
    before = content(path)
    assert set_disabled(manager, str(path), disabled=True)
    assert content(path) == before | {"disabled": True}
    assert list(content(path)) == list(before)
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o640
    assert set_disabled(manager, str(path), disabled=False)
    assert content(path) == before
    assert_alone(path)


@pytest.mark.parametrize("value", [None, False, True, "true", 0, 1])
def test_a_file_that_says_so_already_is_written(path: Path, manager: TokenManager, value: object) -> None:
    path.write_text(json.dumps(OLD if value is None else {**OLD, "disabled": value}))
    before, written = path.read_bytes(), path.stat().st_mtime_ns
    assert not set_disabled(manager, str(path), disabled=bool(value))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (before, written)


@posix
@pytest.mark.parametrize("moment", ["while it is made ready", "right before the exchange", "into the displaced file"])
def test_a_newer_login_written_meanwhile_is_lost(
    path: Path, manager: TokenManager, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def write() -> None:
        path.write_text(json.dumps(THEIRS))

    if moment == "while it is made ready":
        while_writing(monkeypatch, write)
    elif moment == "right before the exchange":
        before_replacing(monkeypatch, write)
    else:
        handle = os.open(path, os.O_WRONLY)

        def write_late() -> None:
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps(THEIRS).encode())
            os.close(handle)

        before_replacing(monkeypatch, write_late)
    set_disabled(manager, str(path), disabled=True)
    assert content(path) == {**THEIRS, "disabled": True}
    assert_alone(path)


def test_a_file_that_was_removed_comes_back(path: Path, manager: TokenManager) -> None:
    path.unlink()
    with pytest.raises(TokenWriteError):
        set_disabled(manager, str(path), disabled=True)
    assert list(path.parent.iterdir()) == []


def test_a_login_that_another_program_refreshes_is_written(path: Path, manager: TokenManager) -> None:
    # Who is quitting waits for nobody.
    manager._closing.set()
    place = path.parent.with_name("state") / "renewals" / (fingerprint("old-refresh") + LOCK)
    with refresh_lock(place, threading.Event()), pytest.raises(FetchError):
        set_disabled(manager, str(path), disabled=True)
    assert content(path) == OLD


@links
def test_a_link_is_followed(path: Path, manager: TokenManager) -> None:
    link = path.with_name("claude-link.json")
    link.symlink_to(path)
    set_disabled(manager, str(link), disabled=True)
    assert link.is_symlink()
    assert content(path) == {**OLD, "disabled": True}


def crash(
    path: Path, manager: TokenManager, monkeypatch: pytest.MonkeyPatch, *, before: bool, late: object = None
) -> None:
    """End the process at the exchange; ``late`` is what another program writes into the displaced file then."""
    original = exchange_files

    def exchange(first: Path, second: Path) -> None:
        if not before:
            original(first, second)
            if late is not None:
                first.write_text(json.dumps(late))
        raise CrashError

    def stay(*_: object, **__: object) -> None:
        """The process has ended: nothing is removed."""

    with monkeypatch.context() as patched:
        patched.setattr(prepared_file, "exchange_files", exchange)
        patched.setattr(Path, "unlink", stay)
        with pytest.raises(CrashError):
            set_disabled(manager, str(path), disabled=True)


@posix
@pytest.mark.parametrize("before", [True, False])
def test_a_crash_leaves_a_file_that_is_not_whole(
    path: Path, manager: TokenManager, monkeypatch: pytest.MonkeyPatch, *, before: bool
) -> None:
    crash(path, manager, monkeypatch, before=before)
    again = started(path)
    assert content(path) == (OLD if before else {**OLD, "disabled": True})
    assert_alone(path)
    assert set_disabled(again, str(path), disabled=True) is before


@posix
def test_a_login_written_into_the_displaced_file_is_lost_by_a_crash(
    path: Path, manager: TokenManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(path, manager, monkeypatch, before=False, late=THEIRS)
    started(path)
    assert content(path) == THEIRS
    assert_alone(path)


@posix
def test_after_a_crash_a_prepared_file_takes_the_place_of_a_newer_login(
    path: Path, manager: TokenManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(path, manager, monkeypatch, before=True)
    (prepared,) = (each for each in path.parent.iterdir() if each != path)
    path.write_text(json.dumps({**OLD, **NEW}))
    os.utime(prepared, ns=(path.stat().st_mtime_ns + 10**9,) * 2)
    started(path)
    assert content(path) == {**OLD, **NEW}
    assert_alone(path)
