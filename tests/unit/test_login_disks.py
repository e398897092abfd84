"""Renewed pairs on disks that do not take them, and the order in which things reach the disk."""

# ruff: noqa: S105 - the tokens are made up

from __future__ import annotations

import collections
import errno
import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from trayquota.core.model import FailureKind
from trayquota.credentials import rewrite
from trayquota.credentials.journal import Journal

from .logins import House, failure_of, kind_of, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.credentials.files import Credential


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def expired(house: House) -> House:
    house.expire()
    return house


# Disks that do not take it.


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (errno.EROFS, "read-only file system"),
        (errno.ENOSPC, "no space left on device"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_a_pair_that_cannot_be_written_is_used_reported_and_written_later(
    expired: House, monkeypatch: pytest.MonkeyPatch, reason: int, words: str
) -> None:
    before = expired.path.read_bytes()
    with monkeypatch.context() as patched:
        unwritable(patched, reason)
        assert expired.renew().access_token == "access-2"
        assert expired.path.read_bytes() == before
        login, warning = expired.keeper.current(expired.credential())
        assert login.access_token == "access-2"
        assert warning is not None
        assert warning.kind is FailureKind.UNREADABLE_FILE
        assert f"({words}). It is kept safe in the state folder" in warning.message
        (journal,) = expired.journals()
        assert journal.stat().st_mode & 0o777 == 0o600
    login, warning = expired.keeper.current(expired.credential())
    assert (login.access_token, warning) == ("access-2", None)
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_it_survives_restarts_and_is_renewed_in_its_turn(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
        for generation in (2, 3, 4):
            expired.start().recover()
            assert expired.keeper.current(expired.credential())[0].access_token == f"access-{generation}"
            expired.expire()
            assert expired.renew().access_token == f"access-{generation + 1}"
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])
    assert expired.provider.rotations == 4


