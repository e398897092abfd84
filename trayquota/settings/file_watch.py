"""The settings file as something that changes while the program runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.system.files import signature

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.system.watcher import Watcher


class SettingsFileWatch:
    """Notices that the settings file was written, replaced, made or removed. Belongs to the engine's thread."""

    def __init__(self, path: Path, on_change: Callable[[], None], watcher: Watcher) -> None:
        """Start with the file as it is now; from the next :meth:`ensure` on, of anybody, it is watched.

        Args:
            path: Absolute; need not exist, and may be a link to a file elsewhere.
            on_change: Called from the watcher's thread, often several times per change.
            watcher: Watches; it may serve others, too.
        """
        self.path = path
        self._on_change = on_change
        self._watcher = watcher
        self._watched: frozenset[Path] = frozenset()
        self._seen = _signature(path)
        self._want()

    def ensure(self) -> None:
        """Watch what there is to watch now."""
        self._want()
        self._watcher.ensure()

    def has_changed(self) -> bool:
        """Whether the file is another than at the last time this was asked."""
        before, self._seen = self._seen, _signature(self.path)
        return before != self._seen

    def _want(self) -> None:
        """Have the path watched, and where it is a link, the file it leads to."""
        wanted = frozenset((self.path, Path(os.path.realpath(self.path))))
        for gone in self._watched - wanted:
            self._watcher.forget(gone)
        for each in wanted:
            self._watcher.watch(each, self._on_change, is_file=True)
        self._watched = wanted


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        return signature(path.stat())
    except OSError:
        return None
