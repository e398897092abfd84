"""The state's file as far as accounts go: all that a status bar's line reads of it, without what writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import astuple

from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import ForeignError
from trayquota.core.provider_clock import ClockOffset

VERSION = 2
MAX_BYTES = 128 << 20
"""3,000 accounts with 40 windows each, the longest titles and a notification of each take 80 MB."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_NESTED = (Struct, tuple)
_Record = TypeVar("_Record", bound=Struct)


class Document(Struct, frozen=True):
    """All of the file; its records are checked one by one.

    Attributes:
        version: Of the format.
        accounts: An ``AccountRecord`` each.
        refresh_backoffs: A ``RefreshBackoff`` each, by the refresh token's fingerprint.
        alerts: An alert's key and state each.
        clock: A ``ClockOffset``, or null.
        snooze: Until when the person wants no notification, or null.
    """

    version: int
    accounts: tuple[Raw, ...] = ()
    refresh_backoffs: dict[str, Raw] = {}
    alerts: tuple[Raw, ...] = ()
    clock: Raw = Raw(b"null")
    snooze: Raw = Raw(b"null")


class _Version(Struct, frozen=True):
    version: int


def read_document(content: bytes) -> Document:
    """Return the document in ``content``, be it of this version or of an earlier one.

    Raises:
        ForeignError: It was written by another version.
        ValueError: It is broken.
    """
    try:
        return _document(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None


def account_records(document: Document) -> list[AccountRecord | None]:
    """Return the records of all accounts; ``None`` for one that makes no sense."""
    return [decoded(raw, AccountRecord) for raw in document.accounts]


def clock_offset(document: Document) -> ClockOffset | None:
    """Return how far the clock was off, and which clock that was."""
    return decoded(document.clock, ClockOffset)


def decoded(raw: Raw, kind: type[_Record]) -> _Record | None:
    """Return the record in ``raw``, ``None`` when it makes no sense."""
    try:
        record = msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError):
        return None
    return record if _is_sound(record) else None


def _document(content: bytes) -> Document:
    version = msgspec.json.decode(content, type=_Version).version
    if version == 1:
        from trayquota.store.state_version_1 import upgrade

        return upgrade(content)
    if version != VERSION:
        raise ForeignError
    return msgspec.json.decode(content, type=Document)


def _is_sound(value: Struct | tuple[object, ...]) -> bool:
    """Whether all instants in a record are in UTC and where clocks are; that they are aware their type has checked."""
    for item in value if isinstance(value, tuple) else astuple(value):
        if isinstance(item, datetime):
            if item.utcoffset() or not _EARLIEST <= item < _LATEST:
                return False
        elif isinstance(item, _NESTED) and not _is_sound(item):
            return False
    return True
