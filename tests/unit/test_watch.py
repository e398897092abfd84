"""The watcher, on real folders."""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from watchdog.observers import Observer

from trayquota.credentials import watch
from trayquota.credentials.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE_S = 10.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="as inotify does it")


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for each in set(threading.enumerate()) - before:
        each.join(PATIENCE_S)
    assert [each.name for each in set(threading.enumerate()) - before] == []


class Watched:
    """A folder with a watcher, and what the watcher has told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = 0
        self._called = threading.Condition()
        self.watcher = Watcher(folder, self._call)
        self.watcher.ensure()

    def _call(self) -> None:
        with self._called:
            self._calls += 1
            self._called.notify_all()

    def expect(self, change: Callable[[], object]) -> None:
        """Make a change, wait until it is told, and look after the watch as the engine does."""
        with self._called:
            self._calls = 0
        change()
        with self._called:
            assert self._called.wait_for(lambda: self._calls > 0, PATIENCE_S), "nothing was told"
        self.watcher.ensure()

    def expect_nothing(self, change: Callable[[], object]) -> None:
        """Make a change that is not to be told, then one that is: what comes first is told first."""
        self.settle()
        change()
        told = self._calls
        self._mark()
        assert told == 0
        assert self._calls == 2, "the mark's own two events, its creation and its end"

    def settle(self) -> None:
        """Have everything told that happened until now."""
        self._mark()
        with self._called:
            self._calls = 0

    def _mark(self) -> None:
        mark = self.folder / "mark.json"
        before = self._calls
        os.close(os.open(mark, os.O_CREAT | os.O_RDONLY))
        mark.unlink()
        with self._called:
            assert self._called.wait_for(lambda: self._calls >= before + 2, PATIENCE_S), self._calls - before


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "home" / ".cli-proxy-api"
    folder.mkdir(parents=True)
    watched = Watched(folder)
    yield watched
    watched.watcher.stop()


@pytest.fixture
def missing(tmp_path: Path) -> Iterator[Watched]:
    """A folder two levels below what exists."""
    watched = Watched(tmp_path / "a" / "b" / "accounts")
    yield watched
    watched.watcher.stop()


def test_files_that_are_made_written_renamed_and_deleted_are_told(watched: Watched) -> None:
    path = watched.folder / "claude-ada.json"
    watched.expect(lambda: path.write_text("{}"))
    watched.settle()
    watched.expect(lambda: path.write_text('{"type": "claude"}'))
    watched.settle()
    watched.expect(lambda: path.rename(watched.folder / "claude-bob.json"))
    watched.settle()
    watched.expect((watched.folder / "claude-bob.json").unlink)


def test_a_file_that_is_replaced_by_renaming_is_told(watched: Watched) -> None:
    path = watched.folder / "claude-ada.json"
    path.write_text("{}")
    temporary = watched.folder / ".claude-ada.json.trayquota-0.tmp"
    watched.settle()
    temporary.write_text("{}")
    watched.expect(lambda: temporary.replace(path))


def test_a_file_moved_in_or_out_is_told(watched: Watched, tmp_path: Path) -> None:
    outside = tmp_path / "claude-ada.json"
    outside.write_text("{}")
    inside = watched.folder / outside.name
    watched.expect(lambda: outside.rename(inside))
    watched.settle()
    watched.expect(lambda: inside.rename(outside))


@linux
def test_our_own_reading_is_not_told(watched: Watched) -> None:
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
def test_files_that_can_be_no_accounts_are_not_told(watched: Watched, name: str) -> None:
    def write() -> None:
        path = watched.folder / name
        path.write_text("{}")
        path.rename(path.with_name(f"{name}.tmp"))
        path.with_name(f"{name}.tmp").unlink()

    watched.expect_nothing(write)


@linux
def test_folders_within_are_not_told(watched: Watched) -> None:
    def make() -> None:
        inner = watched.folder / "logs.json"
        inner.mkdir()
        (inner / "claude-ada.json").write_text("{}")

    watched.expect_nothing(make)


@linux
def test_neighbours_of_the_folder_are_not_told(watched: Watched) -> None:
    def make() -> None:
        parent = watched.folder.parent
        (parent / "other.json").write_text("{}")
        (parent / "other").mkdir()
        (parent / "other").rename(parent / "another")

    watched.expect_nothing(make)


def test_a_folder_that_appears_is_told_and_its_files_too(missing: Watched) -> None:
    missing.expect(missing.folder.parents[1].mkdir)
    missing.expect(missing.folder.parent.mkdir)
    missing.expect(missing.folder.mkdir)
    missing.expect(lambda: (missing.folder / "claude-ada.json").write_text("{}"))


def test_a_folder_made_with_all_its_parents_at_once_is_told(missing: Watched) -> None:
    missing.expect(lambda: missing.folder.mkdir(parents=True))
    missing.expect(lambda: (missing.folder / "claude-ada.json").write_text("{}"))


def test_a_folder_that_is_deleted_and_made_again_is_told(watched: Watched) -> None:
    for _ in range(3):
        watched.expect(watched.folder.rmdir)
        watched.expect(watched.folder.mkdir)
        watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))
        watched.settle()
        watched.expect((watched.folder / "claude-ada.json").unlink)


def test_a_folder_deleted_and_made_again_before_anybody_looks_is_told(watched: Watched) -> None:
    def replace() -> None:
        watched.folder.rmdir()
        watched.folder.mkdir()

    watched.expect(replace)
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


def test_a_folder_moved_away_is_told_and_another_in_its_place_too(watched: Watched) -> None:
    away = watched.folder.with_name("away")
    watched.expect(lambda: watched.folder.rename(away))
    watched.expect(lambda: away.rename(watched.folder))
    watched.settle()
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


def test_a_parent_that_is_deleted_is_found_again(watched: Watched) -> None:
    watched.expect(watched.folder.rmdir)
    watched.expect(watched.folder.parent.rmdir)
    watched.expect(watched.folder.parent.mkdir)
    watched.expect(watched.folder.mkdir)
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_folder_behind_a_link_is_watched_and_so_is_the_link(tmp_path: Path) -> None:
    first, second, link = tmp_path / "first", tmp_path / "second", tmp_path / "link"
    first.mkdir()
    second.mkdir()
    link.symlink_to(first)
    watched = Watched(link)
    watched.expect(lambda: (first / "claude-ada.json").write_text("{}"))
    watched.settle()
    watched.expect(link.unlink)
    watched.expect(lambda: link.symlink_to(second))
    watched.expect(lambda: (second / "claude-bob.json").write_text("{}"))
    watched.watcher.stop()


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="modes are POSIX's")
def test_a_folder_that_may_not_be_read_is_watched_when_it_may(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != watched.folder and real(path, mode))
    watched.watcher.ensure()
    before = watched.watcher._observer
    watched.watcher.ensure()
    assert watched.watcher._observer is before
    monkeypatch.undo()
    watched.watcher.ensure()
    assert watched.watcher._observer is not before


def test_looking_after_a_watch_that_is_well_changes_nothing(watched: Watched) -> None:
    before = watched.watcher._observer
    for _ in range(3):
        watched.watcher.ensure()
    assert watched.watcher._observer is before
    assert watched.watcher.problem is None


def test_a_watch_whose_threads_have_died_is_made_anew(watched: Watched) -> None:
    observer = watched.watcher._observer
    assert observer is not None
    observer.stop()
    observer.join(PATIENCE_S)
    watched.watcher.ensure()
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


def test_without_watches_to_be_had_it_says_so_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def exhausted(*_args: object, **_more: object) -> None:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(watch, "Observer", exhausted)
        watched = Watched(tmp_path)
        watched.watcher.ensure()
    problem = watched.watcher.problem
    assert problem is not None
    assert os.strerror(errno.EMFILE) in problem
    assert watched.watcher.kind == "nothing"
    assert len(caplog.records) == 1, "once is enough"
    watched.watcher.ensure()
    assert watched.watcher.problem is None
    watched.expect(lambda: (tmp_path / "claude-ada.json").write_text("{}"))
    watched.watcher.stop()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "inotify watch limit reached"), RuntimeError("no threads")])
def test_a_watch_that_cannot_be_finished_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise error

    def observer() -> object:
        made = Observer()
        made.schedule = refuse  # type: ignore[method-assign, assignment]
        return made

    with monkeypatch.context() as patch:
        patch.setattr(watch, "Observer", observer)
        threads = threading.active_count()
        watched = Watched(tmp_path)
        for _ in range(3):
            watched.watcher.ensure()
        assert threading.active_count() == threads
    assert watched.watcher.problem is not None


@linux
def test_it_tells_what_it_watches_with(watched: Watched) -> None:
    assert watched.watcher.kind == "inotify"


def test_stopping_twice_or_before_the_start_is_no_error(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path, lambda: None)
    watcher.stop()
    watcher.ensure()
    watcher.stop()
    watcher.stop()


def test_stopping_does_not_wait_for_somebody_who_hangs(tmp_path: Path) -> None:
    watcher = Watcher(tmp_path, lambda: None)
    with watcher._lock:
        watcher.stop()
