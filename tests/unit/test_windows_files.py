"""Files of Windows that other programs have open, and files put in the place of others."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from contextlib import contextmanager
from ctypes import wintypes
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from login_files import NEW, OLD

from trayquota.core.errors import FileInUseError
from trayquota.sources.base import Discovery
from trayquota.sources.credential_file import read_bytes
from trayquota.sources.folder_scan import FolderScanner
from trayquota.system import windows_files
from trayquota.system.files import open_file, private_folder
from trayquota.system.native_files import exchange_files, has_writers
from trayquota.tokens.in_place import finish_writing, recorded
from trayquota.tokens.prepared_file import ready_file
from trayquota.tokens.restoring_source import TokenRestoringSource

from .facts import NOW
from .token_files import TokenRig, failure_of
from .token_writing import assert_alone, content, login_in, write

assert sys.platform == "win32"  # elsewhere it is not collected, nor checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

READ, WRITE = 0x80000000, 0x40000000
NOBODY, READERS, READERS_AND_WRITERS, EVERYBODY = 0, 1, 3, 7
"""With whom a program shares a file that it has open."""
UNABLE_TO_MOVE_REPLACEMENT_2 = 1177


@contextmanager
def opened(path: Path, access: int, sharing: int) -> Iterator[None]:
    """Another program has the file open."""
    handle = windows_files._open(path, access, sharing)
    try:
        yield
    finally:
        windows_files._kernel32.CloseHandle(handle)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows_files, "_TIMEOUT_S", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A login."""
    return login_in(tmp_path)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "first.tmp", tmp_path / "second"
    first.write_text("first")
    second.write_text("second")
    return first, second


def test_two_files_are_exchanged(pair: tuple[Path, Path]) -> None:
    first, second = pair
    exchange_files(*pair)
    assert (first.read_text(), second.read_text()) == ("second", "first")
    assert set(first.parent.iterdir()) == set(pair)


@pytest.mark.parametrize("sharing", [NOBODY, READERS, READERS_AND_WRITERS])
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.usefixtures("impatient")
def test_what_another_program_has_open_is_not_exchanged_and_said(
    pair: tuple[Path, Path], sharing: int, which: int
) -> None:
    with opened(pair[which], READ, sharing), pytest.raises(PermissionError) as caught:
        exchange_files(*pair)
    assert windows_files.is_in_use(caught.value)
    assert [each.read_text() for each in pair] == ["first", "second"]


