"""The order in which a token refresh reaches the disk, and real file systems that say no."""

from __future__ import annotations

import collections
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.sources.credential_file import LARGEST_BYTES
from trayquota.system.native_files import exchange_files
from trayquota.tokens import prepared_file, writer

from .platforms import path_of, posix
from .token_files import MORE, TokenRig, failure_of, kind_of, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


# In which order.


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to the disk, in order."""
    steps: list[str] = []

    def note(name: str, path: Callable[..., str]) -> None:
        original = getattr(os, name)

        def call(*arguments: object, **more: object) -> object:
            steps.append(f"{name} {_role(path(*arguments))}")
            return original(*arguments, **more)

        monkeypatch.setattr(os, name, call)

    def by_handle(handle: int, *_: object) -> str:
        return path_of(handle)

    for name in ("write", "fsync"):
        note(name, by_handle)
    for name in ("replace", "unlink"):
        note(name, lambda *paths: str(paths[-1]))

    def exchange(first: Path, second: Path) -> None:
        steps.append(f"exchange {_role(str(first))} {_role(str(second))}")
        exchange_files(first, second)

    monkeypatch.setattr(prepared_file, "exchange_files", exchange)
    return steps


def _role(path: str) -> str:
    name = Path(path).name
    for ending, role in ((".journal", "journal"), (".spent", "spent"), (".tmp", "temporary"), (".json", "file")):
        if name.endswith(ending):
            return role
    return name


@posix
def test_each_step_is_on_the_disk_before_the_next(expired: TokenRig, steps: list[str]) -> None:
    expired.provider.script.append(lambda: steps.append("-- sent"))
    expired.refresh()
    assert steps == [
        "write temporary",
        "fsync temporary",
        "write journal",
        "fsync journal",
        "fsync renewals",
        "-- sent",
        "write journal",
        "fsync journal",
        "write temporary",
        "fsync temporary",
        "exchange temporary file",
        "fsync auth",
        "replace spent",
        "fsync renewals",
        "unlink temporary",
    ]


@posix
def test_a_pair_that_a_crash_has_put_in_place_is_on_the_disk_before_its_journal_goes(
    expired: TokenRig, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writer, "sync_folder", crash)
        with pytest.raises(KeyboardInterrupt):
            expired.refresh()
    assert (expired.pair(), len(expired.journals())) == (expired.newest, 1)
    steps = request.getfixturevalue("steps")
    expired.start().recover()
    assert [step for step in steps if "temporary" not in step] == ["fsync auth", "replace spent", "fsync renewals"]


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


def move_to(token_rig: TokenRig, folder: Path) -> Path:
    target = folder / "login"
    target.write_bytes(token_rig.path.read_bytes())
    token_rig.path.unlink()
    token_rig.path.symlink_to(target)
    return target


def assert_nothing_is_sent(token_rig: TokenRig, reason: str) -> None:
    """The file cannot take a new pair, the account says why, and all is as it was."""
    before = token_rig.path.read_bytes()
    failure = failure_of(token_rig).failure
    assert failure.kind is FailureKind.UNREADABLE_FILE
    assert reason in failure.message
    assert "Your proxy has to refresh it." in failure.message
    assert (token_rig.provider.requests, token_rig.journals()) == ([], [])
    assert token_rig.path.read_bytes() == before


def test_a_token_is_sent_though_the_disk_under_its_file_is_full(expired: TokenRig, small_disk: Path) -> None:
    move_to(expired, small_disk)
    filler = fill(small_disk)
    assert_nothing_is_sent(expired, "no space left")
    assert {path.name for path in small_disk.iterdir()} == {"login", "filler"}
    filler.unlink()
    assert expired.refresh().access_token == "access-2"


def test_a_pair_is_lost_when_the_disk_under_its_file_fills_up_meanwhile(expired: TokenRig, small_disk: Path) -> None:
    target = move_to(expired, small_disk)
    expired.provider.script.append(lambda: fill(small_disk))
    expired.refresh()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"
    assert {path.name for path in small_disk.iterdir()} == {"login", "filler"}


def test_a_full_disk_under_the_state_folder_sends_nothing(expired: TokenRig, small_disk: Path) -> None:
    expired.state.symlink_to(small_disk)
    filler = fill(small_disk)
    assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []
    filler.unlink()
    assert expired.refresh().access_token == "access-2"


def test_a_state_folder_that_fills_up_during_the_refresh_has_room_for_the_pair(
    expired: TokenRig, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expired.state.symlink_to(small_disk)
    expired.provider.script.append(lambda: fill(small_disk))
    with monkeypatch.context() as patched:
        unwritable(patched)
        expired.refresh()
    (journal,) = expired.journals()
    assert b"refresh-2" in journal.read_bytes()
    expired.start().recover()
    assert (expired.pair(), expired.journals()) == (expired.newest, [])


def test_a_token_is_sent_though_its_file_is_on_a_read_only_mount(expired: TokenRig, small_disk: Path) -> None:
    move_to(expired, small_disk)
    mount("-o", "remount,ro", str(small_disk))
    assert_nothing_is_sent(expired, "read-only")
    mount("-o", "remount,rw", str(small_disk))
    assert expired.refresh().access_token == "access-2"


def test_a_token_is_sent_though_its_folder_takes_no_file(expired: TokenRig) -> None:
    folder = expired.path.parent
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert_nothing_is_sent(expired, "permission denied")
    finally:
        folder.chmod(0o700)
    assert expired.refresh().access_token == "access-2"


def test_a_token_is_sent_though_its_file_is_immutable(expired: TokenRig) -> None:
    try:
        subprocess.run(["chattr", "+i", str(expired.path)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not make a file immutable here")
    try:
        assert_nothing_is_sent(expired, "operation not permitted")
    finally:
        subprocess.run(["chattr", "-i", str(expired.path)], check=True)
    assert expired.refresh().access_token == "access-2"


def test_a_token_is_sent_though_the_result_would_be_too_large_to_read_again(expired: TokenRig) -> None:
    expired.write(expired.provider.newest, **MORE, padding="x" * (LARGEST_BYTES - 20000))
    assert_nothing_is_sent(expired, "too large")


def test_a_token_is_sent_though_escapes_would_make_the_result_too_large_to_read_again(expired: TokenRig) -> None:
    content = expired.path.read_text().removesuffix("}") + f', "padding": "{"é" * (LARGEST_BYTES // 5)}"}}'
    expired.path.write_text(content, encoding="utf-8")
    assert_nothing_is_sent(expired, "too large")


@posix
def test_a_token_of_another_users_file_is_sent(expired: TokenRig) -> None:
    try:
        if sys.platform != "win32":
            os.chown(expired.path, 12345, -1)
    except PermissionError:
        pytest.skip("may not give files away here")
    assert_nothing_is_sent(expired, "belongs to another user")


def test_a_file_that_is_mounted_by_itself_is_refreshed_in_place(expired: TokenRig, tmp_path: Path) -> None:
    source = tmp_path / "outside.json"
    source.write_bytes(expired.path.read_bytes())
    try:
        mount("--bind", str(source), str(expired.path))
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("may not mount a file here")
    try:
        assert expired.refresh().access_token == "access-2"
        assert json.loads(source.read_bytes())["refresh_token"] == "refresh-2"
        assert (expired.journals(), list(expired.path.parent.iterdir())) == ([], [expired.path])
    finally:
        subprocess.run(["umount", str(expired.path)], check=True)


def test_a_state_folder_that_this_user_may_not_write(expired: TokenRig) -> None:
    expired.state.mkdir(mode=0o500)
    try:
        if os.access(expired.state, os.W_OK):
            pytest.skip("this user may write everywhere")
        assert kind_of(expired) is FailureKind.UNREADABLE_FILE
    finally:
        expired.state.chmod(0o700)
    assert expired.provider.requests == []
