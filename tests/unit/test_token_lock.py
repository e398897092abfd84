"""The lock of a refresh token: one at a time, gone with its holder, and none at all where the system has none."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.system import file_lock
from trayquota.system.file_lock import lock_held
from trayquota.tokens.lock import refresh_lock

from .token_files import TokenRig, failure_of

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, threading
from pathlib import Path
from trayquota.tokens.lock import refresh_lock
with refresh_lock(Path(sys.argv[1]), threading.Event()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "renewals" / "0123.lock"


@pytest.fixture
def expired(tmp_path: Path) -> TokenRig:
    token_rig = TokenRig(tmp_path)
    token_rig.expire()
    return token_rig


def is_free(place: Path) -> bool:
    with lock_held(place) as is_held:
        return is_held


def test_two_hold_the_lock_at_once(place: Path) -> None:
    with refresh_lock(place, threading.Event()):
        assert not is_free(place)
        with pytest.raises(FetchError) as caught, refresh_lock(place, threading.Event(), wait_s=0):
            pytest.fail("was let in")
    assert caught.value.failure.kind is FailureKind.NETWORK
    assert is_free(place)


def test_a_lock_is_held_by_the_dead(place: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert not is_free(place)
    holder.kill()
    holder.communicate()
    assert is_free(place)


def test_a_file_that_a_lock_of_another_kind_has_left_counts_as_a_lock(place: Path) -> None:
    place.parent.mkdir()
    place.write_text("12345")
    with refresh_lock(place, threading.Event(), wait_s=0):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="an open file keeps its name there")
def test_a_lock_file_that_is_removed_as_it_is_waited_for_lets_two_in(place: Path) -> None:
    with refresh_lock(place, threading.Event()):
        place.unlink()
        with refresh_lock(place, threading.Event(), wait_s=0):
            assert not is_free(place)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_lock_file_is_made_for_others_too(place: Path) -> None:
    for umask in (0, 0o777):
        before = os.umask(umask)
        try:
            with refresh_lock(place, threading.Event()):
                assert place.stat().st_mode & 0o777 == 0o600
                assert place.parent.stat().st_mode & 0o777 == 0o700
        finally:
            os.umask(before)
        place.unlink()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EMFILE])
def test_a_token_is_sent_without_a_lock_or_nobody_knows_why_it_is_not(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> bool:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_lock, "open_regular" if number == errno.EMFILE else "try_lock", refuse)
    before = expired.path.read_bytes()
    failure = failure_of(expired).failure
    assert failure.kind is FailureKind.UNREADABLE_FILE
    assert os.strerror(number).lower() in failure.message
    assert "nothing can be locked in the state folder" in failure.message
    assert (expired.provider.requests, expired.path.read_bytes()) == ([], before)
