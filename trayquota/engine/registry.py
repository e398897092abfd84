"""All accounts with their records: how discoveries and fetch results change them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from trayquota.core.account_merge import moved_ids
from trayquota.core.account_state import (
    account_usage,
    apply_cancelled,
    apply_result,
    new_record,
    restore,
    sanitize,
    shift_clock,
    with_current_account,
)
from trayquota.core.observation import with_observation
from trayquota.core.redacted import RedactedRepr
from trayquota.core.refresh_policy import PollAllowance, PollInput, Reason, next_poll

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord, FetchResult
    from trayquota.core.credential import Credential
    from trayquota.core.model import AccountUsage
    from trayquota.core.refresh_policy import Decision, RateLimitGate
    from trayquota.engine.scheduler import PollInterval


class RecordStore(Protocol):
    """Keeps records across restarts."""

    def save(self, records: Mapping[str, AccountRecord], now: datetime) -> None:
        """Write them."""


class Entry(RedactedRepr, Struct):
    """An account in the registry.

    Attributes:
        credential: As its source gives it.
        record: As its provider answered.
        jitter: Which share of it is added to the interval.
        is_live: The last fetch was made by this process, not read from the state.
        consecutive_failures: How often in a row it failed in the same way.
        tried_tokens: The access tokens of the last fetch: the one in the credential then, and the one that was used.
        answered_at: When this process had the last good answer.
    """

    repr_fields = ("credential", "record", "jitter", "is_live", "consecutive_failures")

    credential: Credential
    record: AccountRecord
    jitter: float = 0.0
    is_live: bool = False
    consecutive_failures: int = 0
    tried_tokens: frozenset[str] = frozenset()
    answered_at: datetime | None = None

    def observe(self, now: datetime, fresh_s: float) -> None:
        """Take over what another program saw of its quotas; what is younger than ``fresh_s`` counts as fresh."""
        observation = self.credential.observed
        if observation is None:
            return
        before = self.record
        self.record = with_observation(before, observation, self.answered_at, now)
        is_fresh = observation.at > now - timedelta(seconds=fresh_s)
        self.is_live = self.is_live or (self.record is not before and is_fresh)

    @property
    def is_pollable(self) -> bool:
        """Whether there is a provider to poll, and a login for it."""
        credential = self.credential
        return credential.is_supported and not credential.disabled and credential.problem is None

    def can_poll(self, now: datetime) -> bool:
        """Whether it may be polled at ``now``: not while its gate is closed, nor before its least interval is over."""
        gate = self.record.gate
        return self.is_pollable and not (gate is not None and gate.is_closed(now)) and not self._early_s(now)

    def _early_s(self, now: datetime) -> float:
        """Return how much of its least interval is left."""
        polled_at, least_s = self.record.polled_at, self.credential.min_interval_s
        passed_s = (now - polled_at).total_seconds() if polled_at is not None else least_s
        return least_s - passed_s if 0 <= passed_s < least_s else 0.0

    @property
    def has_new_token(self) -> bool:
        """Whether its last fetch failed and its credential holds a token that has not been tried."""
        return self.record.failure is not None and self.credential.login.access_token not in self.tried_tokens

    def next_poll(self, interval_s: float, now: datetime, wait_s: float) -> Decision:
        """Return when it is to be polled next, and why; its allowance makes it wait for ``wait_s``."""
        record = self.record
        poll = PollInput(
            last_poll_at=record.polled_at,
            interval_s=max(interval_s, self.credential.min_interval_s),
            jitter_s=self.jitter * interval_s,
            resets=tuple(window.resets_at for window in record.windows if window.resets_at is not None),
            failure=record.failure.kind if record.failure else None,
            consecutive_failures=self.consecutive_failures,
            gate=record.gate,
            has_new_token=self.has_new_token,
            wait_s=max(wait_s, self._early_s(now)),
            retry_at=record.failure.retry_at if record.expired_since and record.failure else None,
        )
        return next_poll(poll, now)


class Changes(Struct):
    """What a discovery changed.

    Attributes:
        to_poll: Accounts that are to be polled because of it.
        to_cancel: Accounts whose fetch has lost its point.
        has_changed: There is something to publish and save.
    """

    to_poll: set[str] = field(default_factory=set)
    to_cancel: set[str] = field(default_factory=set)
    has_changed: bool = False


class Registry:
    """The accounts by id. For one thread."""

    def __init__(
        self,
        records: Mapping[str, AccountRecord],
        now: datetime,
        interval: PollInterval,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the records of an earlier run, each of which counts once its account is discovered."""
        self._monotonic = monotonic
        self._restored = {key: sanitize(record, now) for key, record in records.items()}
        self.interval = interval
        """How often accounts are polled. May be changed."""
        self._entries: dict[str, Entry] = {}
        self._gone: dict[str, AccountRecord] = {}
        self._allowances: dict[str, PollAllowance] = {}
        """By account id, also when the account becomes another person's."""

    def begin_poll(self, account_id: str, now: datetime) -> Entry | None:
        """Return an account if it may be polled at ``now``, and count the poll; else ``None``."""
        entry, now_s = self._entries.get(account_id), self._monotonic()
        allowance = self._allowances.get(account_id, PollAllowance())
        if entry is None or not entry.can_poll(now) or allowance.wait_s(now_s):
            return None
        self._allowances[account_id] = allowance.after_poll(now_s)
        return entry

    def reconcile(self, credentials: Iterable[Credential], fetching: Container[str], now: datetime) -> Changes:
        """Have exactly the accounts that have been discovered.

        Args:
            credentials: All that were.
            fetching: Ids of the accounts that are being fetched.
            now: The time.
        """
        changes = Changes()
        found = {credential.account.id: credential for credential in credentials}
        self._move(found, fetching, changes)
        for gone in self._entries.keys() - found.keys():
            self._gone[gone] = self._entries.pop(gone).record
            changes.to_cancel.add(gone)
            changes.has_changed = True
        for key, credential in found.items():
            entry = self._entries.get(key)
            if entry is None or entry.credential != credential:
                changes.has_changed = True
                self._update(key, credential, changes, is_fetching=key in fetching)
                self._entries[key].observe(now, self.interval.interval_s)
        return changes

    def _move(self, found: Mapping[str, Credential], fetching: Container[str], changes: Changes) -> None:
        """Have accounts that other places have now under their ids there, with all that is known of them."""
        entries = self._entries
        moves = moved_ids({key: entry.credential for key, entry in entries.items()}, found)
        moved = {key: entries.pop(old) for key, old in moves.items()}
        self._gone |= {key: entries.pop(key).record for key in moves if key in entries}
        entries |= moved
        changes.to_cancel.update(moves, moves.values())
        changes.to_poll.update(key for key, old in moves.items() if old in fetching)

    def _update(self, key: str, credential: Credential, changes: Changes, *, is_fetching: bool) -> None:
        """Take over a credential that is new or another than before."""
        entry = self._entries.get(key)
        if entry is None:
            record = self._gone.pop(key, None) or self._restored.pop(key, None)
            self._entries[key] = Entry(credential, restore(record, credential), self.interval.jitter())
            changes.to_poll.add(key)
            return
        before, entry.credential = entry.credential, credential
        if not entry.record.account.is_same_person(credential.account):
            self._entries[key] = Entry(credential, new_record(credential), entry.jitter)
            changes.to_cancel.add(key)
            changes.to_poll.add(key)
            return
        entry.record = with_current_account(entry.record, credential)
        was_off = before.disabled or before.problem is not None
        if not entry.is_pollable:
            changes.to_cancel.add(key)
        elif was_off or (entry.has_new_token and not is_fetching):
            changes.to_poll.add(key)

    def apply_result(
        self, credential: Credential, gate: RateLimitGate | None, result: FetchResult, now: datetime
    ) -> bool:
        """Record a result; return whether the account has got a token by now that deserves a fetch of its own.

        Args:
            credential: As it was when it was submitted.
            gate: The gate then.
            result: Of the fetch.
            now: When it came.
        """
        entry = self._entries[credential.account.id]
        failure, error = entry.record.failure, result.error
        is_repeated = error is not None and failure is not None and error.kind is failure.kind
        entry.consecutive_failures = 0 if error is None else entry.consecutive_failures + 1 if is_repeated else 1
        entry.is_live = True
        entry.answered_at = now if result.usage is not None else entry.answered_at
        entry.jitter = self.interval.jitter()
        entry.tried_tokens = frozenset({credential.login.access_token, result.access_token})
        entry.record = apply_result(entry.record, result, gate, now)
        return entry.is_pollable and entry.has_new_token

    def apply_cancelled(
        self, credential: Credential, gate: RateLimitGate | None, result: FetchResult, now: datetime
    ) -> None:
        """Record what counts of a cancelled fetch, unless the account is another person's by now."""
        key = credential.account.id
        entry = self._entries.get(key)
        if entry is not None and entry.record.account.is_same_person(credential.account):
            entry.record = apply_cancelled(entry.record, result, gate, now)
        elif entry is None and key in self._gone:
            self._gone[key] = apply_cancelled(self._gone[key], result, gate, now)

    def next_due(self, now: datetime, fetching: Container[str]) -> datetime | None:
        """Return when the next account is to be polled that is not being fetched; ``None`` when there is none."""
        return min((poll.at for _, poll in self._polls(now, fetching)), default=None)

    def to_poll(
        self, source: str, reasons: Iterable[Reason], now: datetime, fetching: Container[str]
    ) -> dict[str, Reason]:
        """Return the accounts of a source that are to be polled for any of ``reasons``, and why each is.

        By schedule those that are due, or so soon that they are polled along; for a change by itself none, else all.
        """
        soon = now + timedelta(seconds=self.interval.batch_window_s)
        found: dict[str, Reason] = {}
        for reason in sorted(reasons):
            if reason is Reason.SCHEDULE:
                due = {key: poll.reason for key, poll in self._polls(now, fetching) if poll.at <= soon}
            else:
                due = dict.fromkeys(self._entries, reason) if reason is not Reason.CHANGED else {}
            found |= {key: why for key, why in due.items() if self._entries[key].credential.source == source}
        return found

    def _polls(self, now: datetime, fetching: Container[str]) -> Iterator[tuple[str, Decision]]:
        for key, entry in self._entries.items():
            if entry.is_pollable and key not in fetching:
                wait_s = self._allowances.get(key, PollAllowance()).wait_s(self._monotonic())
                yield key, entry.next_poll(self.interval.interval_s, now, wait_s)

    def usages(self) -> tuple[AccountUsage, ...]:
        """Return all accounts as they are shown, sorted by provider, then name."""
        usages = (
            account_usage(entry.credential, entry.record, is_confirmed=entry.is_live)
            for entry in self._entries.values()
        )
        return tuple(sorted(usages, key=lambda usage: usage.account.sort_key))

    def credential(self, account_id: str) -> Credential | None:
        """Return an account as its source gives it."""
        entry = self._entries.get(account_id)
        return entry.credential if entry is not None else None

    def records(self) -> Mapping[str, AccountRecord]:
        """Return all records, also those of accounts that have gone in this run."""
        return self._gone | {key: entry.record for key, entry in self._entries.items()}

    def shift_clock(self, by: timedelta) -> None:
        """Move all instants along with a clock that has been set back."""
        for entry in self._entries.values():
            entry.record = shift_clock(entry.record, by)
        self._gone = {key: shift_clock(record, by) for key, record in self._gone.items()}
