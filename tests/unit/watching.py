"""A folder with a watcher, for tests."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from trayquota.credentials.watch import Watcher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE_S = 10.0


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
