"""``state.json``: last good values, back-off gates, refused logins, what was notified.

Written by replacing the file, under a lock, and merged with what another process has written meanwhile. A broken
or foreign file is set aside, never fatal.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import msgspec

from trayquota.core.cadence import Gate
from trayquota.core.model import Account, Failure, FailureKind, QuotaWindow
from trayquota.credentials.login import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
_KEEP = timedelta(days=30)
_LOCK_WAIT_S = 2.0
_LARGEST_BYTES = 64 << 20
_log = logging.getLogger(__name__)

_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]
_Instant = Annotated[datetime, msgspec.Meta(tz=True)]
_Seconds = Annotated[int, msgspec.Meta(gt=0)]


class _Window(msgspec.Struct, frozen=True):
    title: str
    used_percent: _Percent | None = None
    resets_at: _Instant | None = None
    duration_s: _Seconds | None = None


class _Failure(msgspec.Struct, frozen=True):
    kind: FailureKind
    message: str
    retry_at: _Instant | None = None


class _Gate(msgspec.Struct, frozen=True):
    opens_at: _Instant
    step_s: Annotated[float, msgspec.Meta(gt=0, le=86400)]


class _Refusal(msgspec.Struct, frozen=True):
    final: bool
    not_before: _Instant
    failures: Annotated[int, msgspec.Meta(ge=0, le=100)] = 1


class _Known(msgspec.Struct, frozen=True):
    provider: str
    name: str
    plan: str | None = None
    person: str | None = None
    asked_at: _Instant | None = None
    updated_at: _Instant | None = None
    windows: tuple[_Window, ...] = ()
    failure: _Failure | None = None
    gate: _Gate | None = None


class _Document(msgspec.Struct, frozen=True):
    version: int
    accounts: dict[str, _Known] = {}
    refusals: dict[str, _Refusal] = {}
    notified: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one account.

    Attributes:
        account: Who it was.
        person: A fingerprint of the provider's own account id, to notice another login in the same file.
        asked_at: When it was asked last.
        updated_at: When ``windows`` were received.
        windows: The last good values.
        failure: Why the last try failed, if it did.
        gate: The pause after a 429.
    """

    account: Account
    person: str | None = None
    asked_at: datetime | None = None
    updated_at: datetime | None = None
    windows: tuple[QuotaWindow, ...] = ()
    failure: Failure | None = None
    gate: Gate | None = None


class Store:
    """The state of one user, in memory and on disk. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        """Keep the state at ``path``; :meth:`load` reads it."""
        self._path = path
        self._lock = threading.Lock()
        self._refusals: dict[str, Refusal] = {}
        self._notified: dict[str, str] = {}
        self._complained = False

    def load(self) -> dict[str, Known]:
        """Return the accounts as last known, by file name; none when there is no usable state."""
        document = self._read()
        with self._lock:
            self._refusals = {key: _refusal(each) for key, each in document.refusals.items()}
            self._notified = dict(document.notified)
        return {key: _known(key, each) for key, each in document.accounts.items()}

    def refusal(self, fingerprint: str) -> Refusal | None:
        """Return what is remembered of a refresh token."""
        with self._lock:
            return self._refusals.get(fingerprint)

    def remember_refusal(self, fingerprint: str, refusal: Refusal | None) -> None:
        """Note a refusal, or with ``None`` forget it; written with the next save."""
        with self._lock:
            if refusal is None:
                self._refusals.pop(fingerprint, None)
            else:
                self._refusals[fingerprint] = refusal

    def save(self, accounts: Mapping[str, Known], now: datetime) -> None:
        """Write the state; a disk that does not take it is named in the log once and otherwise ignored."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - the first picture does not wait for it

        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT_S, mode=0o600):
                self._write(self._merged(accounts, now))
        except (OSError, Timeout, NotImplementedError) as error:
            if not self._complained:
                _log.warning(
                    "The state could not be saved (%s); it will be lost when the program ends.",
                    type(error).__name__,
                )
            self._complained = True
        else:
            self._complained = False

    def _merged(self, accounts: Mapping[str, Known], now: datetime) -> _Document:
        """Return what is known together with what another process knows better."""
        on_disk = self._read()
        merged = {key: _saved(each) for key, each in accounts.items()}
        for key, theirs in on_disk.accounts.items():
            mine = merged.get(key)
            if mine is None:
                if theirs.asked_at is not None and now - theirs.asked_at < _KEEP:
                    merged[key] = theirs
            elif mine.asked_at is None or (theirs.asked_at is not None and mine.asked_at < theirs.asked_at <= now):
                merged[key] = theirs
        with self._lock:
            mine_refused = {
                key: _Refusal(each.final, each.not_before, each.failures) for key, each in self._refusals.items()
            }
            notified = dict(self._notified)
        theirs_final = {key: each for key, each in on_disk.refusals.items() if each.final}
        refusals = {
            key: each for key, each in (theirs_final | mine_refused).items() if now - each.not_before < _KEEP * 3
        }
        return _Document(VERSION, merged, refusals, notified)

    def _read(self) -> _Document:
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        except FileNotFoundError:
            return _Document(VERSION)
        except OSError:
            _log.warning("The state file cannot be read; starting without last known values.")
            return _Document(VERSION)
        try:
            document = msgspec.json.decode(content, type=_Document)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, OverflowError, ValueError):
            self._set_aside("it is broken")
            return _Document(VERSION)
        if document.version != VERSION:
            self._set_aside("it was written by another version")
            return _Document(VERSION)
        return document

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_suffix(".json.aside")
        try:
            self._path.replace(aside)
        except OSError:
            _log.warning("The state file is not used: %s.", reason)
        else:
            _log.warning("The state file is not used: %s. It was set aside as %s.", reason, aside.name)

    def _write(self, document: _Document) -> None:
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(6)}.tmp")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
            with open(handle, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(msgspec.json.encode(document))
                file.flush()
                os.fsync(handle)
            temporary.replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def _known(key: str, saved: _Known) -> Known:
    windows = tuple(
        QuotaWindow(each.title, each.used_percent, each.resets_at, each.duration_s) for each in saved.windows
    )
    failure = Failure(saved.failure.kind, saved.failure.message, saved.failure.retry_at) if saved.failure else None
    gate = Gate(saved.gate.opens_at, saved.gate.step_s) if saved.gate else None
    account = Account(key, saved.provider, saved.name, saved.plan)
    return Known(account, saved.person, saved.asked_at, saved.updated_at, windows, failure, gate)


def _saved(known: Known) -> _Known:
    windows = tuple(_Window(each.title, each.used_percent, each.resets_at, each.duration_s) for each in known.windows)
    failure = _Failure(known.failure.kind, known.failure.message, known.failure.retry_at) if known.failure else None
    gate = _Gate(known.gate.opens_at, known.gate.step_s) if known.gate else None
    account = known.account
    return _Known(
        account.provider,
        account.name,
        account.plan,
        known.person,
        known.asked_at,
        known.updated_at,
        windows,
        failure,
        gate,
    )


def _refusal(saved: _Refusal) -> Refusal:
    return Refusal(saved.final, saved.not_before, saved.failures)
