"""The state and its file's content: read with tolerance, record by record, and written strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import ForeignError
from trayquota.core.provider_clock import ClockOffset
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alerts import AlertKey, AlertState  # noqa: TC001 - for msgspec, which resolves annotations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VERSION = 2
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_Record = TypeVar("_Record", bound=Struct)


class StoredState(Struct, frozen=True):
    """All that survives a restart.

    Attributes:
        accounts: What is known of each account, by its id.
        refresh_backoffs: When refresh tokens may be tried again, by their fingerprint.
        alert_states: What the person was notified of.
        unreadable: How many records made no sense and are left out.
        clock_offset: How far the clock was off, and which clock that was.
    """

    accounts: Mapping[str, AccountRecord] = field(default_factory=dict)
    refresh_backoffs: Mapping[str, RefreshBackoff] = field(default_factory=dict)
    alert_states: Mapping[AlertKey, AlertState] = field(default_factory=dict)
    unreadable: int = 0
    clock_offset: ClockOffset | None = None


class Document(Struct, frozen=True):
    """All of the file; its records are checked one by one.

    Attributes:
        version: Of the format.
        accounts: An ``AccountRecord`` each.
        refresh_backoffs: A ``RefreshBackoff`` each, by the refresh token's fingerprint.
        alerts: An alert's key and state each.
        clock: A ``ClockOffset``, or null.
    """

    version: int
    accounts: tuple[Raw, ...] = ()
    refresh_backoffs: dict[str, Raw] = {}
    alerts: tuple[Raw, ...] = ()
    clock: Raw = Raw(b"null")


class _AlertRecord(Struct, frozen=True):
    key: AlertKey
    state: AlertState


class _Version(Struct, frozen=True):
    version: int


def decode(content: bytes) -> StoredState:
    """Return the state in ``content``, be it of this version or of an earlier one.

    Raises:
        ForeignError: It was written by another version.
        ValueError: It is broken.
    """
    try:
        document = _document(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
    records = [_decoded(raw, AccountRecord) for raw in document.accounts]
    accounts = {record.account.id: record for record in records if record is not None}
    by_token = {token: _decoded(raw, RefreshBackoff) for token, raw in document.refresh_backoffs.items()}
    backoffs = {token: backoff for token, backoff in by_token.items() if backoff is not None}
    alerts = [_decoded(raw, _AlertRecord) for raw in document.alerts]
    # Of an account that is gone nothing needs to be known.
    states = {alert.key: alert.state for alert in alerts if alert is not None and alert.key.account_id in accounts}
    unreadable = records.count(None) + len(by_token) - len(backoffs)
    clock_offset = _decoded(document.clock, ClockOffset)
    return StoredState(accounts, backoffs, states, unreadable, clock_offset)


def encode(state: StoredState) -> bytes:
    """Return the content of a file that holds ``state``; a record that no file can hold is left out."""
    # Which folder a file is in is found out at each start.
    accounts = (replace(record, account=replace(record.account, folder="")) for record in state.accounts.values())
    alerts = (_AlertRecord(key, alert) for key, alert in state.alert_states.items())
    backoffs = {token: raw for token, backoff in state.refresh_backoffs.items() for raw in _encoded(backoff, token)}
    document = Document(
        VERSION,
        tuple(raw for record in accounts for raw in _encoded(record)),
        backoffs,
        tuple(raw for alert in alerts for raw in _encoded(alert)),
        Raw(msgspec.json.encode(state.clock_offset)),
    )
    return msgspec.json.encode(document)


def _document(content: bytes) -> Document:
    version = msgspec.json.decode(content, type=_Version).version
    if version == 1:
        from trayquota.store.state_version_1 import upgrade

        return upgrade(content)
    if version != VERSION:
        raise ForeignError
    return msgspec.json.decode(content, type=Document)


def _decoded(raw: Raw, kind: type[_Record]) -> _Record | None:
    """Return the record in ``raw``, ``None`` when it makes no sense."""
    try:
        record = msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError):
        return None
    return record if all(_is_sound(instant) for instant in _instants(record)) else None


def _is_sound(instant: datetime) -> bool:
    """Whether an aware instant is in UTC and where clocks are."""
    return not instant.utcoffset() and _EARLIEST <= instant < _LATEST


def _encoded(record: Struct, key: str = "") -> tuple[Raw, ...]:
    """Return the record as JSON; nothing when it, or the key it stands under, has text that no file can hold."""
    try:
        key.encode()
        return (Raw(msgspec.json.encode(record)),)
    except (ValueError, TypeError):
        return ()


def _instants(value: object) -> Iterator[datetime]:
    """Yield every instant in a record; that they are aware is checked with their type."""
    match value:
        case datetime():
            yield value
        case Struct():
            for name in value.__struct_fields__:
                yield from _instants(getattr(value, name))
        case tuple():
            for item in value:
                yield from _instants(item)
