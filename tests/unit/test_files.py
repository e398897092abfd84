"""Private folders and files, bounded reads and the atomic write."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.errors import TrayquotaError, UnusableFileError
from trayquota.system.files import (
    create_file,
    open_regular,
    private_folder,
    read_bounded,
    real_path,
    sync_folder,
    temporary_file,
    write_atomic,
)

from .platforms import links

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1000
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, pipes and devices of POSIX")


@pytest.fixture(params=[0o000, 0o022, 0o277, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """One that denies its owner nothing or much."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def make_pipe(path: Path) -> Path:
    if sys.platform != "win32":
        os.mkfifo(path)
    return path


# Modes.


@posix
@pytest.mark.usefixtures("_umask")
def test_folders_and_files_are_their_owner_s_alone_and_usable_under_every_umask(tmp_path: Path) -> None:
    folder = tmp_path / "share" / "trayquota"
    private_folder(folder)
    write_atomic(folder / "written", b"")
    os.close(create_file(folder / "created"))
    os.close(open_regular(folder / "opened", os.O_WRONLY | os.O_CREAT))
    assert [mode(path) for path in (folder.parent, folder)] == [0o700, 0o700]
    assert {path.name: mode(path) for path in folder.iterdir()} == dict.fromkeys(
        ("written", "created", "opened"), 0o600
    )


@posix
def test_a_private_folder_is_made_private_and_its_parents_are_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "state"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    private_folder(folder)
    assert (folder.stat().st_mode & 0o777, tmp_path.stat().st_mode & 0o777) == (0o700, 0o755)


def test_a_private_folder_cannot_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    for each in (tmp_path / "state", tmp_path / "state" / "renewals"):
        with pytest.raises(OSError, match=r".+"):
            private_folder(each)


@posix
@pytest.mark.parametrize(("reason", "is_raised"), [(errno.EINVAL, False), (errno.EIO, True), (errno.ENOSPC, True)])
def test_a_folder_that_cannot_be_synced_is_no_failure_but_a_disk_that_fails_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: int, *, is_raised: bool
) -> None:
    def fail(_: int) -> None:
        raise OSError(reason, "fails")

    handles: list[int] = []
    opened: Any = os.open

    def note(*arguments: Any) -> int:
        handles.append(opened(*arguments))
        return handles[-1]

    monkeypatch.setattr(os, "open", note)
    monkeypatch.setattr(os, "fsync", fail)
    if is_raised:
        with pytest.raises(OSError, match="fails"):
            sync_folder(tmp_path)
    else:
        sync_folder(tmp_path)
    for handle in handles:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handle)


@posix
def test_a_file_that_is_there_keeps_its_mode_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_atomic(path, b"new", keep_mode=True)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o644)
    write_atomic(path, b"newer")
    assert (path.read_bytes(), mode(path)) == (b"newer", 0o600)


@posix
def test_opening_a_file_that_is_there_leaves_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.touch()
    path.chmod(0o640)
    os.close(open_regular(path, os.O_WRONLY | os.O_CREAT))
    assert mode(path) == 0o640


# The atomic write.


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.json"
    write_atomic(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "fails")

    for call in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(os, call, fail)
            with pytest.raises(OSError, match="fails"):
                write_atomic(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


def test_a_temporary_file_that_replaced_nothing_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "claude.json"
    with temporary_file(path, b"new") as temporary:
        assert temporary.read_bytes() == b"new"
        assert temporary.parent == tmp_path
        assert temporary.suffix != ".json"
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        create_file(path)
    assert path.read_bytes() == b"mine"


# Bounded reads.


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_file_within_its_bound_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * size)
    assert read_bounded(path, LIMIT) == b"x" * size


def test_a_file_beyond_its_bound_is_refused_with_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * ((1 << 20) + 1))
    with pytest.raises(UnusableFileError, match="larger than 1 MiB"):
        read_bounded(path, 1 << 20)


@posix
def test_what_grows_while_it_is_read_is_refused_at_the_bound() -> None:
    path = Path("/proc/self/maps")  # it states no size
    if not path.exists():
        pytest.skip("no file that states no size")
    with pytest.raises(UnusableFileError, match="larger"):
        read_bounded(path, 10)


@posix
def test_pipes_and_devices_are_refused_at_once_through_links_too(tmp_path: Path) -> None:
    pipe, link = make_pipe(tmp_path / "pipe"), tmp_path / "link"
    link.symlink_to("/dev/zero")
    for path in (pipe, link):
        for flags in (os.O_RDONLY, os.O_WRONLY | os.O_CREAT):
            with pytest.raises(UnusableFileError, match="not a regular file") as caught:
                open_regular(path, flags)
            assert isinstance(caught.value, TrayquotaError)


@posix
def test_a_pipe_that_came_after_the_look_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, pipe = tmp_path / "file", make_pipe(tmp_path / "pipe")
    path.touch()
    opened = os.open
    monkeypatch.setattr(os, "open", lambda _path, *more: opened(pipe, *more))
    with pytest.raises(UnusableFileError, match="not a regular file"):
        read_bounded(path, LIMIT)


def test_a_folder_is_named_as_one(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError, match=os.strerror(errno.EISDIR)):
        read_bounded(tmp_path, LIMIT)


@links
def test_a_link_to_a_file_is_read_and_one_to_nothing_is_a_missing_file(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    link.symlink_to(path)
    with pytest.raises(FileNotFoundError):
        read_bounded(link, LIMIT)
    path.write_bytes(b"content")
    assert read_bounded(link, LIMIT) == b"content"


def test_a_path_whose_end_the_system_cannot_say_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: object) -> str:
        raise OSError(errno.EINVAL, "More data available")

    monkeypatch.setattr(os.path, "realpath", refuse)
    monkeypatch.chdir(tmp_path)
    assert real_path("accounts") == tmp_path / "accounts"
