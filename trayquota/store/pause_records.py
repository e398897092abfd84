"""``pauses.json``: what this program did last to each account that it has paused or resumed.

Read at each question and changed under a lock, for the applet and a command may both be at it: what a person does last
counts, wherever that is.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from trayquota.core.pausing import PauseRecord
from trayquota.store.account_records import decoded
from trayquota.system.file_lock import open_locked
from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAX_BYTES = 1 << 22
_LOCK_TRIES = 40
_LOCK_PAUSE_S = 0.05
_log = logging.getLogger(__name__)


class PauseRecords:
    """The file. For any thread and several processes; a disk that takes nothing is named in the log."""

    def __init__(self, path: Path) -> None:
        """Keep it at ``path``."""
        self._path = path
        self._lock = threading.Lock()

    def read(self) -> dict[str, PauseRecord]:
        """Return all records by account id; what makes no sense is left out."""
        try:
            found = msgspec.json.decode(read_bounded(self._path, _MAX_BYTES), type=dict[str, Raw])
        except (OSError, ValueError, RecursionError):
            return {}
        records = {key: decoded(raw, PauseRecord) for key, raw in found.items()}
        return {key: record for key, record in records.items() if record is not None}

    def put(self, account_id: str, record: PauseRecord) -> PauseRecord:
        """Record what is done to an account; return the record, which is another than all before."""
        numbered = replace(record, number=secrets.token_hex(8))
        with self._locked():
            self._write({**self.read(), account_id: numbered})
        return numbered

    def replace(self, account_id: str, record: PauseRecord, new: PauseRecord | None) -> bool:
        """Have another record, or none, in place of ``record``; return whether that was still the last one."""
        with self._locked():
            records = self.read()
            if records.get(account_id) != record:
                return False
            if new is None:
                del records[account_id]
            else:
                records[account_id] = new
            self._write(records)
            return True

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock, if it can be had in time: a record is of more use than none."""
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
            for _ in range(_LOCK_TRIES):
                if (handle := open_locked(self._path.with_suffix(".lock"))) is not None:
                    return handle
                time.sleep(_LOCK_PAUSE_S)
        return None

    def _write(self, records: dict[str, PauseRecord]) -> None:
        try:
            if not records:
                self._path.unlink(missing_ok=True)
                return
            write_atomic(self._path, msgspec.json.encode(records))
        except (OSError, ValueError) as error:
            _log.warning("which accounts were paused could not be saved (%s)", type(error).__name__)
