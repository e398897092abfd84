"""The journal: what goes in comes out, whatever happens to the file in between."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.tokens.journal import Journal
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint

from .structs import structs

PATH = "/home/ada/.cli-proxy-api/claude-ada@example.com.json"
ENTRY = PendingTokens(
    PATH, fingerprint("old"), fingerprint("older"), "access", "refresh", "2026-09-22T20:00:00Z", "2026-09-22T12:00:00Z"
)
KEY, OTHER_KEY = ENTRY.base, fingerprint("another")
ROOM = 1 << 16
TEXTS = st.text(max_size=40)
ENTRIES = structs(PendingTokens, st.just(PATH), st.just(KEY), TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)

FEW = settings(max_examples=25)
"""Each of them waits for the disk."""
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state" / "renewals")


def keep(journal: Journal, *entries: PendingTokens) -> None:
    for entry in entries:
        with journal.reserved(entry.base) as room:
            room.write(entry)


def numbered(number: int) -> PendingTokens:
    return replace(ENTRY, access_token=f"access-{number}")


class CrashError(BaseException):
    """The process ends here."""


@FEW
@given(st.lists(ENTRIES, min_size=1, max_size=5))
def test_the_last_one_counts(tmp_path_factory: pytest.TempPathFactory, entries: list[PendingTokens]) -> None:
    journal = Journal(tmp_path_factory.mktemp("renewals"))
    keep(journal, *entries)
    assert journal.newest(KEY) == entries[-1]
    assert list(journal.pending()) == [entries[-1]]
    journal.mark_written(entries[-1])
    assert journal.newest(KEY) == entries[-1]
    assert list(journal.pending()) == []


def test_each_token_has_its_own(journal: Journal) -> None:
    other = replace(ENTRY, base=fingerprint("other"), refresh_token="other-new")
    keep(journal, ENTRY, other)
    journal.mark_written(ENTRY)
    assert list(journal.pending()) == [other]
    assert (journal.newest(KEY), journal.newest(other.base)) == (ENTRY, other)


def test_without_a_folder_there_is_nothing(journal: Journal) -> None:
    assert journal.newest(KEY) is None
    assert list(journal.pending()) == []
    journal.purge()


def test_the_pair_is_wherever_the_file_is_truncated(journal: Journal) -> None:
    """The first one until the second one is whole."""
    keep(journal, numbered(1), numbered(2))
    place = journal.path_for(KEY)
    whole = place.read_bytes()
    first = whole.index(b"\n", 1)
    for size in range(len(whole)):
        place.write_bytes(whole[:size])
        expected = None if size < first else numbered(1) if size < len(whole) - 1 else numbered(2)
        assert journal.newest(KEY) == expected
        if size % 40 == 0:
            keep(journal, numbered(3))
            assert journal.newest(KEY) == numbered(3)


@FEW
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_rubbish_around_it_does_not_hide_it(
    tmp_path_factory: pytest.TempPathFactory, before: bytes, after: bytes
) -> None:
    journal = Journal(tmp_path_factory.mktemp("renewals"))
    journal.path_for(KEY).write_bytes(before)
    keep(journal, ENTRY)
    with journal.path_for(KEY).open("ab") as file:
        file.write(after)
    assert journal.newest(KEY) == ENTRY


@pytest.mark.parametrize(
    "line",
    [
        b"null",
        b"[]",
        b"{}",
        b'{"entry": 1, "sum": 2}',
        b'{"entry": "{}", "sum": "0"}',
        b'{"entry": "{}", "sum": "%s"}' % fingerprint("{}").encode(),
        b'{"entry": "[1", "sum": "%s"}' % fingerprint("[1").encode(),
        b'{"entry": "{\\"path\\": 1}", "sum": "%s"}' % fingerprint('{"path": 1}').encode(),
        b"[" * 100000,
        b"\0" * 500,
        b"\xff\xfe{}",
        "nützt nichts".encode("latin-1"),
    ],
)
def test_what_is_no_entry_is_passed_over(journal: Journal, line: bytes) -> None:
    keep(journal, ENTRY)
    with journal.path_for(KEY).open("ab") as file:
        file.write(line + b"\n")
    assert journal.newest(KEY) == ENTRY


def test_nothing_kept_leaves_nothing(journal: Journal) -> None:
    with journal.reserved(KEY):
        assert journal.path_for(KEY).stat().st_size == ROOM
    assert not journal.path_for(KEY).exists()
    with pytest.raises(ZeroDivisionError), journal.reserved(KEY):
        raise ZeroDivisionError
    assert not journal.path_for(KEY).exists()


def test_nothing_kept_leaves_the_earlier_one(journal: Journal) -> None:
    keep(journal, ENTRY)
    before = journal.path_for(KEY).read_bytes()
    with journal.reserved(KEY):
        assert journal.newest(KEY) == ENTRY
    assert journal.path_for(KEY).read_bytes().strip() == before.strip()


def test_crashes_in_between_do_not_let_it_grow(journal: Journal) -> None:
    """A thousand rooms that nobody gave back must not push the pair out of sight."""
    keep(journal, ENTRY)
    length = journal.path_for(KEY).stat().st_size
    for _ in range(5):
        with journal.path_for(KEY).open("ab") as file:
            file.write(b"\n" * ROOM)
        with journal.reserved(KEY):
            assert journal.path_for(KEY).stat().st_size <= length + 2 * ROOM
        assert journal.path_for(KEY).stat().st_size < length + 2
    keep(journal, numbered(2))
    assert journal.newest(KEY) == numbered(2)


def test_a_long_history_does_not_hide_the_newest(journal: Journal) -> None:
    keep(journal, ENTRY)
    place = journal.path_for(KEY)
    place.write_bytes(place.read_bytes() * (3 * (1 << 20) // place.stat().st_size))
    keep(journal, numbered(2))
    assert journal.newest(KEY) == numbered(2)


def test_a_pair_larger_than_the_room_is_kept_all_the_same(journal: Journal) -> None:
    large = replace(ENTRY, access_token="\\" * 16384, refresh_token='"' * 16384)
    keep(journal, large)
    assert journal.newest(KEY) == large
    keep(journal, ENTRY)
    assert journal.newest(KEY) == ENTRY


@pytest.mark.parametrize("piece", [1, 7, 100])
def test_a_disk_that_takes_it_in_pieces_gets_all_of_them(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    write = os.write
    with journal.reserved(KEY) as room:
        monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:piece]))
        room.write(ENTRY)
    assert journal.newest(KEY) == ENTRY


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_without_room_says_so_and_is_left_as_it_was(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    keep(journal, ENTRY)
    before = journal.path_for(KEY).read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    for key in (KEY, OTHER_KEY):
        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            with pytest.raises(OSError, match="full"), journal.reserved(key):
                pytest.fail("was let in")
    assert journal.path_for(KEY).read_bytes().strip() == before.strip()
    assert not journal.path_for(OTHER_KEY).exists()


def test_a_file_that_cannot_be_shortened_is_as_good(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError

    with monkeypatch.context() as patched:
        patched.setattr(os, "ftruncate", fail)
        keep(journal, ENTRY)
        with journal.reserved(KEY):
            pass
    assert journal.newest(KEY) == ENTRY
    keep(journal, numbered(2))
    assert journal.newest(KEY) == numbered(2)


@pytest.mark.parametrize("call", ["write", "fsync", "ftruncate", "close"])
def test_a_crash_while_keeping_never_costs_the_earlier_one(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    keep(journal, numbered(1))

    def crash(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patched, suppress(CrashError), journal.reserved(KEY) as room:
        patched.setattr(os, call, crash)
        room.write(numbered(2))
    assert journal.newest(KEY) in {numbered(1), numbered(2)}
    if call != "write":
        assert journal.newest(KEY) == numbered(2)
    keep(journal, numbered(3))
    assert journal.newest(KEY) == numbered(3)


def test_a_journal_that_cannot_be_read_is_not_taken_for_an_empty_one(journal: Journal) -> None:
    journal.path_for(KEY).mkdir(parents=True)
    with pytest.raises(OSError, match=r".+"):
        journal.newest(KEY)
    assert list(journal.pending()) == []


@posix
def test_only_its_owner_can_read_it(journal: Journal, tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        keep(journal, ENTRY)
    finally:
        os.umask(umask)
    modes = [each.stat().st_mode & 0o777 for each in (journal.path_for(KEY), tmp_path / "state" / "renewals")]
    assert modes == [0o600, 0o700]
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_no_path_or_token_is_in_a_repr_or_file_name() -> None:
    entry = replace(ENTRY, access_token="canary-a", refresh_token="canary-r", path="/home/canary")
    assert "canary" not in repr(entry)
    assert "canary" not in Journal(Path("x")).path_for(entry.base).name
    assert "canary" not in fingerprint("canary")


def test_whether_the_token_was_rotated() -> None:
    assert ENTRY.is_rotated
    assert not replace(ENTRY, base=fingerprint("refresh")).is_rotated
