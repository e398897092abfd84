"""The settings file as something that changes while the program runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.system.files import signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.system.watcher import Watcher


class SettingsFileWatch:
    """Notices that the settings file was written, replaced, made or removed. Belongs to the engine's thread."""

    def __init__(self, path: Path, on_change: Callable[[], None], watcher: Watcher) -> None:
        """Start with the file as it is now; it is watched from the next :meth:`ensure` on, whoever calls it.

        Args:
            path: Absolute; need not exist, and may be a link to a file elsewhere.
            on_change: Called from the watcher's thread, often several times per change.
            watcher: Watches; it may serve others, too.
        """
        self.path = path
        self._watcher = watcher
        self._last_signature = _signature(path)
        watcher.watch(path, on_change, is_file=True)

    def ensure(self) -> None:
        """Watch what there is to watch now."""
        self._watcher.ensure()

    def has_changed(self) -> bool:
        """Whether the file is another than at the last call."""
        before, self._last_signature = self._last_signature, _signature(self.path)
        return before != self._last_signature


def _signature(path: Path) -> tuple[int, ...] | None:
    try:
        return signature(path.stat())
    except OSError:
        return None