def test_what_is_let_go_in_time_is_exchanged(pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(pair[1], READ, NOBODY) as _:
        pass
    stack = opened(pair[1], READ, NOBODY)
    stack.__enter__()
    monkeypatch.setattr(time, "sleep", lambda _: stack.__exit__(None, None, None))
    exchange_files(*pair)
    assert pair[1].read_text() == "first"


def half_replaced(path: str, replacement: str, backup: str, *_: object) -> int:
    """Fail as Windows does when it cannot do the second step."""
    del replacement
    Path(path).rename(backup)
    ctypes.set_last_error(UNABLE_TO_MOVE_REPLACEMENT_2)
    return 0


def test_a_file_that_a_failed_exchange_has_moved_is_put_back_at_once(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows_files._kernel32, "ReplaceFileW", half_replaced)
    with pytest.raises(OSError, match="1177"):
        exchange_files(*pair)
    assert [each.read_text() for each in pair] == ["first", "second"]
    assert set(pair[0].parent.iterdir()) == set(pair)


def test_a_file_that_a_crash_has_moved_is_put_back_at_the_next_start(path: Path, tmp_path: Path) -> None:
    before, records = path.read_bytes(), tmp_path / "records"
    with ready_file(path) as target, recorded(path, b"{}", records):
        target.fill(b"{}")
        assert target._temporary is not None
        path.rename(windows_files.backup_path(target._temporary))
        (record,) = records.iterdir()
        kept = record.read_bytes()
    record.write_bytes(kept)
    assert not path.exists()
    finish_writing(records)
    assert path.read_bytes() == before
    assert list(records.iterdir()) == []


def test_a_file_that_was_removed_is_not_brought_back_at_the_next_start(path: Path, tmp_path: Path) -> None:
    records = tmp_path / "records"
    with recorded(path, b"{}", records):
        (record,) = records.iterdir()
        kept = record.read_bytes()
    record.write_bytes(kept)
    path.unlink()
    finish_writing(records)
    assert not path.exists()


def acl(path: Path) -> bytes:
    """The access list, as Windows stores it."""
    advapi, size = ctypes.WinDLL("advapi32"), wintypes.DWORD()
    dacl = 4
    advapi.GetFileSecurityW(str(path), dacl, None, 0, ctypes.byref(size))
    found = ctypes.create_string_buffer(size.value)
    assert advapi.GetFileSecurityW(str(path), dacl, found, size, ctypes.byref(size))
    return found.raw


def restrict(path: Path) -> None:
    """Leave its owner and administrators alone with it."""
    advapi, descriptor, dacl = ctypes.WinDLL("advapi32"), ctypes.c_void_p(), 4
    text = "D:P(A;;FA;;;OW)(A;;FA;;;BA)"
    assert advapi.ConvertStringSecurityDescriptorToSecurityDescriptorW(text, 1, ctypes.byref(descriptor), None)
    assert advapi.SetFileSecurityW(str(path), dacl, descriptor)


def test_the_access_list_of_a_file_survives(path: Path) -> None:
    default = acl(path)
    restrict(path)
    before = acl(path)
    assert before != default
    assert write(path)
    assert content(path) == {**OLD, **NEW}
    assert acl(path) == before


def test_a_folder_inherits_the_access_list_of_the_one_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes, make = [], Path.mkdir

    def note_and_make(path: Path, mode: int = 0o777) -> None:
        modes.append(mode)
        make(path, mode)

    monkeypatch.setattr(Path, "mkdir", note_and_make)
    private_folder(tmp_path / "above" / "state")
    # 0o700 makes a list of its own in newer releases of CPython, 3.12.4 and 3.13 among them; 0o777 never does.
    assert modes == [0o777, 0o777]


def test_writers_of_an_open_file_are_seen(path: Path) -> None:
    handle = open_file(path)
    assert has_writers(handle) is False
    with opened(path, READ, EVERYBODY):
        assert has_writers(handle) is False
    with opened(path, WRITE, EVERYBODY):
        assert has_writers(handle) is True
    assert has_writers(handle) is False
    os.close(handle)


def test_a_writer_that_shares_the_file_is_waited_for_and_its_login_wins(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = json.dumps({**OLD, "refresh_token": "their-refresh", "access_token": "their-access"}).encode()
    writer = open_file(path, os.O_WRONLY)

    def finish(_: float) -> None:
        nonlocal writer
        if writer:
            os.write(writer, theirs)
            os.ftruncate(writer, len(theirs))
            os.close(writer)
            writer = 0

    monkeypatch.setattr(time, "sleep", finish)
    assert not write(path)
    assert path.read_bytes() == theirs
    assert_alone(path)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("sharing", [NOBODY, READERS_AND_WRITERS])
def test_nothing_is_sent_while_another_program_has_the_file_open(
    tmp_path: Path, sharing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_rig = TokenRig(tmp_path)
    token_rig.expire()
    credential = token_rig.credential()
    monkeypatch.setattr(token_rig, "credential", lambda: credential)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with opened(token_rig.path, READ, sharing):
        failure_of(token_rig)
    assert token_rig.provider.requests == []


@pytest.mark.usefixtures("impatient")
def test_a_pair_waits_for_a_file_in_use_and_arrives_when_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token_rig, changes = TokenRig(tmp_path), []
    source = TokenRestoringSource(_Folder(token_rig), token_rig.manager)
    source.start(lambda: changes.append("changed"))
    monkeypatch.setattr(time, "sleep", lambda _: None)
    token_rig.expire()
    scanner = opened(token_rig.path, READ, READERS)
    token_rig.provider.script.append(scanner.__enter__)
    before = token_rig.path.read_bytes()
    assert token_rig.refresh().access_token == token_rig.newest[0]
    assert (token_rig.path.read_bytes(), changes) == (before, ["changed"])
    assert source.discover().retry_s == 5.0
    failure = token_rig.manager.current_tokens(token_rig.credential())[1]
    assert failure is not None
    assert "(another program has it open). It is kept safe" in failure.message
    scanner.__exit__(None, None, None)
    assert source.discover().retry_s is None
    assert (token_rig.pair(), token_rig.journals()) == (token_rig.newest, [])


class _Folder:
    """The source of that one account."""

    name = "folder"

    def __init__(self, token_rig: TokenRig) -> None:
        self._token_rig = token_rig

    def start(self, _: Callable[[], None]) -> None:
        pass

    def is_scan_due(self) -> bool:
        return True

    def discover(self) -> Discovery:
        return Discovery((self._token_rig.credential(),))

    def close(self) -> None:
        pass


def test_a_file_that_another_program_keeps_to_itself_is_no_broken_login(path: Path) -> None:
    scanner = FolderScanner(path.parent)
    known = scanner.scan(NOW).accounts
    os.utime(path)
    with opened(path, READ, NOBODY):
        with pytest.raises(FileInUseError):
            read_bytes(path)
        found = scanner.scan(NOW)
        assert (found.accounts, found.retry_s) == (known, 2.0)
    assert scanner.scan(NOW).retry_s is None
