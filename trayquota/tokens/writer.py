"""Changing a credential file: all or nothing, and nothing but a pair of tokens or that it is ``disabled``.

Other programs write these files too, mostly by truncating them in place, and none of them knows a lock. So the new
file is exchanged for the old one in a single step, and the old one is looked at afterwards: what it holds then is what
somebody has written at the last moment, or still writes through a handle opened before. A newer login goes back to its
place, and a file that has been removed meanwhile stays removed.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.errors import FileInUseError, TokenWriteError, UnreadableError
from trayquota.core.translation import Message
from trayquota.sources.credential_file import LARGEST_BYTES, has_other_form, is_paused, parse_fields, read_bytes
from trayquota.system.files import sync_folder
from trayquota.system.native_files import has_writers
from trayquota.tokens.in_place import recorded, write_in_place
from trayquota.tokens.prepared_file import IN_USE, PreparedFile, ready_file, write_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trayquota.tokens.pending_tokens import PendingTokens

    Successor = Callable[[str, str], PendingTokens | None]
    """Gives the pair that follows a refresh token and the access token beside it, when that is known."""
    Change = Callable[[bytes], bytes | None]
    """Gives a file's content with something in it changed; ``None`` where that is so already, or of no use.

    Raises ``TokenWriteError`` for what is no account, ``UnreadableError`` for what is being written.
    """

_ROUNDS = 5
_CHECK_S = 0.05
_UNCHANGED_CHECKS = 100
"""A file that has not changed for 5 s counts as finished, where the system does not say whether anybody has it open."""
_FIRST_CHECKS = 2
"""Who was just opening the file when it was displaced has it open by then."""
_MOST_CHECKS = 600
_IN_USE_CHECKS = 40
_NO_SWAP = {errno.EBUSY, errno.EPERM, errno.EACCES, errno.EXDEV} if sys.platform != "win32" else set[int]()
"""Where these are the reason, the file can be written in place. On Windows that would be while somebody reads it."""


def write_tokens(path: Path, successor: Successor, records: Path, prepared: PreparedFile | None = None) -> bool:
    """Bring the file at the real path ``path`` to the newest pair of its chain, if it holds a spent token.

    All other keys stay; so do owner, group and mode. A reader sees the old file or the new one.

    Args:
        path: The file.
        successor: What follows the tokens in it.
        records: The folder for what has to survive a crash while a file is written in place.
        prepared: The file made ready, if it is already.

    Returns:
        Whether it was written. Else it holds a login of its own, or the newest pair already.

    Raises:
        TokenWriteError: It cannot be read or written now; it is as it was.
    """
    return _change(path, lambda content: with_successor(content, successor), records, prepared)


def write_disabled(path: Path, records: Path, *, disabled: bool) -> bool:
    """Have the file at the real path ``path`` say whether its account is ``disabled``, as :func:`write_tokens` does.

    What other programs write meanwhile stays, a newer login as well, and says the same then. The caller holds the lock
    of the file's refresh token.

    Returns:
        Whether it was written. Else it says so already.

    Raises:
        TokenWriteError: It cannot be read or written now; it is as it was.
    """
    # No journal knows what is put in the place of another file here, so a record says it to who finds both.
    return _change(path, lambda content: with_disabled(content, disabled=disabled), records, is_recorded=True)


def _change(
    path: Path, change: Change, records: Path, prepared: PreparedFile | None = None, *, is_recorded: bool = False
) -> bool:
    try:
        content = _read(path)
        if change(content) is None:
            return False
        if prepared is not None:
            return _put(_Writing(prepared, records, is_recorded), content, change)
        with ready_file(path) as made:
            return _put(_Writing(made, records, is_recorded), content, change)
    except FileInUseError as error:
        raise TokenWriteError(IN_USE, is_in_use=True) from error
    except (UnreadableError, FileNotFoundError):
        message = Message("it cannot be read at the moment")
        raise TokenWriteError(message) from None
    except (ValueError, RecursionError):
        message = Message("it holds a value that JSON cannot carry")
        raise TokenWriteError(message) from None
    except OSError as error:
        raise write_error(error) from None


class _Writing(Struct, frozen=True):
    """A file that is being changed.

    Attributes:
        prepared: It, made ready.
        records: The folder for what has to survive a crash.
        is_recorded: What it is to hold is recorded there while it takes the place of the old one, on every system.
    """

    prepared: PreparedFile
    records: Path
    is_recorded: bool


def can_write_tokens(source: Mapping[str, object], refresh_token: str) -> bool:
    """Whether a file that says ``source`` can be given the pair that follows ``refresh_token``."""
    try:
        _encoded(source)
    except (ValueError, RecursionError):
        return False
    return source.get("refresh_token") == refresh_token and not has_other_form(source)


def with_successor(content: bytes, successor: Successor) -> bytes | None:
    """Return a file's ``content`` with the pair that follows the one in it; ``None`` when there is none.

    Raises:
        TokenWriteError: It holds no account.
        UnreadableError: It is being written.
    """
    source = _account_fields(content)
    refresh, access = source.get("refresh_token"), source.get("access_token")
    if not isinstance(refresh, str) or not refresh:
        return None
    entry = successor(refresh, access if isinstance(access, str) else "")
    if entry is None:
        return None
    pair = {
        "access_token": entry.access_token or access,
        "refresh_token": entry.refresh_token,
        "expired": entry.expired,
        "last_refresh": entry.last_refresh,
    }
    return _encoded({**source, **pair})


def with_disabled(content: bytes, *, disabled: bool) -> bytes | None:
    """Return a file's ``content`` that says ``disabled``, or not; ``None`` when it does already.

    Raises:
        TokenWriteError: It holds no account.
        UnreadableError: It is being written.
    """
    source = _account_fields(content)
    return None if is_paused(source) is disabled else _encoded({**source, "disabled": disabled})


def _account_fields(content: bytes) -> Mapping[str, object]:
    source = parse_fields(content)
    if source is None:
        message = Message("it no longer holds an account")
        raise TokenWriteError(message)
    return source


def _encoded(source: Mapping[str, object]) -> bytes:
    # Escapes keep any text the file may hold; NaN would make it unreadable for others.
    return json.dumps(source, allow_nan=False).encode("ascii")


def _put(writing: _Writing, held: bytes, change: Change) -> bool:
    """Write the file, again when others write it meanwhile; return whether the change is in it."""
    meant = held
    for _ in range(_ROUNDS):
        new = change(meant)
        if new is None and meant is held:
            return False
        # A newer login that was displaced goes back as it is.
        content = meant if new is None else new
        interference = _write(writing, held, content, goes_back=new is None)
        if interference is None:
            return new is not None
        held, meant = interference
    message = Message("another program keeps writing it")
    raise TokenWriteError(message)


def _write(writing: _Writing, expected: bytes, content: bytes, *, goes_back: bool) -> tuple[bytes, bytes] | None:
    """Have the file hold ``content`` instead of ``expected``, unless another program writes it meanwhile.

    Returns:
        ``None``, or what is at the path now and what the other program wants to be there.
    """
    prepared = writing.prepared
    if not prepared.is_in_place:
        try:
            return _replace(writing, expected, content, goes_back=goes_back)
        except OSError as error:
            if error.errno not in _NO_SWAP:
                raise
            prepared.is_in_place = True
    found = write_in_place(prepared.path, expected, content, writing.records)
    return None if found is None else (found, found)


def _replace(writing: _Writing, expected: bytes, content: bytes, *, goes_back: bool) -> tuple[bytes, bytes] | None:
    prepared = writing.prepared
    if not (goes_back and prepared.has_displaced):
        prepared.fill(content)
    found = _read(prepared.path)
    if found != expected:
        return found, found
    # Where it takes more than one step, a crash between them is made good from the record.
    is_recorded = writing.is_recorded or sys.platform == "win32"
    with recorded(prepared.path, content, writing.records) if is_recorded else contextlib.nullcontext():
        prepared.swap()
        late = _late(prepared.displaced, expected)
    if late is not None:
        return content, late
    sync_folder(prepared.path.parent)
    return None


def _read(path: Path) -> bytes:
    """Read a file that others may keep to themselves for a moment."""
    for _ in range(_IN_USE_CHECKS):
        with contextlib.suppress(FileInUseError):
            return read_bytes(path)
        time.sleep(_CHECK_S)
    return read_bytes(path)


def _late(handle: int | None, expected: bytes) -> bytes | None:
    """Return what another program has written into a displaced file, once nobody writes it any more."""
    if handle is None:
        return None
    content, unchanged = expected, 0
    for check in range(_MOST_CHECKS):
        found = _content(handle)
        unchanged = unchanged + 1 if found == content else 0
        content = found
        if unchanged >= _UNCHANGED_CHECKS or (check >= _FIRST_CHECKS and has_writers(handle) is False):
            break
        time.sleep(_CHECK_S)
    content = _content(handle)
    if content == expected:
        return None
    with contextlib.suppress(UnreadableError):
        parse_fields(content)
        return content
    return None


def _content(handle: int) -> bytes:
    content = b""
    if sys.platform == "win32":
        os.lseek(handle, 0, os.SEEK_SET)
        while len(content) <= LARGEST_BYTES and (piece := os.read(handle, LARGEST_BYTES)):
            content += piece
    else:
        while len(content) <= LARGEST_BYTES and (piece := os.pread(handle, LARGEST_BYTES, len(content))):
            content += piece
    return content
