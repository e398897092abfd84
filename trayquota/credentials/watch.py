"""Notices changes in the credentials folder, through the system where it can tell and never by looping.

While the folder does not exist its nearest existing parent is watched instead.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from watchdog.observers.api import BaseObserver

_log = logging.getLogger(__name__)
# Opening and reading are left out: our own reading must not wake us.
_FILE_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
]
_FOLDER_EVENTS: list[type[FileSystemEvent]] = [DirCreatedEvent, DirDeletedEvent, DirMovedEvent]


class Watcher(FileSystemEventHandler):
    """Calls back when something in a folder changes, or the folder itself comes or goes."""

    def __init__(self, folder: Path, on_change: Callable[[], None]) -> None:
        """Watch ``folder`` once started.

        Args:
            folder: Need not exist.
            on_change: Called from the watcher's thread, often several times per change.
        """
        self._folder = folder
        self._on_change = on_change
        self._lock = threading.Lock()
        self._observer: BaseObserver | None = None
        self._watched: tuple[Path, int, int] | None = None
        self.problem: str | None = None
        """Why changes are not noticed at once, for people; ``None`` when they are."""

    def ensure(self) -> None:
        """Watch what there is to watch now; to be called at the start, after each change and now and then."""
        with self._lock:
            target = self._target()
            observer = self._observer
            if target is not None and target == self._watched and observer is not None and _is_alive(observer):
                return
            self._drop()
            if target is not None:
                self._watch(target)

    @property
    def kind(self) -> str:
        """What notices changes here, for people: ``inotify``, ``fsevents`` and so on."""
        names = {type(each).__name__ for each in self._observer.emitters} if self._observer else set()
        return ", ".join(sorted(name.removesuffix("Emitter").lower() for name in names)) or "nothing"

    def stop(self) -> None:
        """End it and its threads."""
        with self._lock:
            self._drop()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Pass a change on when it can matter."""
        names = [os.fsdecode(each) for each in (event.src_path, event.dest_path) if each]
        if event.is_directory or self._watched is None or self._watched[0] != self._folder:
            if any(self._concerns_folder(each) for each in names):
                self._on_change()
        elif any(_may_be_account(each) for each in names):
            self._on_change()

    def _concerns_folder(self, name: str) -> bool:
        folder = str(self._folder)
        return name == folder or folder.startswith(name.rstrip(os.sep) + os.sep)

    def _target(self) -> tuple[Path, int, int] | None:
        """Return the folder, or its nearest parent that exists, with what tells it from a successor."""
        for each in (self._folder, *self._folder.parents):
            try:
                status = each.stat()
            except OSError:
                continue
            if each.is_dir():
                return each, status.st_dev, status.st_ino
        return None

    def _watch(self, target: tuple[Path, int, int]) -> None:
        path = target[0]
        events = _FILE_EVENTS + _FOLDER_EVENTS if path == self._folder else _FOLDER_EVENTS
        observer = Observer()
        try:
            observer.schedule(self, str(path), recursive=False, event_filter=events)
            observer.start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "unknown error"
            self.problem = f"changes in the folder are noticed only at the next refresh ({reason})"
            _log.warning("%s", self.problem)
            return
        self._observer, self._watched, self.problem = observer, target, None

    def _drop(self) -> None:
        observer, self._observer, self._watched = self._observer, None, None
        if observer is not None:
            observer.stop()
            if observer.ident is not None and observer is not threading.current_thread():
                observer.join()


def _is_alive(observer: BaseObserver) -> bool:
    return observer.is_alive() and any(each.is_alive() for each in observer.emitters)


def _may_be_account(name: str) -> bool:
    base = os.path.basename(name)  # noqa: PTH119 - text from the observer, not a path to use
    return base.lower().endswith(".json") and not base.startswith(".")
