"""Putting a renewed pair into its credential file: all or nothing, and nothing but the pair.

Other programs write these files too, mostly by truncating them in place, and none of them knows a lock. So what is
in the file is looked at three times: to begin with, right before the new file takes its place, and right after that
in the file that was replaced, where a program that was just writing has written into nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.errors import SupersededError, TokenWriteError, UnreadableError
from trayquota.core.redacted import RedactedRepr
from trayquota.sources.credential_file import LARGEST_BYTES, parse_fields, read_bytes
from trayquota.system.files import sync_folder, temporary_file
from trayquota.tokens.journal import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from trayquota.tokens.journal import PendingTokens

_TEMPORARY = ".trayquota-{}-{}.tmp"
_ROUNDS = 5
_LOOKS = 20
_LOOK_S = 0.05


class _Interference(RedactedRepr, Struct, frozen=True):
    """Another program has written meanwhile.

    Attributes:
        held: What is at the path now.
        meant: What the other program wants to be there.
    """

    held: bytes
    meant: bytes


def write_tokens(entry: PendingTokens) -> None:
    """Write the pair of ``entry`` into its file.

    It is written only over the refresh token that was traded in. All other keys stay; so do mode and owner. A
    reader sees the old file or the new one.

    Raises:
        SupersededError: Somebody has logged in anew, or the pair is in the file already.
        RewriteError: The file cannot be read or written now; it is as it was.
    """
    path = Path(entry.path)
    try:
        _put(path, entry)
    except SupersededError:
        _settle_names(path)
        raise
    except (UnreadableError, FileNotFoundError):
        message = "it cannot be read at the moment"
        raise TokenWriteError(message) from None
    except (ValueError, RecursionError):
        message = "it holds a value that JSON cannot carry"
        raise TokenWriteError(message) from None
    except OSError as error:
        raise TokenWriteError(_reason(error)) from None


def can_write_tokens(source: Mapping[str, object], refresh_token: str) -> bool:
    """Whether a file that says ``source`` can be given the pair that ``refresh_token`` is traded for."""
    try:
        _written(source)
    except (ValueError, RecursionError):
        return False
    return source.get("refresh_token") == refresh_token


def remove_temporary_files(path: Path) -> None:
    """Remove temporary files that a crash has left beside ``path``."""
    with contextlib.suppress(OSError):
        for each in path.parent.glob(_TEMPORARY.format(_mark(path), "*")):
            each.unlink(missing_ok=True)


def _put(path: Path, entry: PendingTokens) -> None:
    held = meant = read_bytes(path)
    for _ in range(_ROUNDS):
        try:
            content = _with_pair(meant, entry)
        except SupersededError:
            if meant is held:
                raise
            # It came in place of the file that was replaced, and goes in as it is.
            content = meant
        interference = _replace(path, held, content)
        if interference is None:
            if content is meant:
                raise SupersededError
            return
        held, meant = interference.held, interference.meant
    message = "another program keeps writing it"
    raise TokenWriteError(message)


def _with_pair(content: bytes, entry: PendingTokens) -> bytes:
    """Return a file's ``content`` with the pair in it.

    Raises:
        SupersededError: It is not to go in there.
    """
    source = parse_fields(content)
    if source is None:
        message = "it no longer holds an account"
        raise TokenWriteError(message)
    held, access = source.get("refresh_token"), source.get("access_token")
    if not isinstance(held, str) or fingerprint(held) != entry.base or access == entry.access_token:
        raise SupersededError
    # Where the refresh token stays the same, only the access token tells that somebody else has renewed.
    if not entry.is_rotated and fingerprint(access if isinstance(access, str) else "") != entry.replaces:
        raise SupersededError
    return _written(
        {
            **source,
            "access_token": entry.access_token,
            "refresh_token": entry.refresh_token,
            "expired": entry.expired,
            "last_refresh": entry.last_refresh,
        }
    )


def _written(source: Mapping[str, object]) -> bytes:
    # Escapes keep any text the file may hold; NaN would make it unreadable for others.
    return json.dumps(source, allow_nan=False).encode("ascii")


def _replace(path: Path, expected: bytes, content: bytes) -> _Interference | None:
    """Put a file with ``content`` in the place of one with ``expected``, unless somebody else writes meanwhile."""
    with _temporary(path, content) as temporary, _watched(path) as old:
        found = read_bytes(path)
        if found != expected:
            return _Interference(found, found)
        temporary.replace(path)
        late = _late(old, expected)
    if late is not None:
        return _Interference(content, late)
    sync_folder(path.parent)
    return None


def _temporary(path: Path, content: bytes) -> AbstractContextManager[Path]:
    """Write ``content`` beside ``path`` and onto the disk, with the owner and mode of what is there."""
    before = path.stat()
    name = _TEMPORARY.format(_mark(path), secrets.token_hex(6))
    return temporary_file(path, content, name=name, finish=lambda handle: _keep_owner_and_mode(handle, path, before))


@contextlib.contextmanager
def _watched(path: Path) -> Iterator[int | None]:
    """Keep hold of the file that is at ``path`` now; where an open file cannot be replaced, of nothing."""
    if sys.platform == "win32":
        yield None
    else:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            yield handle
        finally:
            os.close(handle)


def _late(old: int | None, expected: bytes) -> bytes | None:
    """Return what a program has written into the file that was replaced; it is given a moment to finish."""
    for _ in range(_LOOKS if old is not None else 0):
        content = _content(old)
        if content == expected:
            return None
        with contextlib.suppress(UnreadableError):
            parse_fields(content)
            return content
        time.sleep(_LOOK_S)
    return None


def _content(handle: int | None) -> bytes:
    content = b""
    if handle is not None and sys.platform != "win32":
        while len(content) <= LARGEST_BYTES and (piece := os.pread(handle, LARGEST_BYTES, len(content))):
            content += piece
    return content


def _keep_owner_and_mode(handle: int, path: Path, before: os.stat_result) -> None:
    if sys.platform != "win32":
        now = os.fstat(handle)
        # Only root can give a file away; for anybody else it stays theirs, as any tool's would. And there are file
        # systems without owners, modes and further attributes.
        with contextlib.suppress(OSError):
            if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
                os.fchown(handle, before.st_uid, before.st_gid)
        _keep_attributes(handle, path)
        with contextlib.suppress(OSError):
            os.fchmod(handle, stat.S_IMODE(before.st_mode))


def _keep_attributes(handle: int, path: Path) -> None:
    """Take the access list over: without it a whole group would get what it grants to one of its members."""
    if sys.platform == "linux":
        names: list[str] = []
        with contextlib.suppress(OSError):
            names = os.listxattr(path)
        for name in names:
            with contextlib.suppress(OSError):
                os.setxattr(handle, name, os.getxattr(path, name))


def _settle_names(path: Path) -> None:
    """Have the disk remember the name: it may be this very pair, put there right before a crash."""
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise TokenWriteError(_reason(error)) from None


def _mark(path: Path) -> str:
    """Return what tells the temporary files of one credential file; its name would make theirs too long."""
    return fingerprint(path.name)[:16]


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else "unknown error"
