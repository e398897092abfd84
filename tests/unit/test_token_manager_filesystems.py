"""The order in which a renewal reaches the disk, and real file systems that say no."""

from __future__ import annotations

import collections
import itertools
import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.tokens import writer as rewrite

from .token_files import House, kind_of, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def expired(house: House) -> House:
    house.expire()
    return house


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
    subprocess.run(["umount", str(place)], check=True)


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


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
    warning = expired.keeper.current_tokens(expired.credential())[1]
    assert warning is not None
    assert "no space left" in warning.message
    assert target.read_bytes() == before
    assert {each.name for each in small_disk.iterdir()} == {"login", "filler"}
    filler.unlink()
    assert expired.keeper.current_tokens(expired.credential())[1] is None
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
    warning = expired.keeper.current_tokens(expired.credential())[1]
    assert warning is not None
    assert "read-only" in warning.message
    mount("-o", "remount,rw", str(small_disk))
    expired.start().recover()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"


def test_a_folder_that_this_user_may_not_write(expired: House) -> None:
    folder = expired.path.parent
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        expired.renew()
        login, warning = expired.keeper.current_tokens(expired.credential())
        assert login.access_token == "access-2"
        assert warning is not None
        assert "permission denied" in warning.message
    finally:
        folder.chmod(0o700)
    assert expired.keeper.current_tokens(expired.credential())[1] is None
    assert expired.pair() == expired.newest


def test_a_state_folder_that_this_user_may_not_write(expired: House) -> None:
    expired.state.mkdir(mode=0o500)
    try:
        if os.access(expired.state, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    finally:
        expired.state.chmod(0o700)
    assert expired.provider.requests == []
