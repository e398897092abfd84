"""Notices changes in folders and files, through the system where it can tell and never by looping.

Two places are watched for a folder: the folder, for its files, and its parent, for the folder itself, which may be
moved away or made anew. While there is no folder it is the nearest parent that exists. What no system tells, as about
folders on other machines, is left to the looks that the engine takes now and then.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

_TRIES = 3
_REST_S = 55.0
"""What has trouble is tried again so often within this time; less than between two looks that nothing asks for."""
_JOIN_S = 1.0
_STOP_S = 0.3
_log = logging.getLogger(__name__)


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
    """Calls back when something in a folder changes, or the folder itself comes or goes; or a single file.

    One for all folders and files: each takes a thread of the system's observer, which itself takes two.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._targets: dict[Path, _Target] = {}
        self._lock = threading.Lock()
        self._is_stopped = False
        self._observer: BaseObserver | None = None
        self._watched: list[tuple[_Target, list[_Place]]] = []
        self._cared_s: deque[float] = deque(maxlen=_TRIES)
        self.problem: str | None = None
        """Why changes are not noticed at once, for people; ``None`` when they are."""

    def watch(self, path: Path, on_change: Callable[[], None], *, is_file: bool = False) -> None:
        """Watch ``path`` from the next :meth:`ensure` on.

        Args:
            path: Absolute; need not exist.
            on_change: Called from the watcher's thread, often several times per change.
            is_file: It is a file that is to be watched.
        """
        with self._lock:
            self._targets.setdefault(path, _Target(path, on_change, is_file))

    def forget(self, path: Path) -> None:
        """Watch ``path`` no longer, from the next :meth:`ensure` on."""
        with self._lock:
            self._targets.pop(path, None)

    def ensure(self) -> None:
        """Watch what there is to watch now; to be called at the start, after each change and now and then.

        Raises nothing. What changed before a first watch goes unnoticed, so look after it, not before; what may have
        changed while a watch that was well was made anew counts as changed.
        """
        with self._lock:
            if self._is_stopped:
                return
            was_well = [each for each, _ in self._watched] if self._is_alive else []
            if self._renew():
                for each in was_well:
                    each.on_change()

    @property
    def kind(self) -> str:
        """What notices changes here, for people: ``inotify``, ``fsevents`` and so on."""
        names = {type(each).__name__ for each in self._observer.emitters} if self._observer else set()
        return ", ".join(sorted(name.removesuffix("Emitter").lower() for name in names)) or "nothing"

    def stop(self) -> None:
        """End it and its threads for good; when one of them hangs, without waiting for it."""
        self._is_stopped = True
        if self._lock.acquire(timeout=_STOP_S):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _renew(self) -> bool:
        """Watch what there is to watch now; return whether a watch was made anew."""
        is_renewed, problem = False, None
        for _ in range(_TRIES):
            wanted = [(each, _places(each.path)) for each in self._targets.values()]
            if wanted == self._watched and (is_renewed or not self._needs_care()):
                break
            # Else something has come or gone the moment after it was seen.
            is_renewed = True
            self._drop()
            try:
                problem = self._watch(wanted)
            except Exception as error:  # noqa: BLE001 - observers raise what their systems do: no instances, no threads
                problem = error
            if self._observer is None or not self._observer.emitters:
                self._drop()
                break
        if is_renewed:
            self._complain(problem)
        return is_renewed

    def _needs_care(self) -> bool:
        """Whether what is watched has trouble, and was not seen to just now."""
        if self._is_alive and self.problem is None:
            return False
        # Some watches end as soon as they have begun.
        now_s = time.monotonic()
        if len(self._cared_s) == _TRIES and now_s - self._cared_s[0] < _REST_S:
            return False
        self._cared_s.append(now_s)
        return True

    @property
    def _is_alive(self) -> bool:
        observer = self._observer
        return observer is not None and observer.is_alive() and all(each.is_alive() for each in observer.emitters)

    def _watch(self, wanted: list[tuple[_Target, list[_Place]]]) -> Exception | None:
        """Watch all places; return what hindered one that matters."""
        if not wanted:
            return None
        from watchdog.observers import Observer

        # In use from here on: making an observer may start threads, and somebody has to end them.
        self._observer = observer = Observer()
        observer.name = "watch"
        observer.start()
        self._watched = wanted
        problem: Exception | None = None
        for target, places in wanted:
            for number, place in enumerate(places):
                # It asks no more of a handler than that it takes events.
                handler = cast("FileSystemEventHandler", _Handler(place, target.on_change))
                try:
                    observer.schedule(handler, place.path, recursive=False, event_filter=_events(target, place))
                except Exception as error:  # noqa: BLE001 - see _renew()
                    # Without the parent's watch only the folder's own coming and going is noticed late.
                    problem = problem if number else error
        return problem

    def _complain(self, error: Exception | None) -> None:
        if error is None:
            self.problem = None
            return
        if isinstance(error, OSError) and error.errno:
            reason = os.strerror(error.errno)
        else:
            reason = "no more threads" if isinstance(error, RuntimeError) else type(error).__name__
        problem = f"changes in the folder are noticed only within a minute ({reason})"
        if problem != self.problem:
            _log.warning("%s", problem)
        self.problem = problem

    def _drop(self) -> None:
        observer, self._observer, self._watched = self._observer, None, []
        if observer is not None:
            with contextlib.suppress(OSError, RuntimeError):
                observer.stop()
            if observer.ident is not None and observer is not threading.current_thread():
                observer.join(_JOIN_S)


class _Target(Struct, frozen=True):
    """What somebody wants to be watched."""

    path: Path
    on_change: Callable[[], None]
    is_file: bool


class _Handler:
    """Passes on what matters of a place."""

    def __init__(self, place: _Place, on_change: Callable[[], None]) -> None:
        self._place = place
        self._on_change = on_change

    def dispatch(self, event: FileSystemEvent) -> None:
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


def _events(target: _Target, place: _Place) -> list[type[FileSystemEvent]]:
    """Return the events that can matter. Opening and reading are none: our own reading must not wake us."""
    from watchdog import events

    of_files: list[type[FileSystemEvent]] = [
        events.FileCreatedEvent,
        events.FileModifiedEvent,
        events.FileMovedEvent,
        events.FileDeletedEvent,
        events.FileClosedEvent,
        events.DirDeletedEvent,
    ]
    # A link to a folder comes and goes as a file does.
    of_what_a_folder_is_in: list[type[FileSystemEvent]] = [
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirMovedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileMovedEvent,
    ]
    if place.name is None:
        return of_files
    return [*of_files, *of_what_a_folder_is_in] if target.is_file else of_what_a_folder_is_in


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
