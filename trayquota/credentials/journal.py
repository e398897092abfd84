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
import sys
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from trayquota.providers.values import fields, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIX = ".journal"
_LARGEST_BYTES = 1 << 20
_RESERVED_BYTES = 1 << 16


def digest(secret: str) -> str:
    """Return a fingerprint of a token that does not tell the token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A renewed pair on its way into a file.

    Attributes:
        path: The real path of the credential file.
        base: Fingerprint of the refresh token that the file held when the pair was asked for.
        access_token: The new one.
        refresh_token: The new one, or the old one when the provider did not rotate it.
        expired: When the access token ends, as it is to stand in the file (RFC 3339, UTC).
        last_refresh: When the pair came, likewise.
    """

    path: str = field(repr=False)
    base: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expired: str
    last_refresh: str


class Reservation:
    """Room for one entry at the end of a journal."""

    def __init__(self, handle: int, offset: int) -> None:
        """Write to ``handle`` from ``offset`` on."""
        self._handle = handle
        self._offset = offset
        self.used = False

    def keep(self, entry: Entry) -> None:
        """Put ``entry`` where no crash can lose it; returns when it is on the disk.

        Raises:
            OSError: The disk fails.
        """
        line = json.dumps(asdict(entry))
        # The newline before it ends a line that an earlier crash may have cut short.
        record = ("\n" + json.dumps({"entry": line, "sum": digest(line)}) + "\n").encode("ascii")
        self.used = True
        os.lseek(self._handle, self._offset, os.SEEK_SET)
        _write(self._handle, record)
        os.fsync(self._handle)
        os.truncate(self._handle, self._offset + len(record))


class Journal:
    """All journals of one state folder."""

    def __init__(self, folder: Path) -> None:
        """Keep the journals in ``folder``, which is made when first needed."""
        self._folder = folder

    def place(self, path: str, suffix: str = _SUFFIX) -> Path:
        """Return the file that belongs to the credential file at the real path ``path``."""
        return self._folder / (digest(path)[:32] + suffix)

    @contextlib.contextmanager
    def reserved(self, path: str) -> Iterator[Reservation]:
        """Give room on the disk for the next pair of a credential file, before the old one is spent.

        Raises:
            OSError: The state folder does not take it.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self.place(path)
        handle = os.open(
            place, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0), 0o600
        )
        offset = os.lseek(handle, 0, os.SEEK_END)
        reservation = Reservation(handle, offset)
        try:
            # Empty lines are no entries; they hold the room that a full disk could deny later.
            _write(handle, b"\n" * _RESERVED_BYTES)
            os.fsync(handle)
            sync_folder(self._folder)
            yield reservation
        finally:
            if not reservation.used:
                with contextlib.suppress(OSError):
                    os.truncate(handle, offset)
            os.close(handle)
            if not reservation.used and not offset:
                place.unlink(missing_ok=True)

    def last(self, path: str) -> Entry | None:
        """Return the newest pair kept for a credential file, ``None`` when there is none."""
        return _last(self.place(path))

    def drop(self, path: str) -> None:
        """Forget what is kept for a credential file; nothing happens when nothing is."""
        with contextlib.suppress(FileNotFoundError):
            self.place(path).unlink()
            sync_folder(self._folder)

    def leftovers(self) -> Iterator[Entry]:
        """Yield the newest pair of every journal."""
        try:
            places = sorted(self._folder.glob(f"*{_SUFFIX}"))
        except OSError:
            return
        for place in places:
            entry = _last(place)
            if entry is not None:
                yield entry


def _write(handle: int, content: bytes) -> None:
    """Write all of it, in a single call wherever the system takes it whole."""
    while content:
        content = content[os.write(handle, content) :]


def sync_folder(folder: Path) -> None:
    """Have the disk remember a folder's names, where the platform can say so."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        except OSError:
            # Some network file systems refuse it; the rename itself has happened.
            pass
        finally:
            os.close(handle)


def _last(place: Path) -> Entry | None:
    try:
        with place.open("rb") as file:
            lines = file.read(_LARGEST_BYTES).splitlines()
    except OSError:
        return None
    for each in reversed(lines):
        with contextlib.suppress(ValueError, TypeError):
            record = fields(parse_json(each))
            line = record.get("entry")
            if isinstance(line, str) and digest(line) == record.get("sum"):
                return Entry(**json.loads(line))
    return None
