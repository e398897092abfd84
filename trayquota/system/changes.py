"""Waiting for a file to change."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trayquota.system.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def changes_of(file: Path) -> Iterator[threading.Event]:
    """Yield what is set when ``file`` is written, replaced, made or removed; it need not exist."""
    changed, watcher = threading.Event(), Watcher()
    watcher.watch(file, changed.set, is_file=True)
    watcher.ensure()
    try:
        yield changed
    finally:
        watcher.stop()
