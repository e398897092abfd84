"""Notices changes in the credentials folder, through the system where it can tell and never by looping.

Two places are watched: the folder, for its files, and its parent, for the folder itself, which may be moved away
or made anew. While there is no folder it is the nearest parent that exists. What no system tells, as about folders
on other machines, is left to the looks that the engine takes now and then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import TYPE_CHECKING

from msgspec import Struct
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

_TRIES = 3
_JOIN_S = 1.0
_STOP_S = 0.3
_log = logging.getLogger(__name__)
# Opening and reading are left out: our own reading must not wake us.
_IN_FOLDER: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileDeletedEvent,
    FileClosedEvent,
    DirDeletedEvent,
]
# A link to a folder comes and goes as a file does.
_IN_PARENT: list[type[FileSystemEvent]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]


class _Place(Struct, frozen=True):
    """Something to watch.

    Attributes:
        path: The real path: links are not followed by all systems.
        name: What matters there; ``None`` for all files that may be accounts.
        identity: Tells the place from a successor at the same path, and a readable one from one that was not.
    """

    path: str
    name: str | None
    identity: tuple[int, int, bool]


class Watcher:
    """Calls back when something in a folder changes, or the folder itself comes or goes; or a single file."""

    def __init__(self, folder: Path, on_change: Callable[[], None], *, is_file: bool = False) -> None:
        """Watch ``folder`` from :meth:`ensure` on.

        Args:
            folder: Absolute; need not exist.
            on_change: Called from the watcher's thread, often several times per change.
            is_file: It is a file that is to be watched.
        """
        self._of_parent = [*_IN_FOLDER, *_IN_PARENT] if is_file else _IN_PARENT
        self._folder = folder
        self._on_change = on_change
        self._lock = threading.Lock()
        self._observer: BaseObserver | None = None
        self._places: list[_Place] = []
        self.problem: str | None = None
        """Why changes are not noticed at once, for people; ``None`` when they are."""

    def ensure(self) -> None:
        """Watch what there is to watch now; to be called at the start, after each change and now and then.

        Raises nothing. What changed between two watches goes unnoticed, so look after it, not before.
        """
        with self._lock:
            for tries_left in range(_TRIES - 1, -1, -1):
                places = _places(self._folder)
                if self._observer is not None and places == self._places and _is_alive(self._observer):
                    return
                self._drop()
                try:
                    self._watch(places)
                except (FileNotFoundError, NotADirectoryError) as error:
                    # Gone the moment after it was seen.
                    self._drop()
                    if not tries_left:
                        self._complain(error)
                except (OSError, RuntimeError) as error:
                    # No more watches, instances or threads to be had.
                    self._drop()
                    self._complain(error)
                    return

    @property
    def kind(self) -> str:
        """What notices changes here, for people: ``inotify``, ``fsevents`` and so on."""
        names = {type(each).__name__ for each in self._observer.emitters} if self._observer else set()
        return ", ".join(sorted(name.removesuffix("Emitter").lower() for name in names)) or "nothing"

    def stop(self) -> None:
        """End it and its threads; when one of them hangs, without waiting for it."""
        if self._lock.acquire(timeout=_STOP_S):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _watch(self, places: list[_Place]) -> None:
        # In use from here on: making an observer may start threads, and somebody has to end them.
        self._observer = observer = Observer()
        observer.name = "watch"
        observer.start()
        self._places = places
        self.problem = None
        for number, place in enumerate(places):
            handler = _Handler(place, self._on_change)
            events = _IN_FOLDER if place.name is None else self._of_parent
            # Without the parent's watch only the folder's own coming and going is noticed late.
            with contextlib.suppress(OSError) if number else contextlib.nullcontext():
                observer.schedule(handler, place.path, recursive=False, event_filter=events)

    def _complain(self, error: OSError | RuntimeError) -> None:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no more threads"
        problem = f"changes in the folder are noticed only within a minute ({reason})"
        if problem != self.problem:
            _log.warning("%s", problem)
        self.problem = problem

    def _drop(self) -> None:
        observer, self._observer, self._places = self._observer, None, []
        if observer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                observer.stop()
            if observer.ident is not None and observer is not threading.current_thread():
                observer.join(_JOIN_S)


class _Handler(FileSystemEventHandler):
    """Passes on what matters of a place."""

    def __init__(self, place: _Place, on_change: Callable[[], None]) -> None:
        self._place = place
        self._on_change = on_change

    def on_any_event(self, event: FileSystemEvent) -> None:
        names = [os.fsdecode(each) for each in (event.src_path, event.dest_path) if each]
        if any(self._matters(each, is_folder=event.is_directory) for each in names):
            self._on_change()

    def _matters(self, name: str, *, is_folder: bool) -> bool:
        if name == self._place.path:
            return True
        base = os.path.basename(name)  # noqa: PTH119 - text from the observer, not a path to use
        if self._place.name is not None:
            return base == self._place.name
        return not is_folder and base.lower().endswith(".json") and not base.startswith(".")


def _places(folder: Path) -> list[_Place]:
    """Return what there is to watch for ``folder``; nothing where not even the root can be looked at."""
    own = _place(folder, None)
    if own is not None:
        parent = _place(folder.parent, folder.name) if folder.parent != folder else None
        return [own, parent] if parent is not None else [own]
    for child, parent_path in zip((folder, *folder.parents), folder.parents, strict=False):
        found = _place(parent_path, child.name)
        if found is not None:
            return [found]
    return []


def _place(path: Path, name: str | None) -> _Place | None:
    try:
        if not path.is_dir():
            return None
        status = path.stat()
        # A folder that may not be read is not watched by all systems, and none of them says so.
        return _Place(os.path.realpath(path), name, (status.st_dev, status.st_ino, os.access(path, os.R_OK)))
    except OSError:
        return None


def _is_alive(observer: BaseObserver) -> bool:
    return observer.is_alive() and all(each.is_alive() for each in observer.emitters)
