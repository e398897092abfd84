"""Files of Windows that several threads and programs read, lock and write."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from login_files import NEW, OLD

from trayquota.core.errors import TokenWriteError
from trayquota.system.file_lock import try_lock
from trayquota.system.files import create_file, open_file, read_bounded
from trayquota.tokens.journal import Journal

from .token_files import TokenRig, failure_of
from .token_writing import assert_alone, content, login_in, write

if TYPE_CHECKING:
    from pathlib import Path

assert sys.platform == "win32"  # elsewhere it is not collected, nor checked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A login."""
    return login_in(tmp_path)


def test_our_own_reading_keeps_nobody_from_replacing_a_file(path: Path, tmp_path: Path) -> None:
    handle = open_file(path)
    other = tmp_path / "other"
    other.write_text("new")
    other.rename(path.with_name("moved"))
    path.rename(path.with_name("away"))
    os.close(handle)
    assert read_bounded(path.with_name("away"), 1 << 20) == json.dumps(OLD).encode()


def test_a_lock_hinders_nobody_from_reading_and_excludes_another(path: Path) -> None:
    first, second = open_file(path, os.O_RDWR), open_file(path, os.O_RDWR)
    assert try_lock(first)
    assert not try_lock(second)
    assert json.loads(path.read_bytes()) == OLD
    os.close(first)
    assert try_lock(second)
    os.close(second)


def test_a_read_only_file_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    token_rig = TokenRig(tmp_path)
    token_rig.expire()
    token_rig.path.chmod(0o444)
    try:
        assert "read-only" in failure_of(token_rig).failure.message
        assert token_rig.provider.requests == []
    finally:
        token_rig.path.chmod(0o666)


def test_a_file_that_is_there_is_not_made_again(path: Path) -> None:
    with pytest.raises(FileExistsError) as caught:
        create_file(path)
    assert caught.value.errno == errno.EEXIST


def test_many_threads_write_one_file_and_it_stays_whole(path: Path) -> None:
    errors: list[Exception] = []

    def refresh() -> None:
        try:
            write(path)
        except TokenWriteError:
            pass  # another thread's exchange was under way
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=refresh) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert content(path) == {**OLD, **NEW}
    assert_alone(path)


def test_what_a_journal_keeps_can_be_renamed_while_it_is_open(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    with journal.reserved("a" * 64):
        place = journal.path_for("a" * 64)
        place.rename(place.with_suffix(".spent"))
