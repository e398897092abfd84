"""``state.json``: last good values, rate-limit gates, back-offs of refresh tokens, what the person was notified of.

Written by replacing the file, under a lock, and merged with what another process has written meanwhile. A broken
or foreign file is set aside, never fatal.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.account_state import with_values_of
from trayquota.core.errors import ForeignError
from trayquota.core.provider_clock import ProviderClock
from trayquota.store.account_records import MAX_BYTES
from trayquota.store.records import StoredState, decode, encode
from trayquota.system.clock import utc_now
from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.provider_clock import ClockOffset
    from trayquota.tokens.refresher import RefreshBackoff
    from trayquota.views.alert_state import AlertKey, AlertState

_KEEP_ACCOUNTS = timedelta(days=30)
_KEEP_BACKOFFS = timedelta(days=90)
_LOCK_WAIT_S = 2.0
_log = logging.getLogger(__name__)


class StateStore:
    """The state of one user, in memory and on disk. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        """Keep the state at ``path``; :meth:`load` reads it."""
        self._path = path
        self._lock = threading.Lock()
        self._backoffs: dict[str, RefreshBackoff] = {}
        self._removed_backoffs: set[str] = set()
        self._alert_states: dict[AlertKey, AlertState] | None = None
        self._clock_offset: ClockOffset | None = None
        self._snoozed_until: datetime | None = None
        self._warnings: set[str] = set()

    def load(self) -> dict[str, AccountRecord]:
        """Return the accounts as last known, by their ids; none when there is no usable state."""
        state = self._read()
        with self._lock:
            self._backoffs = dict(state.refresh_backoffs)
            self._clock_offset = state.clock_offset
        return dict(state.accounts)

    def load_lock(self) -> None:
        """Import what :meth:`save` locks with; it takes so long that who ends with a save has it done before."""
        import_module("filelock")

    def alert_states(self) -> dict[AlertKey, AlertState]:
        """Return what the person was notified of."""
        with self._lock:
            if self._alert_states is not None:
                return dict(self._alert_states)
        return dict(self._read().alert_states)

    def set_alert_states(self, states: Mapping[AlertKey, AlertState]) -> None:
        """Record what the person was notified of; written with the next save."""
        with self._lock:
            self._alert_states = dict(states)

    def refresh_backoff(self, fingerprint: str) -> RefreshBackoff | None:
        """Return what is recorded of a refresh token."""
        with self._lock:
            return self._backoffs.get(fingerprint)

    def set_refresh_backoff(self, fingerprint: str, backoff: RefreshBackoff | None) -> None:
        """Record a back-off, or with ``None`` remove it; written with the next save."""
        with self._lock:
            if backoff is None:
                self._backoffs.pop(fingerprint, None)
                self._removed_backoffs.add(fingerprint)
            else:
                self._backoffs[fingerprint] = backoff
                self._removed_backoffs.discard(fingerprint)

    def clock_offset(self) -> ClockOffset | None:
        """Return how far the clock was off, and which clock that was."""
        with self._lock:
            return self._clock_offset

    def set_clock_offset(self, offset: ClockOffset) -> None:
        """Record how far the clock is off; written with the next save."""
        with self._lock:
            self._clock_offset = offset

    def provider_clock(self) -> ProviderClock:
        """Return the providers' time as an earlier run knew it. The state has been loaded."""
        return ProviderClock(utc_now, time.monotonic, self.set_clock_offset, self.clock_offset())

    def snoozed_until(self) -> datetime | None:
        """Return until when the person wants no notification; it may be over."""
        with self._lock:
            if self._snoozed_until is not None:
                return self._snoozed_until
        return self._read().snoozed_until

    def set_snoozed_until(self, until: datetime) -> None:
        """Record until when the person wants no notification; written with the next save."""
        with self._lock:
            self._snoozed_until = until

    def save(self, accounts: Mapping[str, AccountRecord], now: datetime) -> None:
        """Write the state; a disk that does not take it is named in the log once and otherwise ignored."""
        from filelock import FileLock, Timeout

        try:
            private_folder(self._path.parent)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT_S, mode=0o600):
                write_atomic(self._path, _readable(encode(self._merged(accounts, now))))
        except (OSError, Timeout, NotImplementedError) as error:
            reason = type(error).__name__
            self._warn_once(f"The state could not be saved ({reason}); it will be lost when the program ends.")
        else:
            self._warnings.clear()

    def _merged(self, accounts: Mapping[str, AccountRecord], now: datetime) -> StoredState:
        """Return the state of this process together with what another one knows better."""
        on_disk = self._read()
        merged = dict(accounts)
        for account_id, theirs in on_disk.accounts.items():
            ours = merged.get(account_id)
            if ours is not None:
                merged[account_id] = _merge_records(ours, theirs, now)
            elif theirs.polled_at is not None and abs(now - theirs.polled_at) < _KEEP_ACCOUNTS:
                merged[account_id] = theirs
        with self._lock:
            self._merge_backoffs(on_disk.refresh_backoffs, now)
            alert_states = on_disk.alert_states if self._alert_states is None else self._alert_states
            clock_offset = self._clock_offset or on_disk.clock_offset
            return StoredState(
                merged,
                dict(self._backoffs),
                dict(alert_states),
                clock_offset=clock_offset,
                snoozed_until=self._snoozed_until or on_disk.snoozed_until,
            )

    def _merge_backoffs(self, on_disk: Mapping[str, RefreshBackoff], now: datetime) -> None:
        """Take over the back-offs of other processes, and drop old ones. With the lock held."""
        merged = dict(self._backoffs)
        for fingerprint, theirs in on_disk.items():
            ours = merged.get(fingerprint)
            if fingerprint not in self._removed_backoffs and (ours is None or not _is_stronger(ours, theirs)):
                merged[fingerprint] = theirs
        self._backoffs = {key: backoff for key, backoff in merged.items() if now - backoff.not_before < _KEEP_BACKOFFS}

    def _read(self) -> StoredState:
        try:
            content = read_bounded(self._path, MAX_BYTES)
        except FileNotFoundError:
            return StoredState()
        except OSError:
            self._warn_once("The state file cannot be read; starting without last known values.")
            return StoredState()
        try:
            state = decode(content)
        except ForeignError:
            self._set_aside("it was written by another version")
            return StoredState()
        except ValueError:
            self._set_aside("it is broken")
            return StoredState()
        if state.unreadable:
            self._warn_once(f"{state.unreadable} records of the state file make no sense and are left out.")
        return state

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_suffix(".json.aside")
        try:
            self._path.replace(aside)
        except OSError:
            self._warn_once(f"The state file is not used: {reason}.")
        else:
            self._warn_once(f"The state file is not used: {reason}. It was set aside as {aside.name}.")

    def _warn_once(self, message: str) -> None:
        """Log a warning, once until a save has succeeded."""
        if message not in self._warnings:
            _log.warning("%s", message)
        self._warnings.add(message)


def _readable(content: bytes) -> bytes:
    """Return ``content``, which could not be read back if it were too large.

    Raises:
        OSError: It is.
    """
    if len(content) > MAX_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def _merge_records(ours: AccountRecord, theirs: AccountRecord, now: datetime) -> AccountRecord:
    """Return what two processes know of one account: the later try, the later values, and no pause lost."""
    if not ours.account.is_same_person(theirs.account) or theirs.polled_at is None or theirs.polled_at > now:
        return ours
    newer, older = (theirs, ours) if ours.polled_at is None or ours.polled_at < theirs.polled_at else (ours, theirs)
    if newer.updated_at is not None and newer.updated_at == newer.polled_at:
        return newer
    if older.updated_at is not None and (newer.updated_at is None or newer.updated_at < older.updated_at):
        newer = with_values_of(newer, older)
    if older.gate is not None and (newer.gate is None or newer.gate.opens_at < older.gate.opens_at):
        newer = replace(newer, gate=older.gate)
    return newer


def _is_stronger(ours: RefreshBackoff, theirs: RefreshBackoff) -> bool:
    return (ours.final, ours.not_before) >= (theirs.final, theirs.not_before)
