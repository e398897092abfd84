"""Putting a renewed pair into its credential file: all or nothing, and nothing but the pair."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.credentials.files import UnreadableError, parse, read_bytes
from trayquota.credentials.journal import digest, sync_folder
from trayquota.providers.values import instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.credentials.journal import Entry

_TEMPORARY = ".trayquota-{}.tmp"


class RewriteError(Exception):
    """The pair could not be written. The text says why, fit to show."""


class SupersededError(Exception):
    """The file holds a login of its own that is not to be overwritten, or this very pair already."""


def put(entry: Entry) -> None:
    """Write the pair of ``entry`` into its file.

    The file is read again at the last moment, and written only when it still holds the refresh token that was
    traded in. All other keys stay; so do mode and owner. A reader sees the old file or the new one.

    Raises:
        SupersededError: Somebody has logged in anew, or the pair is in the file already.
        RewriteError: The file cannot be read or written now; it is as it was.
    """
    path = Path(entry.path)
    try:
        source = parse(read_bytes(path))
        if source is None:
            message = "it no longer holds an account"
            raise RewriteError(message)
        if _is_superseded(source, entry):
            raise SupersededError
        _replace(path, _content(source, entry))
    except (UnreadableError, FileNotFoundError):
        message = "it cannot be read at the moment"
        raise RewriteError(message) from None
    except ValueError:
        message = "it holds a value that JSON cannot carry"
        raise RewriteError(message) from None
    except OSError as error:
        raise RewriteError(os.strerror(error.errno).lower() if error.errno else "unknown error") from None


def clear_leftovers(path: Path) -> None:
    """Remove temporary files that a crash has left beside ``path``."""
    pattern = _TEMPORARY.format("*")
    with contextlib.suppress(OSError):
        for each in path.parent.glob(f".{_glob_safe(path.name)}{pattern}"):
            each.unlink(missing_ok=True)


def _glob_safe(name: str) -> str:
    return "".join(f"[{each}]" if each in "*?[" else each for each in name)


def _is_superseded(source: Mapping[str, object], entry: Entry) -> bool:
    held = source.get("refresh_token")
    if not isinstance(held, str) or digest(held) != entry.base:
        return True
    if source.get("access_token") == entry.access_token:
        return True
    # A provider that did not rotate: both pairs hang on one refresh token, and the one that lives longer counts.
    ends, new_ends = instant(source.get("expired")), instant(entry.expired)
    return held == entry.refresh_token and ends is not None and new_ends is not None and ends > new_ends


def _content(source: Mapping[str, object], entry: Entry) -> bytes:
    renewed = {
        **source,
        "access_token": entry.access_token,
        "refresh_token": entry.refresh_token,
        "expired": entry.expired,
        "last_refresh": entry.last_refresh,
    }
    # Escapes keep any text the file may hold; NaN would make it unreadable for others.
    return json.dumps(renewed, allow_nan=False).encode("ascii")


def _replace(path: Path, content: bytes) -> None:
    before = path.stat()
    temporary = path.with_name(f".{path.name}{_TEMPORARY.format(secrets.token_hex(6))}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        handle = os.open(temporary, flags, 0o600)
        with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(content)
            file.flush()
            _keep_owner_and_mode(handle, before)
            os.fsync(handle)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _keep_owner_and_mode(handle: int, before: os.stat_result) -> None:
    if sys.platform != "win32":
        now = os.fstat(handle)
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            # Only root can give a file away; for anybody else it stays theirs, as any tool's would.
            with contextlib.suppress(OSError):
                os.fchown(handle, before.st_uid, before.st_gid)
        os.fchmod(handle, stat.S_IMODE(before.st_mode))
