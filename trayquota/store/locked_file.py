"""A small file that several threads and processes change: what is read, changed and written again is under one lock."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

from trayquota.system.file_lock import open_locked
from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TRIES = 40
_PAUSE_S = 0.05


class LockedFile:
    """A private file, and beside it the lock on it. For any thread and several processes."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Keep it at ``path``; more than ``max_bytes`` are never read."""
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def read(self) -> bytes:
        """Return the content; needs no lock, for nothing but a whole content is ever there.

        Raises:
            OSError: There is none, or it cannot be read.
        """
        return read_bounded(self._path, self._max_bytes)

    def write(self, content: bytes) -> None:
        """Write the content anew, within :meth:`locked`; without one the file is removed.

        Raises:
            OSError: That is not possible.
        """
        if content:
            private_folder(self._path.parent)
            write_atomic(self._path, content)
        else:
            self._path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock, if it can be had in time: a change that may be lost is of more use than none."""
        with self._lock:
            handle = self._open_locked()
            try:
                yield
            finally:
                if handle is not None:
                    os.close(handle)

    def _open_locked(self) -> int | None:
        with contextlib.suppress(OSError):
            private_folder(self._path.parent)
            for _ in range(_TRIES):
                if (handle := open_locked(self._path.with_suffix(".lock"))) is not None:
                    return handle
                time.sleep(_PAUSE_S)
        return None
