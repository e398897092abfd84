"""The settings file as something that changes while the program runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.credentials.watch import Watcher

_Signature = tuple[int, ...] | None


class SettingsFile:
    """Notices that the settings file was written, replaced, made or removed. Belongs to the engine's thread."""

    def __init__(self, path: Path, on_change: Callable[[], None]) -> None:
        """Start with the file as it is now; :meth:`ensure` watches it.

        Args:
            path: Absolute; need not exist, and may be a link to a file elsewhere.
            on_change: Called from a watcher's thread, often several times per change.
        """
        self.path = path
        self._on_change = on_change
        self._watchers: dict[Path, Watcher] = {}
        self._seen = _signature(path)

    def ensure(self) -> None:
        """Watch what there is to watch now: the path, and where it is a link, the file it leads to."""
        from trayquota.credentials.watch import Watcher  # noqa: PLC0415 - heavy

        wanted = dict.fromkeys((self.path, Path(os.path.realpath(self.path))))
        for gone in self._watchers.keys() - wanted.keys():
            self._watchers.pop(gone).stop()
        for each in wanted:
            if each not in self._watchers:
                self._watchers[each] = Watcher(each, self._on_change, is_file=True)
            self._watchers[each].ensure()

    def has_changed(self) -> bool:
        """Whether the file is another than at the last time this was asked."""
        before, self._seen = self._seen, _signature(self.path)
        return before != self._seen

    def stop(self) -> None:
        """Watch no longer."""
        for each in self._watchers.values():
            each.stop()


def _signature(path: Path) -> _Signature:
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)
