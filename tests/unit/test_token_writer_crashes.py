"""What a crash leaves of writing a credential file."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from login_files import NEW, OLD, THEIRS
from msgspec.structs import replace

from trayquota.system.native_files import exchange_files
from trayquota.tokens import in_place, prepared_file
from trayquota.tokens.journal import Journal
from trayquota.tokens.leftovers import clear_leftover, leftovers
from trayquota.tokens.pending_tokens import fingerprint
from trayquota.tokens.prepared_file import ready_file

from .token_writing import assert_alone, content, entry, login_in, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return login_in(tmp_path)


def displaced_in(folder: Path, name: str) -> Path:
    (temporary,) = (path for path in folder.iterdir() if path.name != name)
    return temporary


class CrashError(BaseException):
    """The process ends here."""


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """One that has the pair which follows the old one."""
    journal = Journal(tmp_path / "renewals")
    pair = entry(tmp_path / "auth" / "claude-ada@example.com.json")
    with journal.reserved(pair.base) as room:
        room.write(pair)
    return journal


def crash_at_exchange(path: Path, monkeypatch: pytest.MonkeyPatch, *, before: bool) -> None:
    original = exchange_files

    def crash(first: Path, second: Path) -> None:
        if not before:
            original(first, second)
        raise CrashError

    def stay(*_: object, **__: object) -> None:
        """The process has ended: nothing is removed."""

    with monkeypatch.context() as patched:
        patched.setattr(prepared_file, "exchange_files", crash)
        patched.setattr(Path, "unlink", stay)
        with pytest.raises(CrashError):
            write(path)


def clear(path: Path, journal: Journal) -> None:
    for file, temporary in leftovers(path.parent):
        assert file == path
        clear_leftover(file, temporary, journal)


@pytest.mark.parametrize("before", [True, False])
def test_after_a_crash_the_file_is_not_whole_or_the_rest_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal, *, before: bool
) -> None:
    crash_at_exchange(path, monkeypatch, before=before)
    assert content(path) == (OLD if before else {**OLD, **NEW})
    assert len(list(path.parent.iterdir())) == 2
    other = path.with_name(".trayquota-0123456789abcdef-012345678901.tmp")
    other.write_text("somebody else's")
    clear(path, journal)
    assert set(path.parent.iterdir()) == {path, other}
    assert write(path) is before


def test_a_login_written_into_a_displaced_file_is_lost_by_a_crash(
    path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    crash_at_exchange(path, monkeypatch, before=False)
    displaced_in(path.parent, path.name).write_text(json.dumps(THEIRS))
    clear(path, journal)
    assert content(path) == THEIRS
    assert_alone(path)


def test_a_pair_that_a_crash_has_left_takes_the_place_of_a_newer_one(
    path: Path, monkeypatch: pytest.MonkeyPatch, journal: Journal
) -> None:
    crash_at_exchange(path, monkeypatch, before=True)
    newer = entry(path, refresh_token="newer-refresh", access_token="newer-access")
    newer = replace(newer, base=fingerprint("their-refresh"))
    with journal.reserved(newer.base) as room:
        room.write(newer)
    path.write_text(json.dumps({**OLD, "refresh_token": "newer-refresh"}))
    clear(path, journal)
    assert content(path)["refresh_token"] == "newer-refresh"
    assert_alone(path)


def test_a_temporary_file_of_a_program_that_lives_is_removed(path: Path, journal: Journal) -> None:
    with ready_file(path):
        clear(path, journal)
        assert len(list(path.parent.iterdir())) == 2
    assert_alone(path)


def test_clearing_where_there_is_nothing_is_an_accident(tmp_path: Path) -> None:
    assert list(leftovers(tmp_path / "gone")) == []


@pytest.mark.parametrize("kept", [0, 1, 40])
def test_a_file_that_a_crash_has_left_half_written_in_place_stays_broken(
    path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    path.with_name("other name").hardlink_to(path)
    records = path.parent.with_name(path.parent.name + "-records")

    def crash(handle: int, _content: bytes, _old_size: int) -> None:
        os.ftruncate(handle, kept)
        raise CrashError

    def stay(*_: object, **__: object) -> None:
        """The process has ended: nothing is removed."""

    with monkeypatch.context() as patched:
        patched.setattr(in_place, "_write", crash)
        patched.setattr(Path, "unlink", stay)
        with pytest.raises(CrashError):
            write(path)
    assert path.stat().st_size == kept
    monkeypatch.setattr(time, "sleep", lambda _: None)
    in_place.finish_writing(records)
    assert content(path) == {**OLD, **NEW}
    assert list(records.iterdir()) == []
