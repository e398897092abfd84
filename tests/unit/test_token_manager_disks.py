"""New pairs on disks that do not take them."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.model import FailureKind
from trayquota.system.file_lock import lock_held
from trayquota.tokens.journal import Journal

from .platforms import path_of
from .token_files import TokenRig, failure_of, kind_of, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tokens.pending_tokens import PendingTokens


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (errno.EROFS, "read-only file system"),
        (errno.ENOSPC, "no space left on device"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_a_pair_that_cannot_be_written_is_used_reported_and_written_later(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch, reason: int, words: str
) -> None:
    before = expired.path.read_bytes()
    with monkeypatch.context() as patched:
        unwritable(patched, reason)
        assert expired.refresh().access_token == "access-2"
        assert expired.path.read_bytes() == before
        login, warning = expired.manager.current_tokens(expired.credential())
        assert login.access_token == "access-2"
        assert warning is not None
        assert warning.kind is FailureKind.UNREADABLE_FILE
        assert f"{words}). It is kept safe in the state folder" in warning.message
        (journal,) = expired.journals()
        if sys.platform != "win32":
            assert journal.stat().st_mode & 0o777 == 0o600
    login, warning = expired.manager.current_tokens(expired.credential())
    assert (login.access_token, warning) == ("access-2", None)
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_it_survives_restarts_and_is_refreshed_in_its_turn(expired: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
        for generation in (2, 3, 4):
            expired.start().recover()
            assert expired.manager.current_tokens(expired.credential())[0].access_token == f"access-{generation}"
            expired.expire()
            assert expired.refresh().access_token == f"access-{generation + 1}"
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])
    assert expired.provider.rotations == 4


def test_another_process_finds_it_without_recovering_first(expired: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    expired.start()
    assert expired.refresh().access_token == "access-2"
    assert (expired.pair(), expired.provider.rotations) == (expired.newest, 1)


def test_a_new_login_drops_it(expired: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    theirs = expired.provider.sign_in()
    expired.write(theirs)
    before = expired.path.read_bytes()
    expired.start().recover()
    assert (expired.path.read_bytes(), expired.journals()) == (before, [])


def test_a_new_login_that_comes_right_after_a_look_at_a_broken_file_is_refreshed_as_its_own(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pair that waits for the old login must not stand for the new one's."""
    stale = expired.credential()
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    expired.path.write_bytes(b"")
    theirs = expired.provider.sign_in()
    expired.expire()
    successor = expired.manager.files.successor

    def sign_in_first(refresh_token: str, access_token: str) -> PendingTokens | None:
        if not expired.path.read_bytes():
            expired.write(theirs)
        return successor(refresh_token, access_token)

    monkeypatch.setattr(expired.manager.files, "successor", sign_in_first)
    assert expired.manager.current_tokens(stale)[0].access_token == "access-2"
    expired.refresh()
    assert expired.pair() == expired.newest


@pytest.fixture
def broken_state(expired: TokenRig) -> TokenRig:
    expired.state.mkdir(exist_ok=True)
    (expired.state / "renewals").write_text("in the way")
    return expired


def test_without_a_safe_place_for_the_new_pair_nothing_is_sent(broken_state: TokenRig) -> None:
    failure = failure_of(broken_state).failure
    assert failure.kind is FailureKind.UNREADABLE_FILE
    assert "state folder" in failure.message
    assert broken_state.provider.requests == []
    broken_state.manager.recover()
    assert broken_state.manager.current_tokens(broken_state.credential())[1] is None


class Disk:
    """Fails under the journal as long as :attr:`fails` says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.fails = True
        for name in names:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(handle: int, *arguments: object) -> object:
            if self.fails and "renewals" in path_of(handle):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return original(handle, *arguments)

        return call


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_nor_when_the_disk_is_full(expired: TokenRig, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    disk = Disk(monkeypatch, call)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert (expired.provider.requests, expired.journals()) == ([], [])
    disk.fails = False
    assert expired.refresh().access_token == "access-2"


def test_nor_when_the_journal_cannot_be_read(expired: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Journal, __: str) -> None:
        raise OSError

    monkeypatch.setattr(Journal, "newest", fail)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []


def test_a_journal_that_fails_after_the_refresh_does_not_matter_when_the_file_takes_the_pair(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    expired.provider.script.append(lambda: setattr(disk, "fails", True))
    assert expired.refresh().access_token == "access-2"
    assert expired.pair() == expired.newest


def test_when_both_fail_the_pair_is_in_use_and_saved_as_soon_as_one_of_them_works(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.refresh().access_token == "access-2"
        for _ in range(2):
            login, warning = expired.manager.current_tokens(expired.credential())
            assert login.access_token == "access-2"
            assert warning is not None
            assert "lost when the program ends" in warning.message
        assert expired.refresh().access_token == "access-2"
        disk.fails = False
        warning = expired.manager.current_tokens(expired.credential())[1]
        assert warning is not None
        assert "kept safe" in warning.message
        assert len(expired.journals()) == 1
        expired.start().recover()
        assert expired.manager.current_tokens(expired.credential())[0].access_token == "access-2"
    expired.manager.current_tokens(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_an_older_pair_in_the_journal_does_not_take_the_place_of_one_that_is_only_in_memory(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
        expired.expire()
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.refresh().access_token == "access-3"
        expired.manager.current_tokens(expired.credential())
    expired.manager.current_tokens(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


@pytest.mark.skipif(sys.platform == "win32", reason="a folder with open files in it cannot be removed there")
@pytest.mark.parametrize("is_file_writable", [True, False])
def test_a_state_folder_that_is_removed_during_the_refresh_takes_no_pair_with_it(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch, *, is_file_writable: bool
) -> None:
    expired.provider.script.append(lambda: shutil.rmtree(expired.state))
    with monkeypatch.context() as patched:
        if not is_file_writable:
            unwritable(patched)
        assert expired.refresh().access_token == "access-2"
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


@pytest.mark.parametrize("fails", [False, True])
def test_the_pair_of_another_process_in_the_journal_comes_before_an_older_one_in_memory(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    expired.provider.script.append(lambda: setattr(disk, "fails", fails))
    expired.refresh()
    disk.fails = False
    first = expired.manager
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.expire()
        expired.start()
        assert expired.refresh().access_token == "access-3"
    expired.manager = first
    assert expired.refresh().access_token == "access-3"
    assert (expired.pair(), expired.journals()) == (expired.newest, [])
    assert expired.provider.rotations == 2


def test_while_somebody_else_holds_the_lock_the_pair_is_used_without_a_word(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    (journal,) = expired.journals()
    with lock_held(journal.with_suffix(".lock")):
        login, warning = expired.manager.current_tokens(expired.credential())
        assert (login.access_token, warning) == ("access-2", None)
        assert expired.closing.waits == []
        expired.start().recover()
        assert expired.closing.waits == []
    assert len(expired.journals()) == 1


def test_rubbish_in_the_journals_folder_stops_nobody(expired: TokenRig) -> None:
    folder = expired.state / "renewals"
    folder.mkdir(parents=True)
    (folder / "a.journal").write_bytes(b"\0\xff{{{" * 1000)
    (folder / "b.journal").mkdir()
    (folder / "c.journal").symlink_to(folder / "c.journal")
    expired.manager.recover()
    assert expired.refresh().access_token == "access-2"


def test_a_file_that_is_gone_keeps_its_pair_until_it_comes_back(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    away = expired.path.rename(expired.path.with_name("away"))
    expired.start().recover()
    assert len(expired.journals()) == 1
    away.rename(expired.path)
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])
