"""How proxies have refused this program, over restarts and commands, so that nobody is asked again and again.

A proxy bans an address after five wrong keys, so a key that it has refused is never sent to it again; and one that lets
nobody in is left alone for a while. The file holds fingerprints alone.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from trayquota.core.model import Instant
from trayquota.store.locked_file import LockedFile

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


CLOSED_FOR = timedelta(minutes=30)
"""As long as a ban."""
_MAX_BYTES = 1 << 16
_MOST = 100
_log = logging.getLogger(__name__)


class _Closure(Struct, frozen=True):
    """A server that lets nobody in: why, and since when."""

    why: str
    since: Instant


class _Content(Struct):
    """Of the file.

    Attributes:
        refused: Fingerprints of servers with a key.
        closed: By the fingerprint of a server.
    """

    refused: list[str] = field(default_factory=list)
    closed: dict[str, _Closure] = field(default_factory=dict)


class RefusedKeyFile:
    """The file, read for each answer. For any thread and several processes.

    What could not be saved is changed under the file's lock, and read without: one look at it is whole.
    """

    def __init__(self, path: Path) -> None:
        """Keep it at ``path``."""
        self._file = LockedFile(path, _MAX_BYTES)
        self._unsaved = _Content()

    def is_refused(self, address: str, key: str) -> bool:
        """Whether the server at ``address`` has refused ``key``."""
        fingerprint = _fingerprint(address, key)
        return fingerprint in self._unsaved.refused or fingerprint in self._read().refused

    def refuse(self, address: str, key: str) -> None:
        """Record that the server has refused it; without a disk for as long as this process runs."""
        fingerprint = _fingerprint(address, key)
        with self._file.locked():
            found = self._read()
            found.refused = [*(other for other in found.refused if other != fingerprint), fingerprint][-_MOST:]
            if not self._write(found):
                self._unsaved.refused.append(fingerprint)

    def closed_reason(self, address: str, now: datetime) -> str:
        """Return why the server at ``address`` is left alone at ``now``; empty when it is not."""
        closure = self._unsaved.closed.get(_server(address)) or self._read().closed.get(_server(address))
        # A clock that was wrong closes nothing for years.
        return closure.why if closure is not None and timedelta() <= now - closure.since < CLOSED_FOR else ""

    def close(self, address: str, why: str, now: datetime) -> None:
        """Record that the server lets nobody in, so that it is left alone for half an hour; as :meth:`refuse` does."""
        closure = _Closure(why, now)
        with self._file.locked():
            found = self._read()
            kept = {server: other for server, other in found.closed.items() if now - other.since < CLOSED_FOR}
            found.closed = {**kept, _server(address): closure}
            if not self._write(found):
                self._unsaved.closed[_server(address)] = closure

    def reopen(self, address: str) -> None:
        """Let the server be tried once more, because a person says so; a key that it has refused stays refused."""
        with self._file.locked():
            self._unsaved.closed.pop(_server(address), None)
            found = self._read()
            if found.closed.pop(_server(address), None):
                self._write(found)

    def forget(self, address: str) -> None:
        """Let the keys for ``address`` be tried once more, because a person says so."""
        self.reopen(address)
        with self._file.locked():
            found = self._read()
            kept = [other for other in found.refused if not other.startswith(f"{_server(address)}:")]
            if kept != found.refused:
                found.refused = kept
                self._write(found)

    def _read(self) -> _Content:
        try:
            return msgspec.json.decode(self._file.read(), type=_Content)
        except (OSError, msgspec.DecodeError, RecursionError):
            return _Content()

    def _write(self, content: _Content) -> bool:
        try:
            self._file.write(msgspec.json.encode(content))
        except OSError:
            _log.warning("that a proxy refused its key could not be saved")
            return False
        return True


def _fingerprint(address: str, key: str) -> str:
    return f"{_server(address)}:" + _hash(f"{address}\n{key}")


def _server(address: str) -> str:
    return _hash(address)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
