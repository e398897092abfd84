"""Management keys that servers have refused: none of them is sent again, not by another process either.

A proxy bans an address after five wrong keys. The file holds fingerprints alone.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from typing import TYPE_CHECKING

from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 1 << 16
_MOST = 100
_log = logging.getLogger(__name__)


class RefusedKeyFile:
    """The file, read at each question. For any thread and several processes."""

    def __init__(self, path: Path) -> None:
        """Keep it at ``path``."""
        self._path = path
        self._lock = threading.Lock()
        self._unsaved: set[str] = set()

    def is_refused(self, address: str, key: str) -> bool:
        """Whether the server at ``address`` has refused ``key``."""
        fingerprint = _fingerprint(address, key)
        with self._lock:
            return fingerprint in self._unsaved or fingerprint in self._read()

    def refuse(self, address: str, key: str) -> None:
        """Record that the server has refused it; without a disk for as long as this process runs."""
        fingerprint = _fingerprint(address, key)
        with self._lock:
            kept = [other for other in self._read() if other != fingerprint]
            if not self._write([*kept, fingerprint][-_MOST:]):
                self._unsaved.add(fingerprint)

    def forget(self, address: str) -> None:
        """Let the keys for ``address`` be tried once more, because a person says so."""
        with self._lock:
            found = self._read()
            kept = [other for other in found if not other.startswith(_server(address))]
            if kept != found:
                self._write(kept)

    def _read(self) -> list[str]:
        try:
            found = json.loads(read_bounded(self._path, _MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        return [entry for entry in found if isinstance(entry, str)] if isinstance(found, list) else []

    def _write(self, fingerprints: list[str]) -> bool:
        try:
            private_folder(self._path.parent)
            write_atomic(self._path, json.dumps(fingerprints).encode())
        except OSError:
            _log.warning("that a proxy refused its key could not be saved")
            return False
        return True


def _fingerprint(address: str, key: str) -> str:
    return _server(address) + _hash(f"{address}\n{key}")


def _server(address: str) -> str:
    return f"{_hash(address)}:"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
