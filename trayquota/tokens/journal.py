"""Where a renewed pair of tokens is kept until it is safe in its credential file.

A journal is one small file per credential file, in the program's own state folder and readable by its owner
alone. Each renewal appends one line with a single write; the last whole line counts. A line that a crash cut
short fails its checksum and is passed over.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import asdict

from trayquota.core.redacted import RedactedRepr
from trayquota.providers.values import fields, parse_json
from trayquota.system.files import open_regular, private_folder, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".journal"
_EXAMINED_BYTES = 1 << 20
"""Of the end of a journal, which holds a few hundred bytes per pair."""
_ROOM_BYTES = 1 << 16


def fingerprint(secret: str) -> str:
    """Return a fingerprint of a token that does not tell the token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class PendingTokens(RedactedRepr, Struct, frozen=True):
    """A renewed pair on its way into a file.

    Attributes:
        path: The real path of the credential file.
        base: Fingerprint of the refresh token that the file held when the pair was asked for.
        replaces: Fingerprint of the access token that it held.
        access_token: The new one.
        refresh_token: The new one, or the old one when the provider did not rotate it.
        expired: When the access token ends, as it is to stand in the file (RFC 3339, UTC).
        last_refresh: When the pair came, likewise.
    """

    repr_fields = ("base", "replaces", "expired", "last_refresh")

    path: str
    base: str
    replaces: str
    access_token: str
    refresh_token: str
    expired: str
    last_refresh: str

    @property
    def is_rotated(self) -> bool:
        """Whether the refresh token that the file held is spent."""
        return fingerprint(self.refresh_token) != self.base


class Reservation:
    """Room for one entry at the end of a journal."""

    def __init__(self, handle: int) -> None:
        """Make it in the journal that is open as ``handle``.

        Raises:
            OSError: The disk does not take it.
        """
        self._handle = handle
        self._offset = _end(handle)
        self.used = False
        try:
            os.lseek(handle, self._offset, os.SEEK_SET)
            # Empty lines are no entries; they hold the room that a full disk could deny later.
            self._put(b"\n" * _ROOM_BYTES)
            # What is done now need not be done when it counts.
            os.lseek(handle, self._offset, os.SEEK_SET)
        except OSError:
            self.give_back()
            raise

    def write(self, entry: PendingTokens) -> None:
        """Put ``entry`` where no crash can lose it; returns when it is on the disk.

        Raises:
            OSError: The disk fails.
        """
        line = json.dumps(asdict(entry))
        # The newline before it ends a line that an earlier crash may have cut short.
        record = ("\n" + json.dumps({"entry": line, "sum": fingerprint(line)}) + "\n").encode("ascii")
        self.used = True
        self._put(record)
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._offset + len(record))

    def give_back(self) -> None:
        """Leave the journal as it was."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._offset)

    def _put(self, content: bytes) -> None:
        """Write it in a single call, wherever the system takes it whole, and wait for the disk."""
        while content:
            content = content[os.write(self._handle, content) :]
        os.fsync(self._handle)


class Journal:
    """All journals of one state folder."""

    def __init__(self, folder: Path) -> None:
        """Keep the journals in ``folder``, which is made when first needed."""
        self._folder = folder

    def path_for(self, path: str, suffix: str = _SUFFIX) -> Path:
        """Return the file that belongs to the credential file at the real path ``path``."""
        return self._folder / (fingerprint(path)[:32] + suffix)

    @contextlib.contextmanager
    def reserved(self, path: str) -> Iterator[Reservation]:
        """Give room on the disk for the next pair of a credential file, before the old one is spent.

        Raises:
            OSError: The state folder does not take it.
        """
        private_folder(self._folder)
        place = self.path_for(path)
        handle = open_regular(place, os.O_RDWR | os.O_CREAT)
        try:
            reservation = Reservation(handle)
            try:
                sync_folder(self._folder)
                yield reservation
            finally:
                if not reservation.used:
                    reservation.give_back()
        finally:
            is_empty = os.fstat(handle).st_size == 0
            with contextlib.suppress(OSError):
                os.close(handle)
                if is_empty:
                    place.unlink()

    def newest(self, path: str) -> PendingTokens | None:
        """Return the newest pair kept for a credential file, ``None`` when there is none.

        Raises:
            OSError: That cannot be told.
        """
        return _last(self.path_for(path))

    def drop(self, path: str) -> None:
        """Forget what is kept for a credential file; nothing happens when nothing is.

        Raises:
            OSError: It cannot be removed.
        """
        with contextlib.suppress(FileNotFoundError):
            self.path_for(path).unlink()
            sync_folder(self._folder)

    def pending(self) -> Iterator[PendingTokens]:
        """Yield the newest pair of every journal that can be read."""
        try:
            places = sorted(self._folder.glob(f"*{_SUFFIX}"))
        except OSError:
            return
        for place in places:
            with contextlib.suppress(OSError):
                entry = _last(place)
                if entry is not None:
                    yield entry


def _end(handle: int) -> int:
    """Return where the entries end: what follows is room that a crash has left reserved."""
    size = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, max(0, size - _EXAMINED_BYTES), os.SEEK_SET)
    tail = b""
    while piece := os.read(handle, _EXAMINED_BYTES):
        tail += piece
    return size - len(tail) + len(tail.rstrip(b"\n"))


def _last(place: Path) -> PendingTokens | None:
    try:
        with open(open_regular(place, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _EXAMINED_BYTES))
            lines = file.read(_EXAMINED_BYTES).splitlines()
    except FileNotFoundError:
        return None
    return next((entry for line in reversed(lines) if line and (entry := _entry(line)) is not None), None)


def _entry(line: bytes) -> PendingTokens | None:
    try:
        record = fields(parse_json(line))
        inner = record.get("entry")
        if not isinstance(inner, str) or fingerprint(inner) != record.get("sum"):
            return None
        values = fields(parse_json(inner.encode()))
    except ValueError:
        return None
    texts = {name: values.get(name) for name in PendingTokens.__struct_fields__}
    if not all(isinstance(each, str) for each in texts.values()):
        return None
    return PendingTokens(**{name: str(each) for name, each in texts.items()})
