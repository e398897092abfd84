"""How the state stands in its file: read with tolerance, record by record, and written strictly."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import msgspec
from msgspec import Struct, field

from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import ForeignError
from trayquota.core.model import Account, Failure, FailureKind, QuotaWindow
from trayquota.core.refresh_policy import RateLimitGate
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alerts import AlertState, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION = 1
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)

_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Seconds = Annotated[int, msgspec.Meta(gt=0)]


class StoredState(Struct, frozen=True):
    """All that survives a restart: accounts by file name, refusals by fingerprint, what was told by account and window.

    Attributes:
        unread: So many records made no sense and are left out.
    """

    accounts: Mapping[str, AccountRecord] = field(default_factory=dict)
    refresh_backoffs: Mapping[str, RefreshBackoff] = field(default_factory=dict)
    alert_states: Mapping[str, AlertState] = field(default_factory=dict)
    unread: int = 0


class _Window(Struct, frozen=True):
    title: str
    used_percent: _Percent | None = None
    resets_at: _Instant | None = None
    duration_s: _Seconds | None = None


class _Failure(Struct, frozen=True):
    kind: FailureKind
    message: str
    retry_at: _Instant | None = None


class _Gate(Struct, frozen=True):
    opens_at: _Instant
    step_s: Annotated[float, msgspec.Meta(gt=0, le=86400)]


class _Refusal(Struct, frozen=True):
    final: bool
    not_before: _Instant
    failures: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1


class _Told(Struct, frozen=True):
    severity: Severity
    resets_at: _Instant | None = None
    forecast: bool = False


class _Known(Struct, frozen=True):
    provider: str
    name: str
    plan: str | None = None
    person: str | None = None
    asked_at: _Instant | None = None
    updated_at: _Instant | None = None
    windows: tuple[_Window, ...] = ()
    failure: _Failure | None = None
    gate: _Gate | None = None


class _Document(Struct, frozen=True):
    version: int
    accounts: dict[str, msgspec.Raw] = {}
    refusals: dict[str, msgspec.Raw] = {}
    told: dict[str, msgspec.Raw] = {}


class _Stamp(Struct, frozen=True):
    version: int


_Record = TypeVar("_Record", _Known, _Refusal, _Told)
_Value = TypeVar("_Value", AccountRecord, RefreshBackoff, AlertState)


def decode(content: bytes) -> StoredState:
    """Return the state that ``content`` tells.

    Raises:
        ForeignError: It was written by another version.
        ValueError: It is broken.
    """
    try:
        if msgspec.json.decode(content, type=_Stamp).version != VERSION:
            raise ForeignError
        document = msgspec.json.decode(content, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(type(error).__name__) from None
    accounts = _read(document.accounts, _Known, _known)
    refusals = _read(document.refusals, _Refusal, lambda _, each: _refusal(each))
    told = _read(document.told, _Told, lambda _, each: _told(each))
    told = {key: each for key, each in told.items() if key.partition("\n")[0] in accounts}
    unread = len(document.accounts) - len(accounts) + len(document.refusals) - len(refusals)
    return StoredState(accounts, refusals, told, unread)


def encode(state: StoredState) -> bytes:
    """Return the content of a file that tells ``state``; a record that no file can hold is left out."""
    document = _Document(
        VERSION,
        {key: each for key, known in state.accounts.items() if (each := _raw(key, _saved(known)))},
        {key: each for key, refusal in state.refresh_backoffs.items() if (each := _raw(key, _saved_refusal(refusal)))},
        {key: each for key, told in state.alert_states.items() if (each := _raw(key, _saved_told(told)))},
    )
    return msgspec.json.encode(document)


def _raw(key: str, record: _Known | _Refusal | _Told) -> msgspec.Raw | None:
    try:
        key.encode()
        return msgspec.Raw(msgspec.json.encode(record))
    except (ValueError, TypeError):
        return None


def _read(
    records: Mapping[str, msgspec.Raw], kind: type[_Record], make: Callable[[str, _Record], _Value]
) -> dict[str, _Value]:
    found = {}
    for key, each in records.items():
        try:
            found[key] = make(key, msgspec.json.decode(each, type=kind))
        except (msgspec.DecodeError, ValueError, RecursionError):
            continue
    return found


def _known(key: str, saved: _Known) -> AccountRecord:
    windows = tuple(
        QuotaWindow(each.title, each.used_percent, _moment(each.resets_at), each.duration_s) for each in saved.windows
    )
    failure, gate = saved.failure, saved.gate
    return AccountRecord(
        Account(key, saved.provider, saved.name, saved.plan),
        saved.person,
        _moment(saved.asked_at),
        _moment(saved.updated_at),
        windows,
        Failure(failure.kind, failure.message, _moment(failure.retry_at)) if failure else None,
        RateLimitGate(_held(gate.opens_at), gate.step_s) if gate else None,
    )


def _saved(known: AccountRecord) -> _Known:
    account, failure, gate = known.account, known.failure, known.gate
    return _Known(
        account.provider,
        account.name,
        account.plan,
        known.person,
        known.asked_at,
        known.updated_at,
        tuple(_Window(each.title, each.used_percent, each.resets_at, each.duration_s) for each in known.windows),
        _Failure(failure.kind, failure.message, failure.retry_at) if failure else None,
        _Gate(gate.opens_at, gate.backoff_s) if gate else None,
    )


def _refusal(saved: _Refusal) -> RefreshBackoff:
    return RefreshBackoff(saved.final, _held(saved.not_before), saved.failures)


def _saved_refusal(refusal: RefreshBackoff) -> _Refusal:
    return _Refusal(refusal.final, refusal.not_before, refusal.failures)


def _told(saved: _Told) -> AlertState:
    return AlertState(saved.severity, _moment(saved.resets_at), saved.forecast)


def _saved_told(told: AlertState) -> _Told:
    return _Told(told.severity, told.resets_at, told.forecast)


def _moment(value: datetime | None) -> datetime | None:
    return None if value is None else _held(value)


def _held(value: datetime) -> datetime:
    """Return a moment in UTC that can be reckoned with.

    Raises:
        ValueError: It lies where no clock is.
    """
    if not _EARLIEST <= value < _LATEST:
        message = "out of range"
        raise ValueError(message)
    return value.astimezone(UTC)
