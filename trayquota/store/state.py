"""``state.json``: last good values, back-off gates, refused logins, what was told.

Written by replacing the file, under a lock, and merged with what another process has written meanwhile. A broken
or foreign file is set aside, never fatal.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.errors import ForeignError
from trayquota.store.records import StoredState, decode, encode
from trayquota.system.files import private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.tokens.refresher import RefreshBackoff
    from trayquota.views.alerts import AlertState

__all__ = ["AccountRecord", "StateStore"]

_KEEP = timedelta(days=30)
_KEEP_REFUSALS = timedelta(days=90)
_LOCK_WAIT_S = 2.0
_LARGEST_BYTES = 16 << 20
_log = logging.getLogger(__name__)


class StateStore:
    """The state of one user, in memory and on disk. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        """Keep the state at ``path``; :meth:`load` reads it."""
        self._path = path
        self._lock = threading.Lock()
        self._refusals: dict[str, RefreshBackoff] = {}
        self._forgotten: set[str] = set()
        self._told: dict[str, AlertState] | None = None
        self._complaints: set[str] = set()

    def load(self) -> dict[str, AccountRecord]:
        """Return the accounts as last known, by file name; none when there is no usable state."""
        state = self._read()
        with self._lock:
            self._refusals = dict(state.refresh_backoffs)
        return dict(state.accounts)

    def alert_states(self) -> dict[str, AlertState]:
        """Return what the person has been told, by account and window."""
        with self._lock:
            if self._told is not None:
                return dict(self._told)
        return dict(self._read().alert_states)

    def set_alert_states(self, told: Mapping[str, AlertState]) -> None:
        """Note what the person has been told; written with the next save."""
        with self._lock:
            self._told = dict(told)

    def refresh_backoff(self, fingerprint: str) -> RefreshBackoff | None:
        """Return what is remembered of a refresh token."""
        with self._lock:
            return self._refusals.get(fingerprint)

    def set_refresh_backoff(self, fingerprint: str, refusal: RefreshBackoff | None) -> None:
        """Note a refusal, or with ``None`` forget it; written with the next save."""
        with self._lock:
            if refusal is None:
                self._refusals.pop(fingerprint, None)
                self._forgotten.add(fingerprint)
            else:
                self._refusals[fingerprint] = refusal
                self._forgotten.discard(fingerprint)

    def save(self, accounts: Mapping[str, AccountRecord], now: datetime) -> None:
        """Write the state; a disk that does not take it is named in the log once and otherwise ignored."""
        from filelock import FileLock, Timeout

        try:
            private_folder(self._path.parent)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_WAIT_S, mode=0o600):
                write_atomic(self._path, encode(self._merged(accounts, now)))
        except (OSError, Timeout, NotImplementedError) as error:
            reason = type(error).__name__
            self._complain(f"The state could not be saved ({reason}); it will be lost when the program ends.")
        else:
            self._complaints.clear()

    def _merged(self, accounts: Mapping[str, AccountRecord], now: datetime) -> StoredState:
        """Return what is known together with what another process knows better."""
        on_disk = self._read()
        merged = dict(accounts)
        for key, theirs in on_disk.accounts.items():
            mine = merged.get(key)
            if mine is not None:
                merged[key] = _joined(mine, theirs, now)
            elif theirs.asked_at is not None and abs(now - theirs.asked_at) < _KEEP:
                merged[key] = theirs
        with self._lock:
            refusals = dict(self._refusals)
            for key, each in on_disk.refresh_backoffs.items():
                if key not in self._forgotten and not (key in refusals and _is_stronger(refusals[key], each)):
                    refusals[key] = each
            self._refusals = {key: each for key, each in refusals.items() if now - each.not_before < _KEEP_REFUSALS}
            told = on_disk.alert_states if self._told is None else self._told
            return StoredState(merged, dict(self._refusals), dict(told))

    def _read(self) -> StoredState:
        try:
            content = read_bounded(self._path, _LARGEST_BYTES)
        except FileNotFoundError:
            return StoredState()
        except OSError:
            self._complain("The state file cannot be read; starting without last known values.")
            return StoredState()
        try:
            state = decode(content)
        except ForeignError:
            self._set_aside("it was written by another version")
            return StoredState()
        except ValueError:
            self._set_aside("it is broken")
            return StoredState()
        if state.unread:
            self._complain(f"{state.unread} records of the state file make no sense and are left out.")
        return state

    def _set_aside(self, reason: str) -> None:
        aside = self._path.with_suffix(".json.aside")
        try:
            self._path.replace(aside)
        except OSError:
            self._complain(f"The state file is not used: {reason}.")
        else:
            self._complain(f"The state file is not used: {reason}. It was set aside as {aside.name}.")

    def _complain(self, message: str) -> None:
        """Log a warning, once until all is well again."""
        if message not in self._complaints:
            _log.warning("%s", message)
        self._complaints.add(message)


def _joined(mine: AccountRecord, theirs: AccountRecord, now: datetime) -> AccountRecord:
    """Return what two processes know of one account: the later try, the later values, and no pause lost."""
    is_same_person = (mine.account.provider, mine.account.name, mine.person) == (
        theirs.account.provider,
        theirs.account.name,
        theirs.person,
    )
    if not is_same_person or theirs.asked_at is None or theirs.asked_at > now:
        return mine
    newer, older = (theirs, mine) if mine.asked_at is None or mine.asked_at < theirs.asked_at else (mine, theirs)
    if newer.updated_at is not None and newer.updated_at == newer.asked_at:
        return newer
    if older.updated_at is not None and (newer.updated_at is None or newer.updated_at < older.updated_at):
        newer = replace(newer, updated_at=older.updated_at, windows=older.windows)
    if older.gate is not None and (newer.gate is None or newer.gate.opens_at < older.gate.opens_at):
        newer = replace(newer, gate=older.gate)
    return newer


def _is_stronger(mine: RefreshBackoff, theirs: RefreshBackoff) -> bool:
    return (mine.final, mine.not_before) >= (theirs.final, theirs.not_before)
