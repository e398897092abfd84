"""Temporary files that a crash has left beside credential files: removed, unless one holds a newer login."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import UnreadableError
from trayquota.sources.credential_file import read_bytes, read_refresh_token
from trayquota.system.file_lock import try_lock
from trayquota.system.files import open_file, sync_folder
from trayquota.system.native_files import exchange_files
from trayquota.tokens.pending_tokens import fingerprint
from trayquota.tokens.prepared_file import temporary_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.tokens.journal import Journal


def leftovers(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of ``folder`` beside which a crash has left a temporary one, with that.

    Other processes of this program leave it alone until the next one is yielded, but on Windows.
    """
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except OSError:
        return
    by_mark: dict[str, str] | None = None
    for name in names:
        parts = name.removesuffix(".tmp").split("-")
        if not name.endswith(".tmp") or parts[0] != ".trayquota" or len(parts) != 3:
            continue
        by_mark = by_mark or {temporary_mark(Path(other)): other for other in names if not other.startswith(".")}
        if parts[1] in by_mark:
            with contextlib.suppress(OSError), _tried_lock(folder / name) as is_left:
                if is_left:
                    yield folder / by_mark[parts[1]], folder / name


@contextlib.contextmanager
def _tried_lock(path: Path) -> Iterator[bool]:
    """Say whether nobody had the file locked, and keep it locked where that does not keep us from it, too."""
    handle = open_file(path)
    try:
        is_left = try_lock(handle)
        if sys.platform != "win32":
            yield is_left
    finally:
        os.close(handle)
    if sys.platform == "win32":
        yield is_left


def clear_leftover(path: Path, temporary: Path, journal: Journal, placed: bytes | None = None) -> None:
    """Remove a temporary file; one that a login was written into as it was displaced goes back first.

    Args:
        path: The file that it is beside.
        temporary: It.
        journal: Knows our pairs.
        placed: What the file was about to hold, where that was recorded.
    """
    with contextlib.suppress(OSError):
        if _is_newer(path, temporary, journal, placed):
            _put_back(temporary, path)
        temporary.unlink(missing_ok=True)


def _is_newer(path: Path, temporary: Path, journal: Journal, placed: bytes | None) -> bool:
    """Whether a displaced file holds a login that somebody has written there after one of ours took its place."""
    displaced, current = read_refresh_token(temporary), read_refresh_token(path)
    is_ours = journal.has_pair(current) or (placed is not None and _holds(path, placed))
    if not displaced or not is_ours or journal.has_pair(displaced) or displaced == current:
        return False
    is_later = temporary.stat().st_mtime_ns > path.stat().st_mtime_ns
    return is_later and journal.newest(fingerprint(displaced)) is None


def _holds(path: Path, content: bytes) -> bool:
    try:
        return read_bytes(path) == content
    except UnreadableError:
        return False


def _put_back(temporary: Path, path: Path) -> None:
    try:
        exchange_files(temporary, path)
    except NotImplementedError:
        temporary.replace(path)
    sync_folder(path.parent)
