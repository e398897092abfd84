"""A folder with a watcher, for tests."""

from __future__ import annotations

import itertools
import os
import threading
from typing import TYPE_CHECKING

from trayquota.system import watcher as watch
from trayquota.system.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from watchdog.events import FileSystemEvent

PATIENCE_S = 10.0


class Watched:
    """A folder with a watcher, and how often the watcher has called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._marks = itertools.count()
        self._calls = 0
        self._seen: list[tuple[str, int]] = []
        self._condition = threading.Condition()
        self.watcher = Watcher()
        self.watcher.watch(folder, self.changed)
        self.watcher.ensure()

    def changed(self) -> None:
        """What the watcher calls."""
        with self._condition:
            self._calls += 1
            self._condition.notify_all()

    def note(self, event: FileSystemEvent) -> None:
        """Note an event that has been dealt with."""
        with self._condition:
            name = os.fsdecode(event.src_path).rpartition(os.sep)[2]
            self._seen.append((f"{event.event_type} {name}", self._calls))
            self._condition.notify_all()

    def expect(self, change: Callable[[], object]) -> None:
        """Make a change, wait until it is reported, and look after the watch as the engine does."""
        with self._condition:
            before = self._calls
        change()
        with self._condition:
            assert self._condition.wait_for(lambda: self._calls > before, PATIENCE_S), "nothing was reported"
        self.watcher.ensure()

    def expect_nothing(self, change: Callable[[], object]) -> None:
        """Make a change that is not to be reported: when a later one is seen, it has been passed over."""
        before = self.settle()
        change()
        # The mark itself is reported twice: that it came, and that it went.
        assert self.settle() - before == 2

    def settle(self) -> int:
        """Wait until everything that happened before has been dealt with; return how often the watcher has called."""
        mark = self.folder / f"mark-{next(self._marks)}.json"
        os.close(os.open(mark, os.O_CREAT | os.O_RDONLY))
        mark.unlink()

        def calls() -> int | None:
            return next((calls for what, calls in self._seen if what == f"deleted {mark.name}"), None)

        with self._condition:
            assert self._condition.wait_for(lambda: calls() is not None, PATIENCE_S), self._seen
            return calls() or 0


class NotingHandler(watch._Handler):
    """Notes each event, for the :class:`Watched` whose watcher it belongs to, when it has been dealt with."""

    def dispatch(self, event: FileSystemEvent) -> None:
        super().dispatch(event)
        watched = getattr(self._on_change, "__self__", None)
        if isinstance(watched, Watched):
            watched.note(event)
