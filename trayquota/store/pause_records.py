"""``pauses.json``: what this program did last to each account that it has paused or resumed.

Read whenever it is needed and changed under a lock, for the applet and a command may both be at it: what a person does
last counts, wherever that is.
"""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from trayquota.core.pausing import PauseRecord
from trayquota.store.account_records import decoded
from trayquota.store.locked_file import LockedFile

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 1 << 22
_log = logging.getLogger(__name__)


class PauseRecords:
    """The file. For any thread and several processes; a disk that takes nothing is named in the log."""

    def __init__(self, path: Path) -> None:
        """Keep it at ``path``."""
        self._file = LockedFile(path, _MAX_BYTES)

    def read(self) -> dict[str, PauseRecord]:
        """Return all records by account id; what makes no sense is left out."""
        try:
            found = msgspec.json.decode(self._file.read(), type=dict[str, Raw])
        except (OSError, ValueError, RecursionError):
            return {}
        records = {key: decoded(raw, PauseRecord) for key, raw in found.items()}
        return {key: record for key, record in records.items() if record is not None}

    def put(self, account_id: str, record: PauseRecord) -> PauseRecord:
        """Record what is done to an account; return the record, which is another than all before."""
        numbered = replace(record, number=secrets.token_hex(8))
        with self._file.locked():
            self._write({**self.read(), account_id: numbered})
        return numbered

    def replace(self, account_id: str, record: PauseRecord, new: PauseRecord | None) -> bool:
        """Have another record, or none, in place of ``record``; return whether that was still the last one."""
        with self._file.locked():
            records = self.read()
            if records.get(account_id) != record:
                return False
            if new is None:
                del records[account_id]
            else:
                records[account_id] = new
            self._write(records)
            return True

    def _write(self, records: dict[str, PauseRecord]) -> None:
        try:
            self._file.write(msgspec.json.encode(records) if records else b"")
        except (OSError, ValueError) as error:
            _log.warning("which accounts were paused could not be saved (%s)", type(error).__name__)
