"""The watcher, where the system does not do what it should."""

from __future__ import annotations

import errno
import logging
import os
import queue
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from insides import hanging, observer_of
from watchdog import observers
from watchdog.observers import Observer

from trayquota.system import watched_places
from trayquota.system import watcher as watch
from trayquota.system.watched_places import Place, places
from trayquota.system.watcher import Watcher

from .platforms import no_wine
from .watched_folders import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from watchdog.events import FileSystemEventHandler
    from watchdog.observers.api import BaseObserver, ObservedWatch

    from .watched_folders import Watched

    WatchFolder = Callable[[Path], Watched]

linux = pytest.mark.skipif(sys.platform != "linux", reason="as inotify does it")
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="modes are POSIX's")
def test_a_folder_is_watched_once_it_may_be_read(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != watched.folder and real(path, mode))
    watched.watcher.ensure()
    before = observer_of(watched.watcher)
    watched.watcher.ensure()
    assert observer_of(watched.watcher) is before
    monkeypatch.undo()
    watched.watcher.ensure()
    assert observer_of(watched.watcher) is not before


def test_a_watch_that_works_is_not_made_anew(watched: Watched) -> None:
    before = observer_of(watched.watcher)
    for _ in range(3):
        watched.watcher.ensure()
    assert observer_of(watched.watcher) is before
    assert watched.watcher.problem is None


def test_a_watch_whose_threads_have_ended_is_made_anew(watched: Watched) -> None:
    observer = observer_of(watched.watcher)
    assert observer is not None
    observer.stop()
    observer.join(PATIENCE_S)
    watched.watcher.ensure()
    watched.expect(lambda: (watched.folder / "claude-ada.json").write_text("{}"))


def test_without_watches_to_be_had_it_reports_a_problem_and_tries_again(
    tmp_path: Path, watch_folder: WatchFolder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def exhausted(*_args: object, **_more: object) -> None:
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(observers, "Observer", exhausted)
        watched = watch_folder(tmp_path)
        watched.watcher.ensure()
    problem = watched.watcher.problem
    assert problem is not None
    assert os.strerror(errno.EMFILE) in problem
    assert watched.watcher.kind == "nothing"
    assert len(caplog.records) == 1, "once is enough"
    watched.watcher.ensure()
    assert watched.watcher.problem is None
    watched.expect(lambda: (tmp_path / "claude-ada.json").write_text("{}"))


@no_wine
def test_a_folder_that_vanishes_while_watches_are_made_leaves_its_parent_watched(
    tmp_path: Path, watch_folder: WatchFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "accounts"
    folder.mkdir()

    def seen(path: Path, *, is_file: bool) -> list[Place]:
        found = places(path, is_file=is_file)
        if folder.exists():
            folder.rmdir()
        return found

    monkeypatch.setattr(watched_places, "places", seen)
    watched = watch_folder(folder)
    monkeypatch.setattr(watched_places, "places", places)
    assert watched.watcher.problem is None
    watched.expect(folder.mkdir)
    watched.expect(lambda: (folder / "claude-ada.json").write_text("{}"))


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "inotify watch limit reached"), RuntimeError("no threads")])
def test_a_watch_that_cannot_be_finished_leaves_no_thread(
    tmp_path: Path, watch_folder: WatchFolder, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise error

    def observer() -> object:
        made = Observer()
        made.schedule = refuse  # type: ignore[method-assign, assignment]
        return made

    with monkeypatch.context() as patch:
        patch.setattr(observers, "Observer", observer)
        threads = threading.active_count()
        watched = watch_folder(tmp_path)
        for _ in range(3):
            watched.watcher.ensure()
        assert threading.active_count() == threads
    assert watched.watcher.problem is not None


@linux
def test_its_kind_names_the_system_s_notifier(watched: Watched) -> None:
    assert watched.watcher.kind == "inotify"


def test_stopping_twice_or_before_the_start_is_no_error(tmp_path: Path) -> None:
    watcher = Watcher()
    watcher.watch(tmp_path, lambda: None)
    watcher.stop()
    watcher.ensure()
    watcher.stop()
    watcher.stop()


def test_stopping_does_not_wait_for_a_thread_that_hangs(tmp_path: Path) -> None:
    watcher = Watcher()
    watcher.watch(tmp_path, lambda: None)
    with hanging(watcher):
        watcher.stop()


def two_places(tmp_path: Path) -> tuple[Watcher, threading.Event, threading.Event]:
    """One watcher of a folder and of a file in another one."""
    watcher, of_folder, of_file = Watcher(), threading.Event(), threading.Event()
    for name in ("accounts", "config"):
        (tmp_path / name).mkdir()
    watcher.watch(tmp_path / "accounts", of_folder.set)
    watcher.watch(tmp_path / "config" / "config.toml", of_file.set, is_file=True)
    return watcher, of_folder, of_file


def test_one_watcher_serves_folders_and_files(tmp_path: Path) -> None:
    watcher, of_folder, of_file = two_places(tmp_path)
    watcher.ensure()
    try:
        (tmp_path / "accounts" / "claude-ada.json").write_text("{}")
        assert of_folder.wait(PATIENCE_S)
        assert not of_file.is_set()
        (tmp_path / "config" / "config.toml").write_text("low_percent = 5")
        assert of_file.wait(PATIENCE_S)
        assert len([each for each in threading.enumerate() if each.name == "watch"]) == 1
    finally:
        watcher.stop()


def test_what_changes_while_a_watch_is_made_anew_is_reported(tmp_path: Path) -> None:
    watcher, of_folder, of_file = two_places(tmp_path)
    watcher.ensure()
    watcher.ensure()
    try:
        assert not of_folder.is_set()
        watcher.watch(tmp_path / "elsewhere", lambda: None)
        watcher.ensure()
        assert of_folder.is_set()
        assert of_file.is_set()
    finally:
        watcher.stop()


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "inotify watch limit reached"),
        FileNotFoundError(errno.ENOENT, "gone"),
        NotADirectoryError(),
        queue.Empty(),
    ],
)
def test_a_place_that_cannot_be_watched_leaves_the_others_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def observer() -> BaseObserver:
        made = Observer()
        real = made.schedule

        def schedule(handler: FileSystemEventHandler, path: str, **more: Any) -> ObservedWatch:
            if path.endswith("config"):
                raise error
            return real(handler, path, **more)

        made.schedule = schedule  # type: ignore[method-assign, assignment]
        return made

    watcher, of_folder, of_file = two_places(tmp_path)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(observers, "Observer", observer)
            for _ in range(2):
                watcher.ensure()
                assert watcher.problem is not None
                of_folder.clear()
                (tmp_path / "accounts" / "claude-ada.json").write_text("{}")
                assert of_folder.wait(PATIENCE_S)
        watcher.ensure()
        assert watcher.problem is None
        (tmp_path / "config" / "config.toml").write_text("low_percent = 5")
        assert of_file.wait(PATIENCE_S)
    finally:
        watcher.stop()


def test_watches_that_end_at_once_are_not_made_anew_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[BaseObserver] = []

    def observer() -> BaseObserver:
        made.append(Observer())
        return made[-1]

    monkeypatch.setattr(observers, "Observer", observer)
    watcher = Watcher()
    watcher.watch(tmp_path, lambda: None)
    try:
        for _ in range(20):
            watcher.ensure()
            for each in made[-1].emitters:
                each.stop()
                each.join(PATIENCE_S)
        assert len(made) < 6
        monkeypatch.setattr(watch, "_REST_S", 0.0)
        watcher.ensure()
        assert len(made) > 4
    finally:
        watcher.stop()
