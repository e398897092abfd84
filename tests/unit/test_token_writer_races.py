"""The rewrite of a credential file, with others writing it at the worst moments, and crashes."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import SupersededError, TokenWriteError
from trayquota.tokens.writer import remove_temporary_files, write_tokens

from .token_writing import NEW, OLD, THEIRS, assert_alone, before_replacing, content, entry, while_writing

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "claude-ada@example.com.json"
    path.write_text(json.dumps(OLD))
    return path


def test_a_new_login_while_we_write_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    while_writing(monkeypatch, lambda: path.write_text(json.dumps(THEIRS)))
    with pytest.raises(SupersededError):
        write_tokens(entry(path))
    assert content(path) == THEIRS
    assert_alone(path)


def test_a_changed_setting_while_we_write_is_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    while_writing(
        monkeypatch,
        lambda: path.write_text(json.dumps({**OLD, "disabled": True})),
        lambda: path.write_text(json.dumps({**OLD, "disabled": True, "note": "x"})),
    )
    write_tokens(entry(path))
    assert content(path) == {**OLD, "disabled": True, "note": "x", **NEW}
    assert_alone(path)


@pytest.mark.parametrize("written", [b"", b'{"type": "claude", "acc'])
def test_a_file_that_is_being_truncated_while_we_write_is_left_to_its_writer(
    path: Path, monkeypatch: pytest.MonkeyPatch, written: bytes
) -> None:
    while_writing(monkeypatch, lambda: path.write_bytes(written))
    with pytest.raises(TokenWriteError, match="cannot be read"):
        write_tokens(entry(path))
    assert path.read_bytes() == written
    assert_alone(path)


def test_a_program_that_never_stops_writing_is_left_to_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = iter(range(1000))

    def deed() -> None:
        path.write_text(json.dumps({**OLD, "note": next(notes)}))

    while_writing(monkeypatch, *[deed] * 1000)
    with pytest.raises(TokenWriteError, match="keeps writing"):
        write_tokens(entry(path))
    assert content(path)["refresh_token"] == "old-refresh"
    assert_alone(path)


@posix
def test_a_new_login_written_in_place_at_the_very_last_moment_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before_replacing(monkeypatch, lambda: path.write_text(json.dumps(THEIRS)))
    with pytest.raises(SupersededError):
        write_tokens(entry(path))
    assert content(path) == THEIRS
    assert_alone(path)


@posix
def test_a_setting_changed_in_place_at_the_very_last_moment_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = [{**OLD, "disabled": True}, {**OLD, "disabled": True, "note": "x"}]
    before_replacing(monkeypatch, *[lambda each=each: path.write_text(json.dumps(each)) for each in changes])
    write_tokens(entry(path))
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
            with pytest.raises(SupersededError):
                write_tokens(entry(path))
            assert content(path) == THEIRS
        else:
            write_tokens(entry(path))
            assert content(path) == {**meant, **NEW}
    assert_alone(path)


@posix
def test_a_writer_that_died_in_the_midst_of_it_leaves_our_pair(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    before_replacing(monkeypatch, lambda: path.write_bytes(b'{"typ'))
    write_tokens(entry(path))
    assert content(path) == {**OLD, **NEW}
    assert sum(pauses) == pytest.approx(1)
    assert_alone(path)


def test_a_file_that_is_replaced_by_another_in_the_meantime_is_read_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch() -> None:
        other = path.with_name("other")
        other.write_text(json.dumps({**OLD, "note": "other"}))
        other.rename(path)

    while_writing(monkeypatch, switch)
    write_tokens(entry(path))
    assert content(path) == {**OLD, "note": "other", **NEW}
    assert_alone(path)


# What a crash leaves.


class CrashError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_after_a_crash_the_file_is_whole_and_the_rest_is_cleared(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def crash(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patched:
        patched.setattr(os, call, crash)
        patched.setattr(os, "unlink", crash)
        with pytest.raises(CrashError):
            write_tokens(entry(path))
    assert content(path) == OLD
    assert len(list(path.parent.iterdir())) == 2
    other = path.with_name(".trayquota-0123456789abcdef-012345678901.tmp")
    other.write_text("somebody else's")
    remove_temporary_files(path)
    assert set(path.parent.iterdir()) == {path, other}
    write_tokens(entry(path))


def test_clearing_where_there_is_nothing_is_no_accident(tmp_path: Path) -> None:
    remove_temporary_files(tmp_path / "gone" / "claude.json")
    remove_temporary_files(tmp_path / "[a-z]*?.json")
