"""Writing a credential file in place, where no other can take its place: one mounted by itself, or with several names.

A crash in the midst of that would leave a broken file, so what it is to hold goes into a record in the state folder
first, and a file that is found broken is written again from there.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import UnreadableError
from trayquota.providers.values import fields, parse_json
from trayquota.sources.credential_file import LARGEST_BYTES, parse_fields, read_bytes
from trayquota.sources.retrying_file import WRITE_GRACE_S
from trayquota.system.files import open_regular, private_folder, read_bounded, sync_folder, write_atomic
from trayquota.system.native_files import alone_with
from trayquota.tokens.pending_tokens import fingerprint
from trayquota.tokens.prepared_file import TEMPORARY, temporary_mark

if sys.platform == "win32":
    from trayquota.system import windows_files

if TYPE_CHECKING:
    from collections.abc import Iterator

_SUFFIX = ".record"


def write_in_place(path: Path, expected: bytes, content: bytes, records: Path) -> bytes | None:
    """Write ``content`` into the file at ``path``, unless it holds something else than ``expected`` by then.

    Returns:
        What it holds instead; ``None`` when it was written.

    Raises:
        OSError: It cannot be written, or the record cannot.
    """
    with recorded(path, content, records):
        handle = open_regular(path, os.O_RDWR)
        try:
            with alone_with(handle):
                found = os.pread(handle, LARGEST_BYTES + 1, 0) if hasattr(os, "pread") else read_bytes(path)
                if found != expected:
                    return found
                _write(handle, content, len(expected))
        finally:
            os.close(handle)
    return None


@contextlib.contextmanager
def recorded(path: Path, content: bytes, records: Path) -> Iterator[None]:
    """Keep a record meanwhile of what the file at ``path`` is to hold.

    Raises:
        OSError: There can be none.
    """
    private_folder(records)
    record = _record(records, path)
    write_atomic(record, json.dumps({"path": str(path), "content": content.decode("latin-1")}).encode("ascii"))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            record.unlink()
            sync_folder(records)


def finish_writing(records: Path) -> None:
    """Write files again that a crash has left broken, and put back those that one has left displaced."""
    for record in sorted(records.glob(f"*{_SUFFIX}")) if records.is_dir() else ():
        with contextlib.suppress(OSError, ValueError, KeyError):
            path, content = _read_record(record)
            if sys.platform == "win32":
                _restore_missing(path)
            if _stays_broken(path):
                handle = open_regular(path, os.O_RDWR)
                try:
                    _write(handle, content, os.fstat(handle).st_size)
                finally:
                    os.close(handle)
        with contextlib.suppress(OSError):
            record.unlink()


def _restore_missing(path: Path) -> None:
    """Put a file back that was about to be replaced when a crash came; one that was removed stays so."""
    if sys.platform == "win32":
        for temporary in path.parent.glob(TEMPORARY.format(temporary_mark(path), f"*{windows_files.BACKUP_MARK}")):
            windows_files.restore_backup(temporary, path)


def unfinished(records: Path) -> Iterator[Path]:
    """Yield the records of files that were being written when a crash came."""
    yield from records.glob(f"*{_SUFFIX}")


def recorded_contents(records: Path) -> dict[Path, bytes]:
    """Return what files were about to hold when a crash came, by their paths."""
    found = {}
    for record in unfinished(records):
        with contextlib.suppress(OSError, ValueError, KeyError):
            path, content = _read_record(record)
            found[path] = content
    return found


def _read_record(record: Path) -> tuple[Path, bytes]:
    values = fields(parse_json(read_bounded(record, 4 * LARGEST_BYTES)))
    return Path(str(values["path"])), str(values["content"]).encode("latin-1")


def _record(records: Path, path: Path) -> Path:
    return records / (fingerprint(str(path)) + _SUFFIX)


def _write(handle: int, content: bytes, old_size: int) -> None:
    """Write it in one call and padded, so that a reader never sees an end of the old content behind it."""
    os.lseek(handle, 0, os.SEEK_SET)
    rest = content.ljust(old_size)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.ftruncate(handle, len(content))
    os.fsync(handle)


def _stays_broken(path: Path) -> bool:
    """Whether a file is broken, and not because somebody is writing it."""
    before = _broken_content(path)
    if before is None:
        return False
    time.sleep(WRITE_GRACE_S)
    return _broken_content(path) == before


def _broken_content(path: Path) -> bytes | None:
    try:
        content = read_bytes(path)
    except UnreadableError:
        return None
    try:
        parse_fields(content)
    except UnreadableError:
        return content
    return None
