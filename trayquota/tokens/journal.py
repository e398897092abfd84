"""Where refreshed tokens are kept: until they are in their files, and for 30 days as what follows a spent token.

All is keyed by the fingerprint of the refresh token that was spent, whatever file it was in. ``FINGERPRINT.journal``
holds the pair that came back, on its way into the files; once it has arrived, the file is called
``FINGERPRINT.spent``. When the new refresh token is spent in its turn, only its fingerprint stays there, so that of a
chain of tokens none but the newest pair is kept, and every earlier token leads to it.

A journal gets its pair by a single write; the last whole line counts. A line that a crash left unfinished fails its
checksum and is passed over.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import asdict

from trayquota.system.file_lock import is_at, lock_held
from trayquota.system.files import open_regular, private_folder, sync_folder, write_atomic
from trayquota.tokens.pending_tokens import PendingTokens, decode_line, encode_line, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_S = 30 * 86400.0
"""How long it is known what follows a spent token."""
PENDING, SPENT, DEAD, LOCK = ".journal", ".spent", ".dead", ".lock"
_EXAMINED_BYTES = 1 << 20
"""Of the end of a journal, which holds a few hundred bytes."""
ROOM_BYTES = 1 << 16
"""Reserved for a pair, which takes a few hundred."""


class Reservation:
    """Room for one pair at the end of a journal."""

    def __init__(self, handle: int, place: Path) -> None:
        """Reserve it in the journal at ``place``, which is open as ``handle``.

        Raises:
            OSError: The disk does not take it.
        """
        self._handle = handle
        self._place = place
        self._offset = _end(handle)
        self.used = False
        try:
            os.lseek(handle, self._offset, os.SEEK_SET)
            # Empty lines are no pairs; they hold the room that a full disk could deny later.
            self._put(b"\n" * ROOM_BYTES)
            # What is done now need not be done when it counts.
            os.lseek(handle, self._offset, os.SEEK_SET)
        except OSError:
            self.give_back()
            raise

    def write(self, entry: PendingTokens) -> None:
        """Write ``entry`` to where no crash can lose it; return when it is on the disk.

        Raises:
            OSError: The disk fails, or the journal has been removed meanwhile.
        """
        record = encode_line(asdict(entry))
        self.used = True
        self._put(record)
        with contextlib.suppress(OSError):
            os.ftruncate(self._handle, self._offset + len(record))
        if not is_at(self._handle, self._place):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

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
    """All that one state folder knows of spent tokens. For any thread; who writes holds the token's lock."""

    def __init__(self, folder: Path) -> None:
        """Keep it in ``folder``, which is made when first needed."""
        self.folder = folder
        self._lock = threading.Lock()
        self._unsaved: dict[str, PendingTokens] = {}
        """By fingerprint of the spent token: pairs that the disk has not taken."""

    def path_for(self, spent: str, suffix: str = PENDING) -> Path:
        """Return the file for the token with the fingerprint ``spent``."""
        return self.folder / (spent + suffix)

    def newest(self, spent: str) -> PendingTokens | None:
        """Return the newest pair of the chain that a token began; ``None`` when it is not known to be spent.

        Args:
            spent: The token's fingerprint.

        Raises:
            OSError: That cannot be read.
        """
        found, seen = None, set[str]()
        while spent not in seen:
            seen.add(spent)
            step = self._step(spent)
            if step is None:
                break
            if isinstance(step, PendingTokens):
                found, step = step, fingerprint(step.refresh_token)
            spent = step
        return found

    def is_unsaved(self, entry: PendingTokens) -> bool:
        """Whether a pair is in this process' memory alone."""
        with self._lock:
            return self._unsaved.get(entry.base) == entry

    @contextlib.contextmanager
    def reserved(self, spent: str) -> Iterator[Reservation]:
        """Give room on the disk for what follows a token, before it is spent.

        Raises:
            OSError: The state folder does not take it.
        """
        private_folder(self.folder)
        place = self.path_for(spent)
        handle = open_regular(place, os.O_RDWR | os.O_CREAT)
        try:
            reservation = Reservation(handle, place)
            try:
                sync_folder(self.folder)
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

    def keep(self, entry: PendingTokens, room: Reservation) -> None:
        """Have a pair that has just come: on the disk, or where that fails in memory."""
        with self._lock:
            self._unsaved[entry.base] = entry
        with contextlib.suppress(OSError):
            room.write(entry)
            self._is_saved(entry)

    def save_again(self, entry: PendingTokens) -> None:
        """Try to save a pair that the disk has not taken before."""
        if self.is_unsaved(entry):
            with contextlib.suppress(OSError), self.reserved(entry.base) as room:
                room.write(entry)
                self._is_saved(entry)

    def mark_written(self, entry: PendingTokens) -> None:
        """Record that a pair is in its file; what was kept of the chain before it goes.

        A pair that the disk does not take stays in memory.

        Raises:
            OSError: The disk fails; the pair is still noted as being on its way.
        """
        place = self.path_for(entry.base)
        if not entry.is_rotated:
            # The old refresh token still works, so nobody who writes it back does any harm.
            place.unlink(missing_ok=True)
            self._is_saved(entry)
        elif place.exists():
            place.replace(self.path_for(entry.base, SPENT))
        self._strip(entry.base)
        sync_folder(self.folder)

    def pending(self) -> Iterator[PendingTokens]:
        """Yield the pairs that are not known to be in a file; what cannot be read is passed over."""
        for path in self._paths(PENDING):
            with contextlib.suppress(OSError):
                step = _read(path)
                if isinstance(step, PendingTokens):
                    yield step

    def set_dead(self, token: str) -> None:
        """Note that the provider calls a token spent and nobody has written what follows it, for all processes."""
        with contextlib.suppress(OSError):
            write_atomic(self.path_for(token, DEAD), b"")

    def is_dead(self, token: str) -> bool:
        """Whether the provider has called a token spent."""
        return self.path_for(token, DEAD).exists()

    def discard_empty(self, spent: str) -> None:
        """Remove the room that a crash has left reserved, where no pair has come. Needs the token's lock."""
        place = self.path_for(spent)
        with contextlib.suppress(OSError):
            if _read(place) is None:
                place.unlink()

    def empty(self) -> Iterator[str]:
        """Yield the fingerprints of tokens for which there is only reserved room; some may be about to be used."""
        for path in self._paths(PENDING):
            with contextlib.suppress(OSError):
                if _read(path) is None:
                    yield path.stem

    def has_pair(self, refresh_token: str) -> bool:
        """Whether a refresh token is one that the journal has kept as the newest of its chain."""
        steps = (_read(path) for path in (*self._paths(PENDING), *self._paths(SPENT)))
        return any(isinstance(step, PendingTokens) and step.refresh_token == refresh_token for step in steps)

    def purge(self) -> None:
        """Remove what has been kept for 30 days; of pairs on their way only those whose file has gone."""
        earliest_s = time.time() - KEPT_S
        pending = {self.path_for(entry.base): entry for entry in self.pending()}
        for path in (*self._paths(PENDING), *self._paths(SPENT), *self._paths(DEAD)):
            entry = pending.get(path)
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < earliest_s and not (entry and Path(entry.path).exists()):
                    path.unlink()
        for path in self._paths(LOCK):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < earliest_s:
                    with lock_held(path) as is_held:
                        if is_held:
                            path.unlink()

    def _step(self, spent: str) -> PendingTokens | str | None:
        with self._lock:
            if spent in self._unsaved:
                return self._unsaved[spent]
        for suffix in (PENDING, SPENT):
            # Nearly every token is in neither, and each is looked for several times in every refresh.
            with contextlib.suppress(FileNotFoundError):
                os.lstat(f"{self.folder}/{spent}{suffix}")
                if step := _read(self.path_for(spent, suffix)):
                    return step
        return None

    def _is_saved(self, entry: PendingTokens) -> None:
        with self._lock:
            if self._unsaved.get(entry.base) == entry:
                del self._unsaved[entry.base]

    def _strip(self, spent: str) -> None:
        """Leave only the fingerprint of a token that is spent by now in what has led to it."""
        for path in (*self._paths(SPENT), *self._paths(PENDING)):
            step = _read(path)
            if isinstance(step, PendingTokens) and fingerprint(step.refresh_token) == spent != step.base:
                write_atomic(path.with_suffix(SPENT), encode_line({"next": spent}))
                self.path_for(step.base).unlink(missing_ok=True)

    def _paths(self, suffix: str) -> list[Path]:
        try:
            return sorted(path for path in self.folder.iterdir() if path.suffix == suffix)
        except OSError:
            return []


def _end(handle: int) -> int:
    """Return where the pairs end: what follows is room that a crash has left reserved."""
    size = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, max(0, size - _EXAMINED_BYTES), os.SEEK_SET)
    tail = b""
    while piece := os.read(handle, _EXAMINED_BYTES):
        tail += piece
    return size - len(tail) + len(tail.rstrip(b"\n"))


def _read(path: Path) -> PendingTokens | str | None:
    """Return what the last whole line of a file says: a pair, or the fingerprint of the token that came next."""
    try:
        with open(open_regular(path, os.O_RDONLY), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _EXAMINED_BYTES))
            lines = file.read(_EXAMINED_BYTES).splitlines()
    except FileNotFoundError:
        return None
    return next((step for line in reversed(lines) if line and (step := decode_line(line)) is not None), None)


def read_last(path: Path) -> PendingTokens | None:
    """Return the pair of a single journal, also of one that an earlier version has written.

    Raises:
        OSError: It cannot be read.
    """
    step = _read(path)
    return step if isinstance(step, PendingTokens) else None
