"""The watcher, on real folders."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from .platforms import no_wine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .watched_folders import Watched

    WatchFolder = Callable[[Path], Watched]

linux = pytest.mark.skipif(sys.platform != "linux", reason="as inotify does it")
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def missing(tmp_path: Path, watch_folder: WatchFolder) -> Watched:
    """A folder two levels below what exists."""
    return watch_folder(tmp_path / "a" / "b" / "accounts")


def test_files_that_are_made_written_renamed_or_deleted_are_reported(watched: Watched) -> None:
    path = watched.folder / "claude-ada.json"
    watched.expect(lambda: path.write_text("{}"))
    watched.settle()
    watched.expect(lambda: path.write_text('{"type": "claude"}'))
    watched.settle()
    watched.expect(lambda: path.rename(watched.folder / "claude-bob.json"))
    watched.settle()
    watched.expect((watched.folder / "claude-bob.json").unlink)


def test_a_file_that_is_replaced_by_renaming_is_reported(watched: Watched) -> None:
    path = watched.folder / "claude-ada.json"
    path.write_text("{}")
    temporary = watched.folder / ".claude-ada.json.trayquota-0.tmp"
    watched.settle()
    temporary.write_text("{}")
    watched.expect(lambda: temporary.replace(path))


def test_a_file_moved_in_or_out_is_reported(watched: Watched, tmp_path: Path) -> None:
    outside = tmp_path / "claude-ada.json"
    outside.write_text("{}")
    inside = watched.folder / outside.name
    watched.expect(lambda: outside.rename(inside))
    watched.settle()
    watched.expect(lambda: inside.rename(outside))


@linux
def test_our_own_reading_is_not_reported(watched: Watched) -> None:
    path = watched.folder / "claude-ada.json"
    path.write_text("{}")

    def read() -> None:
        for _ in range(3):
            assert path.read_text() == "{}"
            assert [each.name for each in os.scandir(watched.folder)] == [path.name]
            path.stat()

    watched.expect_nothing(read)


@linux
@pytest.mark.parametrize(
    "name", [".claude-ada.json.trayquota-0.tmp", "claude.cds", ".hidden.json", "notes.txt", "x.tmp"]
)
def test_files_that_cannot_be_accounts_are_not_reported(watched: Watched, name: str) -> None:
    def write() -> None:
        path = watched.folder / name
        path.write_text("{}")
        path.rename(path.with_name(f"{name}.tmp"))
        path.with_name(f"{name}.tmp").unlink()

    watched.expect_nothing(write)


@linux
def test_folders_within_are_not_reported(watched: Watched) -> None:
    def make() -> None:
        inner = watched.folder / "logs.json"
        inner.mkdir()
        (inner / "claude-ada.json").write_text("{}")

    watched.expect_nothing(make)


@linux
def test_neighbours_of_the_folder_are_not_reported(watched: Watched) -> None:
    def make() -> None:
        parent = watched.folder.parent
        (parent / "other.json").write_text("{}")
        (parent / "other").mkdir()
        (parent / "other").rename(parent / "another")

    watched.expect_nothing(make)


def test_a_folder_that_appears_is_reported_and_so_are_its_files(missing: Watched) -> None:
    missing.expect(missing.folder.parents[1].mkdir)
    missing.expect(missing.folder.parent.mkdir)
    missing.expect(missing.folder.mkdir)
    missing.expect(lambda: (missing.folder / "claude-ada.json").write_text("{}"))


def test_a_folder_made_with_all_its_parents_at_once_is_reported(missing: Watched) -> None:
    missing.expect(lambda: missing.folder.mkdir(parents=True))
    missing.expect(lambda: (missing.folder / "claude-ada.json").write_text("{}"))


@no_wine
def test_a_folder_that_is_deleted_and_made_again_is_reported(watched: Watched) -> None:
    for _ in range(3):
        watched.expect(watched.folder.rmdir)
        watched.expect(watched.folder.mkdir)
        watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))
        watched.settle()
        watched.expect((watched.folder / "claude-ada.json").unlink)


@no_wine
def test_a_folder_deleted_and_made_again_at_once_is_reported(watched: Watched) -> None:
    def replace() -> None:
        watched.folder.rmdir()
        watched.folder.mkdir()

    watched.expect(replace)
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


def test_a_folder_moved_away_is_reported_and_so_is_another_in_its_place(watched: Watched) -> None:
    away = watched.folder.with_name("away")
    watched.expect(lambda: watched.folder.rename(away))
    watched.expect(lambda: away.rename(watched.folder))
    watched.settle()
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


@no_wine
def test_a_parent_that_is_deleted_and_made_again_is_watched_again(watched: Watched) -> None:
    watched.expect(watched.folder.rmdir)
    watched.expect(watched.folder.parent.rmdir)
    watched.expect(watched.folder.parent.mkdir)
    watched.expect(watched.folder.mkdir)
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_folder_behind_a_link_is_watched_and_so_is_the_link(tmp_path: Path, watch_folder: WatchFolder) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    first.mkdir()
    second.mkdir()
    link.symlink_to(first)
    watched = watch_folder(link)
    watched.expect(lambda: (first / "claude-ada.json").write_text("{}"))
    watched.settle()
    watched.expect(link.unlink)
    watched.expect(lambda: link.symlink_to(second))
    watched.expect(lambda: (second / "claude-bob.json").write_text("{}"))


# Links.


links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


@links
def test_a_file_in_another_folder_that_a_link_leads_to_is_watched(watched: Watched, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    real = dotfiles / "ada"
    real.write_text("{}")
    watched.expect(lambda: (watched.folder / "claude-ada.json").symlink_to(real))
    watched.settle()
    watched.expect(lambda: real.write_text('{"type": "claude"}'))
    (dotfiles / "new").write_text("{}")
    watched.expect(lambda: (dotfiles / "new").replace(real))


@links
def test_a_link_in_between_that_is_exchanged_is_noticed(watched: Watched) -> None:
    """As Kubernetes updates what it mounts."""
    for number in (1, 2):
        folder = watched.folder / f"..2026_0{number}"
        folder.mkdir()
        (folder / "claude-ada.json").write_text("{}")
    data, temporary = watched.folder / "..data", watched.folder / "..data_tmp"
    data.symlink_to("..2026_01")
    watched.expect(lambda: (watched.folder / "claude-ada.json").symlink_to("..data/claude-ada.json"))
    watched.settle()
    temporary.symlink_to("..2026_02")
    watched.expect(lambda: temporary.replace(data))
    watched.expect(lambda: (watched.folder / "..2026_02" / "claude-ada.json").write_text('{"type": "claude"}'))


@links
def test_what_a_link_to_nothing_waits_for_is_noticed(watched: Watched, tmp_path: Path) -> None:
    real = tmp_path / "mounted" / "secrets" / "ada"
    watched.expect(lambda: (watched.folder / "claude-ada.json").symlink_to(real))
    watched.expect(real.parent.parent.mkdir)
    watched.expect(real.parent.mkdir)
    watched.expect(lambda: real.write_text("{}"))


@links
def test_links_in_the_middle_of_the_folder_s_path_are_watched(tmp_path: Path, watch_folder: WatchFolder) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "accounts").mkdir(parents=True)
    link = tmp_path / "current"
    link.symlink_to("one")
    watched = watch_folder(link / "accounts")
    other = tmp_path / "other"
    other.symlink_to("two")
    watched.expect(lambda: other.replace(link))
    watched.expect(lambda: (tmp_path / "two" / "accounts" / "claude-ada.json").write_text("{}"))
