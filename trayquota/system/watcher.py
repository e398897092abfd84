"""Notices changes in folders and files, where the system reports them; nothing here polls.

What no system reports, as of folders on other machines, is left to scans, made every minute there. Where to watch is
in :mod:`trayquota.system.watched_places`.
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

from trayquota.core.translation import Message
from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver

    from trayquota.system.watched_places import Place

_TRIES = 3
_REST_S = 55.0
"""What has trouble is watched anew at most ``_TRIES`` times within this time, which is less than a minute's tick."""
_JOIN_S = 1.0
_STOP_S = 0.3
_log = logging.getLogger(__name__)


class _Target(Struct, frozen=True):
    """What somebody wants to be watched."""

    path: Path
    on_change: Callable[[], None]
    is_file: bool


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
        self._watched: list[tuple[_Target, list[Place]]] = []
        self._repaired_s: deque[float] = deque(maxlen=_TRIES)
        self.problem: str | None = None
        """Why changes are not noticed at once, for people; ``None`` when they are."""

    def watch(self, path: Path, on_change: Callable[[], None], *, is_file: bool = False) -> None:
        """Watch ``path`` from the next :meth:`ensure` on.

        Args:
            path: Absolute; need not exist.
            on_change: Called from the watcher's thread, often several times per change, or within :meth:`ensure`.
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

        Raises nothing. What changed before a first watch goes unnoticed, so scan after it, not before; what may have
        changed while a watch that was well was made anew counts as changed.
        """
        with self._lock:
            if self._is_stopped:
                return
            was_well = [target for target, _ in self._watched] if self._is_alive else []
            if self._watch_anew():
                for target in was_well:
                    target.on_change()

    @property
    def is_well(self) -> bool:
        """Whether what happens in a folder here is reported, as far as is known."""
        return self.problem is None and self._is_alive

    @property
    def kind(self) -> str:
        """What notices changes here, for people: ``inotify``, ``fsevents`` and so on."""
        names = {type(emitter).__name__ for emitter in self._observer.emitters} if self._observer else set()
        return ", ".join(sorted(name.removesuffix("Emitter").lower() for name in names)) or "nothing"

    def stop(self) -> None:
        """End it and its threads for good; when one of them hangs, without waiting for it."""
        self._is_stopped = True
        if self._lock.acquire(timeout=_STOP_S):
            try:
                self._drop()
            finally:
                self._lock.release()

    def _watch_anew(self) -> bool:
        """Watch what there is to watch now, unless that is watched well; return whether a watch was made anew."""
        from trayquota.system.watched_places import places  # not needed by a command that watches nothing

        is_anew, problem = False, None
        for _ in range(_TRIES):
            wanted = [(target, places(target.path, is_file=target.is_file)) for target in self._targets.values()]
            if wanted == self._watched and (is_anew or not self._needs_repair()):
                break
            # Else something has come or gone the moment after it was seen.
            is_anew = True
            self._drop()
            # Observers raise what their systems do: no instances, no threads.
            with LoggedErrors(_log, "starting the observer", logging.DEBUG) as attempt:
                problem = self._watch(wanted)
            problem = attempt.error or problem
            if self._observer is None or not self._observer.emitters:
                self._drop()
                break
        if is_anew:
            self._report(problem)
        return is_anew

    def _needs_repair(self) -> bool:
        """Whether what is watched has trouble, and was not seen to just now."""
        if self._is_alive and self.problem is None:
            return False
        # Some watches end as soon as they have begun.
        now_s = time.monotonic()
        if len(self._repaired_s) == _TRIES and now_s - self._repaired_s[0] < _REST_S:
            return False
        self._repaired_s.append(now_s)
        return True

    @property
    def _is_alive(self) -> bool:
        observer = self._observer
        return observer is not None and observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)

    def _watch(self, wanted: list[tuple[_Target, list[Place]]]) -> Exception | None:
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
        for target, target_places in wanted:
            for number, place in enumerate(target_places):
                # No more is required of a handler than that it takes events.
                handler = cast("FileSystemEventHandler", _Handler(place, target.on_change))
                with LoggedErrors(_log, "watching a folder", logging.DEBUG) as attempt:
                    observer.schedule(handler, place.path, recursive=False, event_filter=_events(place))
                # Without a parent's or a link's watch only their coming and going is noticed late.
                if attempt.error is not None and (not number or place.is_written):
                    problem = attempt.error
        return problem

    def _report(self, error: Exception | None) -> None:
        if error is None:
            self.problem = None
            return
        if isinstance(error, OSError) and error.errno:
            reason = os.strerror(error.errno)
        else:
            reason = Message("no more threads") if isinstance(error, RuntimeError) else type(error).__name__
        problem = Message("changes in the folder are noticed only within a minute ({reason})", reason=reason)
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


class _Handler:
    """Passes on what matters of a place."""

    def __init__(self, place: Place, on_change: Callable[[], None]) -> None:
        self._place = place
        self._on_change = on_change

    def dispatch(self, event: FileSystemEvent) -> None:
        paths = [os.fsdecode(path) for path in (event.src_path, event.dest_path) if path]
        if any(self._place.matters(path, is_folder=event.is_directory) for path in paths):
            self._on_change()


def _events(place: Place) -> list[type[FileSystemEvent]]:
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
    of_names: list[type[FileSystemEvent]] = [
        events.DirCreatedEvent,
        events.DirDeletedEvent,
        events.DirMovedEvent,
        events.FileCreatedEvent,
        events.FileDeletedEvent,
        events.FileMovedEvent,
    ]
    return [*(of_files if place.has_accounts or place.is_written else ()), *(of_names if place.names else ())]
