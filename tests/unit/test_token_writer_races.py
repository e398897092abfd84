"""Writing a credential file while others write it at the worst moments."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest
from login_files import NEW, OLD, THEIRS

from trayquota.core.errors import TokenWriteError
from trayquota.system.native_files import exchange_files
from trayquota.tokens import prepared_file, writer

from .token_writing import assert_alone, before_replacing, content, login_in, no_exchange, while_writing, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="a file is exchanged there, or left to whoever has it open")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return login_in(tmp_path)


def test_a_new_login_while_we_write_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    while_writing(monkeypatch, lambda: path.write_text(json.dumps(THEIRS)))
    assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)


def test_a_changed_setting_while_we_write_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    while_writing(
        monkeypatch,
        lambda: path.write_text(json.dumps({**OLD, "disabled": True})),
        lambda: path.write_text(json.dumps({**OLD, "disabled": True, "note": "x"})),
    )
    write(path)
    assert content(path) == {**OLD, "disabled": True, "note": "x", **NEW}
    assert_alone(path)


@pytest.mark.parametrize("written", [b"", b'{"type": "claude", "acc'])
def test_a_file_that_is_being_truncated_while_we_write_is_left_to_its_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    while_writing(monkeypatch, lambda: path.write_bytes(written))
    with pytest.raises(TokenWriteError, match="cannot be read"):
        write(path)
    assert path.read_bytes() == written
    assert_alone(path)


def test_a_program_that_never_stops_writing_is_left_to_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = iter(range(1000))

    def action() -> None:
        path.write_text(json.dumps({**OLD, "note": next(notes)}))

    while_writing(monkeypatch, *[action] * 1000)
    with pytest.raises(TokenWriteError, match="keeps writing"):
        write(path)
    assert content(path)["refresh_token"] == "old-refresh"
    assert_alone(path)


def test_a_new_login_written_in_place_at_the_very_last_moment_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before_replacing(monkeypatch, lambda: path.write_text(json.dumps(THEIRS)))
    assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)


def test_a_setting_changed_in_place_at_the_very_last_moment_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [{**OLD, "disabled": True}, {**OLD, "disabled": True, "note": "x"}]
    before_replacing(monkeypatch, *[lambda each=each: path.write_text(json.dumps(each)) for each in changes])
    write(path)
    # The second one was written over our own new file, whose owner meant the old pair to be in it.
    assert content(path) == {**changes[1], **NEW}
    assert_alone(path)


@posix
@pytest.mark.parametrize("meant", [THEIRS, {**OLD, "disabled": True}])
def test_a_writer_in_the_midst_of_it_is_given_a_moment(
    path: Path, monkeypatch: pytest.MonkeyPatch, meant: dict[str, object]
) -> None:
    with path.open("r+b") as writer:
        pauses: list[float] = []

        def finish(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 3:
                writer.write(json.dumps(meant).encode())
                writer.flush()

        before_replacing(monkeypatch, lambda: os.ftruncate(writer.fileno(), 0))
        monkeypatch.setattr(time, "sleep", finish)
        if meant is THEIRS:
            assert not write(path)
            assert content(path) == THEIRS
        else:
            write(path)
            assert content(path) == {**meant, **NEW}
    assert_alone(path)


def test_a_writer_that_died_in_the_midst_of_it_leaves_our_pair(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    before_replacing(monkeypatch, lambda: path.write_bytes(b'{"typ'))
    write(path)
    assert content(path) == {**OLD, **NEW}
    assert 0 < sum(pauses) < 1, "nobody has the file open"
    assert_alone(path)


def test_a_file_that_is_replaced_by_another_in_the_meantime_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch() -> None:
        other = path.with_name("other")
        other.write_text(json.dumps({**OLD, "note": "other"}))
        other.replace(path)

    while_writing(monkeypatch, switch)
    write(path)
    assert content(path) == {**OLD, "note": "other", **NEW}
    assert_alone(path)


def test_a_file_that_is_removed_at_the_last_moment_comes_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before_replacing(monkeypatch, path.unlink)
    with pytest.raises(TokenWriteError):
        write(path)
    assert list(path.parent.iterdir()) == []


@posix
@pytest.mark.parametrize("moment", [while_writing, before_replacing])
def test_a_link_that_comes_at_the_last_moment_is_replaced_by_a_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, moment: Callable[..., None]
) -> None:
    other = path.with_name("other")

    def move() -> None:
        path.rename(other)
        path.symlink_to(other)

    moment(monkeypatch, move)
    with pytest.raises(TokenWriteError):
        write(path)
    assert path.is_symlink()
    assert content(path) == OLD
    assert {found.name for found in path.parent.iterdir()} == {path.name, "other"}


def test_a_new_login_moved_into_place_at_the_very_last_moment_is_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = path.with_name("other")
    other.write_text(json.dumps(THEIRS))
    before_replacing(monkeypatch, lambda: other.replace(path))
    assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)


@pytest.mark.parametrize("looks", [3, 60])
def test_a_writer_that_had_opened_the_file_before_and_takes_its_time_is_overwritten(
    path: Path, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    """It has the file open, so it is waited for as long as it goes on writing."""
    pauses: list[float] = []
    data = json.dumps(THEIRS).encode()
    with path.open("r+b", buffering=0) as late:

        def go_on(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 1:
                late.truncate(0)
            elif len(pauses) == looks:
                late.write(data)
                late.close()

        monkeypatch.setattr(time, "sleep", go_on)
        assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)


@posix
def test_somebody_who_keeps_the_file_open_and_does_nothing_is_waited_for_longer_than_five_seconds(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    with path.open("r+b"):
        assert write(path)
    assert sum(pauses) == pytest.approx(5, abs=0.2)
    assert content(path) == {**OLD, **NEW}


def test_a_writer_is_not_waited_for_where_nobody_says_that_it_has_the_file_open(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "has_writers", lambda _: None)
    pauses: list[float] = []

    def write_late(seconds: float) -> None:
        pauses.append(seconds)
        if sum(pauses) > 4 and displaced:
            displaced.pop().write_text(json.dumps(THEIRS))

    displaced: list[Path] = []
    original = exchange_files

    def exchange(first: Path, second: Path) -> None:
        original(first, second)
        if not pauses:
            displaced.append(first)

    monkeypatch.setattr(prepared_file, "exchange_files", exchange)
    monkeypatch.setattr(time, "sleep", write_late)
    assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)


# Where no two files can be exchanged.


@posix
def test_a_pair_is_not_written_where_no_two_files_can_be_exchanged(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    no_exchange(monkeypatch)
    assert write(path)
    assert content(path) == {**OLD, **NEW}
    assert_alone(path)


@posix
def test_a_login_written_in_place_is_overwritten_where_no_two_files_can_be_exchanged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    no_exchange(monkeypatch)
    before_replacing(monkeypatch, lambda: path.write_text(json.dumps(THEIRS)))
    assert not write(path)
    assert content(path) == THEIRS
    assert_alone(path)