def test_another_process_finds_it_without_recovering_first(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    expired.start()
    assert expired.renew().access_token == "access-2"
    assert (expired.pair(), expired.provider.rotations) == (expired.newest, 1)


def test_a_new_login_drops_it(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    theirs = expired.provider.sign_in()
    expired.write(theirs)
    before = expired.path.read_bytes()
    expired.start().recover()
    assert (expired.path.read_bytes(), expired.journals()) == (before, [])


def test_a_new_login_that_comes_right_after_a_look_at_a_broken_file_is_renewed_as_its_own(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pair that waits for the old login must not stand for the new one's."""
    stale = expired.credential()
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    expired.path.write_bytes(b"")
    theirs = expired.provider.sign_in()
    expired.expire()
    settle = expired.keeper._settle

    def settle_then_sign_in(path: str) -> str | None:
        problem = settle(path)
        if not expired.path.read_bytes():
            expired.write(theirs)
        return problem

    monkeypatch.setattr(expired.keeper, "_settle", settle_then_sign_in)
    expired.keeper.renew(stale, stale.login)
    assert expired.pair() == expired.newest


@pytest.fixture
def broken_state(expired: House) -> House:
    expired.state.mkdir(exist_ok=True)
    (expired.state / "renewals").write_text("in the way")
    return expired


def test_without_a_safe_place_for_the_new_pair_nothing_is_sent(broken_state: House) -> None:
    failure = failure_of(broken_state).failure
    assert failure.kind is FailureKind.UNREADABLE_FILE
    assert "state folder" in failure.message
    assert broken_state.provider.requests == []
    broken_state.keeper.recover()
    assert broken_state.keeper.current(broken_state.credential())[1] is None


class Disk:
    """Fails where it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
        self.fails = True
        for name in names:
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object) -> object:
            if self.fails:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return original(*arguments)

        return call


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_nor_when_the_disk_is_full(expired: House, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    disk = Disk(monkeypatch, call)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert (expired.provider.requests, expired.journals()) == ([], [])
    disk.fails = False
    assert expired.renew().access_token == "access-2"


def test_nor_when_the_journal_cannot_be_read(expired: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Journal, __: str) -> None:
        raise OSError

    monkeypatch.setattr(Journal, "last", fail)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []


def test_a_journal_that_fails_after_the_trade_does_not_matter_when_the_file_takes_the_pair(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    expired.provider.script.append(lambda: setattr(disk, "fails", True))
    assert expired.renew().access_token == "access-2"
    assert expired.pair() == expired.newest


def test_when_both_fail_the_pair_is_in_use_and_saved_as_soon_as_one_of_them_works(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.renew().access_token == "access-2"
        for _ in range(2):
            login, warning = expired.keeper.current(expired.credential())
            assert login.access_token == "access-2"
            assert warning is not None
            assert "lost when the program ends" in warning.message
        assert expired.renew().access_token == "access-2"
        disk.fails = False
        warning = expired.keeper.current(expired.credential())[1]
        assert warning is not None
        assert "kept safe" in warning.message
        assert len(expired.journals()) == 1
        expired.start().recover()
        assert expired.keeper.current(expired.credential())[0].access_token == "access-2"
    expired.keeper.current(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_an_older_pair_in_the_journal_does_not_take_the_place_of_one_that_is_only_in_memory(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(monkeypatch, "write")
    disk.fails = False
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
        expired.expire()
        expired.provider.script.append(lambda: setattr(disk, "fails", True))
        assert expired.renew().access_token == "access-3"
        expired.keeper.current(expired.credential())
    expired.keeper.current(expired.credential())
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_while_somebody_else_holds_the_lock_the_pair_is_used_without_a_word(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    (journal,) = expired.journals()
    with FileLock(journal.with_suffix(".lock")):
        login, warning = expired.keeper.current(expired.credential())
        assert (login.access_token, warning) == ("access-2", None)
        expired.start().recover()
    assert expired.closing.waits == []
    assert len(expired.journals()) == 1


def test_rubbish_in_the_journals_folder_stops_nobody(expired: House) -> None:
    folder = expired.state / "renewals"
    folder.mkdir(parents=True)
    (folder / "a.journal").write_bytes(b"\0\xff{{{" * 1000)
    (folder / "b.journal").mkdir()
    (folder / "c.journal").symlink_to(folder / "c.journal")
    expired.keeper.recover()
    assert expired.renew().access_token == "access-2"


def test_a_file_that_is_gone_keeps_its_pair_until_it_comes_back(
    expired: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    away = expired.path.rename(expired.path.with_name("away"))
    expired.start().recover()
    assert len(expired.journals()) == 1
    away.rename(expired.path)
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


# In which order.


@pytest.fixture
def deeds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the disk, in order."""
    deeds: list[str] = []

    def note(name: str, path: Callable[..., str]) -> None:
        original = getattr(os, name)

        def call(*arguments: object, **more: object) -> object:
            deeds.append(f"{name} {_role(path(*arguments))}")
            return original(*arguments, **more)

        monkeypatch.setattr(os, name, call)

    def by_handle(handle: int, *_: object) -> str:
        return str(Path(f"/proc/self/fd/{handle}").readlink())

    for name in ("write", "fsync"):
        note(name, by_handle)
    for name in ("replace", "unlink"):
        note(name, lambda *paths: str(paths[-1]))
    return deeds


def _role(path: str) -> str:
    name = Path(path).name
    for ending, role in ((".journal", "journal"), (".tmp", "temporary"), (".json", "file")):
        if name.endswith(ending):
            return role
    return name


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_each_step_is_on_the_disk_before_the_next(expired: House, deeds: list[str]) -> None:
    expired.provider.script.append(lambda: deeds.append("-- traded"))
    expired.renew()
    assert deeds == [
        "write journal",
        "fsync journal",
        "fsync renewals",
        "-- traded",
        "write journal",
        "fsync journal",
        "fsync temporary",
        "replace file",
        "unlink temporary",
        "fsync auth",
        "unlink journal",
        "fsync renewals",
    ]


def test_a_pair_that_a_crash_has_put_in_place_is_on_the_disk_before_its_journal_goes(
    expired: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(rewrite, "sync_folder", crash)
        with pytest.raises(KeyboardInterrupt):
            expired.renew()
    assert (expired.pair(), len(expired.journals())) == (expired.newest, 1)
    deeds = request.getfixturevalue("deeds")
    expired.start().recover()
    assert deeds == ["fsync auth", "unlink journal", "fsync renewals"]


# Real file systems that say no.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB, where this user may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a file system here")
    yield place
    subprocess.run(["umount", str(place)], check=True)  # noqa: S603, S607 - a path of ours


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)  # noqa: S603, S607 - likewise


def fill(disk: Path) -> Path:
    """Leave not a byte."""
    with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
        collections.deque((filler.write(bytes(4096)) for _ in itertools.count()), maxlen=0)
    return disk / "filler"


def move_to(house: House, folder: Path) -> Path:
    target = folder / "login"
    target.write_bytes(house.path.read_bytes())
    house.path.unlink()
    house.path.symlink_to(target)
    return target


def test_a_disk_that_is_really_full(expired: House, small_disk: Path) -> None:
    target = move_to(expired, small_disk)
    before, filler = target.read_bytes(), fill(small_disk)
    expired.renew()
    warning = expired.keeper.current(expired.credential())[1]
    assert warning is not None
    assert "no space left" in warning.message
    assert target.read_bytes() == before
    assert {each.name for each in small_disk.iterdir()} == {"login", "filler"}
    filler.unlink()
    assert expired.keeper.current(expired.credential())[1] is None
    assert expired.pair() == expired.newest


def test_a_full_disk_under_the_state_folder_sends_nothing(expired: House, small_disk: Path) -> None:
    expired.state.symlink_to(small_disk)
    filler = fill(small_disk)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []
    filler.unlink()
    assert expired.renew().access_token == "access-2"


def test_a_state_folder_that_fills_up_during_the_renewal_has_room_for_the_pair(
    expired: House, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired.state.symlink_to(small_disk)
    expired.provider.script.append(lambda: fill(small_disk))
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.renew()
    (journal,) = expired.journals()
    assert b"refresh-2" in journal.read_bytes()
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_a_folder_that_is_really_read_only(expired: House, small_disk: Path) -> None:
    target = move_to(expired, small_disk)
    mount("-o", "remount,ro", str(small_disk))
    expired.renew()
    warning = expired.keeper.current(expired.credential())[1]
    assert warning is not None
    assert "read-only" in warning.message
    mount("-o", "remount,rw", str(small_disk))
    expired.start().recover()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"


def test_credentials_that_are_passed_around_do_not_tell_their_secrets(house: House) -> None:
    credential: Credential = house.credential()
    assert "access-1" not in repr(credential)
    assert "refresh-1" not in repr(credential.login)
