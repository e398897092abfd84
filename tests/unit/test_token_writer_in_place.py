"""Credential files that no other file can take the place of: they are written in place."""

from __future__ import annotations

import errno
import json
import os
import stat
import sys
import time
from typing import TYPE_CHECKING

import pytest
from login_files import NEW, OLD

from trayquota.tokens import prepared_file

from .token_writing import assert_alone, content, write

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="a file is exchanged there, or left to whoever has it open")


@pytest.fixture(autouse=True)
def nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes here."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "claude-ada@example.com.json"
    path.write_text(json.dumps(OLD))
    return path


@posix
@pytest.mark.parametrize(("mode", "is_same_file"), [(0o660, True), (0o600, False)])
def test_a_group_loses_its_file_because_the_new_one_cannot_be_given_to_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, *, is_same_file: bool
) -> None:
    """Where another file would lock somebody out, this one is written in place."""
    try:
        if sys.platform != "win32":
            os.chown(path, -1, 54321)
    except PermissionError:
        pytest.skip("may not give files away here")
    path.chmod(mode)

    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "not a member")

    monkeypatch.setattr(os, "fchown", refuse)
    before = path.stat()
    write(path)
    after = path.stat()
    assert content(path) == {**OLD, **NEW}
    assert (after.st_ino == before.st_ino) is is_same_file
    assert stat.S_IMODE(after.st_mode) == mode
    assert not is_same_file or after.st_gid == 54321


def test_another_name_of_the_file_keeps_the_old_pair(path: Path) -> None:
    other = path.with_name("other name")
    other.hardlink_to(path)
    write(path)
    assert content(other) == content(path) == {**OLD, **NEW}
    assert path.samefile(other)


def test_a_file_written_in_place_is_not_whole_after_it_has_become_shorter(path: Path) -> None:
    path.write_text(json.dumps({**OLD, "access_token": "x" * 500, "note": "kept"}, indent=4))
    path.with_name("other name").hardlink_to(path)
    write(path)
    assert content(path) == {**OLD, **NEW, "note": "kept"}
    assert path.read_bytes() == path.read_bytes().strip()


@posix
@pytest.mark.parametrize("reason", [errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV])
def test_a_file_that_no_other_may_take_the_place_of_is_not_written(
    path: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(prepared_file, "exchange_files", refuse)
    before = path.stat()
    assert write(path)
    assert content(path) == {**OLD, **NEW}
    assert path.stat().st_ino == before.st_ino
    assert_alone(path)
