"""All accounts of the folder with what is known of each: how a look at the folder and an answer change that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

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
from trayquota.core.redacted import RedactedRepr
from trayquota.core.refresh_policy import PollInput, next_poll

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord, FetchResult
    from trayquota.core.credential import Credential
    from trayquota.core.model import AccountUsage
    from trayquota.core.refresh_policy import RateLimitGate
    from trayquota.engine.scheduler import PollInterval
    from trayquota.sources.folder_scan import Discovery


class Folder(Protocol):
    """Looks at the credentials folder."""

    def scan(self, now: datetime) -> Discovery:
        """Return what is in it."""


class Memory(Protocol):
    """Keeps what is known across restarts."""

    def save(self, accounts: Mapping[str, AccountRecord], now: datetime) -> None:
        """Write it."""


class Entry(RedactedRepr, Struct):
    """What is known of an account.

    Attributes:
        credential: What its file says.
        record: What its provider said.
        jitter: Which share of it is added to the interval.
        is_live: The last try was made by this process, not read from the state.
        consecutive_failures: How often in a row it failed in the same way.
        tried_tokens: The access tokens of the last try: the one in the file then, and the one that was used.
    """

    repr_fields = ("credential", "record", "jitter", "is_live", "consecutive_failures")

    credential: Credential
    record: AccountRecord
    jitter: float = 0.0
    is_live: bool = False
    consecutive_failures: int = 0
    tried_tokens: frozenset[str] = frozenset()

    @property
    def is_pollable(self) -> bool:
        """Whether there is somebody to ask, and a login to ask with."""
        credential = self.credential
        return credential.is_supported and not credential.disabled and credential.problem is None

    def can_poll(self, now: datetime) -> bool:
        """Whether it may be asked at ``now``: not while its gate is shut."""
        gate = self.record.gate
        return self.is_pollable and not (gate is not None and gate.is_closed(now))

    @property
    def has_new_token(self) -> bool:
        """Whether it failed and its file holds a login that has not been tried."""
        return self.record.failure is not None and self.credential.login.access_token not in self.tried_tokens

    def due_at(self, interval_s: float, now: datetime) -> datetime:
        """Return when it is to be asked next."""
        known = self.record
        asked = PollInput(
            last_poll_at=known.polled_at,
            interval_s=interval_s,
            jitter_s=self.jitter * interval_s,
            resets=tuple(each.resets_at for each in known.windows if each.resets_at is not None),
            failure=known.failure.kind if known.failure else None,
            consecutive_failures=self.consecutive_failures,
            gate=known.gate,
        )
        return next_poll(asked, now).at


class Changes(Struct):
    """What a look at the folder changed.

    Attributes:
        to_poll: Who is to be asked because of it.
        to_cancel: Whose question has lost its point.
        has_changed: Anything is to be told and saved.
    """

    to_poll: set[str] = field(default_factory=set)
    to_cancel: set[str] = field(default_factory=set)
    has_changed: bool = False


class Registry:
    """The accounts by file name. For one thread."""

    def __init__(self, known: Mapping[str, AccountRecord], now: datetime, pace: PollInterval) -> None:
        """Start with what an earlier run has learnt, which counts for the accounts that the folder still has."""
        self._earlier = {key: sanitize(each, now) for key, each in known.items()}
        self._pace = pace
        self._records: dict[str, Entry] = {}
        self._gone: dict[str, AccountRecord] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all files that hold an account."""
        return iter(self._records)

    def pollable(self, key: str, now: datetime) -> Entry | None:
        """Return the account if it may be asked at ``now``, else ``None``."""
        record = self._records.get(key)
        return record if record is not None and record.can_poll(now) else None

    def reconcile(self, credentials: Iterable[Credential], asking: Container[str]) -> Changes:
        """Adopt what the folder holds now.

        Args:
            credentials: What it holds.
            asking: Who is being asked at the moment.
        """
        changes = Changes()
        found = {each.account.id: each for each in credentials}
        for gone in self._records.keys() - found.keys():
            self._gone[gone] = self._records.pop(gone).record
            changes.to_cancel.add(gone)
            changes.has_changed = True
        for key, credential in found.items():
            self._take(key, credential, changes, is_being_asked=key in asking)
        return changes

    def _take(self, key: str, credential: Credential, changes: Changes, *, is_being_asked: bool) -> None:
        record = self._records.get(key)
        before = record.credential if record is not None else None
        if before == credential:
            return
        changes.has_changed = True
        if record is None or before is None:
            known = self._gone.pop(key, None) or self._earlier.pop(key, None)
            self._records[key] = Entry(credential, restore(known, credential), self._pace.jitter())
            changes.to_poll.add(key)
            return
        if not before.is_same_person(credential):
            self._records[key] = Entry(credential, new_record(credential), record.jitter)
            changes.to_cancel.add(key)
            changes.to_poll.add(key)
            return
        record.credential, record.record = credential, with_current_account(record.record, credential)
        was_out = before.disabled or before.problem is not None
        if not record.is_pollable:
            changes.to_cancel.add(key)
        elif was_out or (record.has_new_token and not is_being_asked):
            changes.to_poll.add(key)

    def apply_result(
        self, asked: Credential, before: RateLimitGate | None, outcome: FetchResult, now: datetime
    ) -> bool:
        """Take an answer in; return whether the file has got a login by now that deserves a try of its own.

        Args:
            asked: What the file said when the question was put.
            before: The gate then.
            outcome: The answer.
            now: When it came.
        """
        record = self._records[asked.account.id]
        failure = record.record.failure
        again = outcome.error is not None and failure is not None and outcome.error.kind is failure.kind
        record.consecutive_failures = 0 if outcome.error is None else record.consecutive_failures + 1 if again else 1
        record.is_live = True
        record.jitter = self._pace.jitter()
        record.tried_tokens = frozenset({asked.login.access_token, outcome.access_token})
        record.record = apply_result(record.record, outcome, before, now)
        return record.is_pollable and record.has_new_token

    def apply_cancelled(
        self, asked: Credential, before: RateLimitGate | None, outcome: FetchResult, now: datetime
    ) -> None:
        """Keep what counts of an answer to a withdrawn question, unless the file holds somebody else by now."""
        key = asked.account.id
        record = self._records.get(key)
        if record is not None and record.credential.is_same_person(asked):
            record.record = apply_cancelled(record.record, outcome, before, now)
        elif record is None and key in self._gone:
            self._gone[key] = apply_cancelled(self._gone[key], outcome, before, now)

    def next_due(self, now: datetime, asking: Container[str]) -> datetime | None:
        """Return when the next account is to be asked that is not being asked; ``None`` when there is none."""
        return min((due for _, due in self._dues(now, asking)), default=None)

    def due_soon(self, now: datetime, asking: Container[str]) -> set[str]:
        """Return the accounts that are due now, or so soon that they may go along."""
        soon = now + timedelta(seconds=self._pace.batch_window_s)
        return {key for key, due in self._dues(now, asking) if due <= soon}

    def _dues(self, now: datetime, asking: Container[str]) -> Iterator[tuple[str, datetime]]:
        for key, each in self._records.items():
            if each.is_pollable and key not in asking:
                yield key, each.due_at(self._pace.interval_s, now)

    def usages(self) -> tuple[AccountUsage, ...]:
        """Return how all accounts stand, sorted by provider, then name."""
        usages = (
            account_usage(each.credential, each.record, is_confirmed=each.is_live) for each in self._records.values()
        )
        return tuple(sorted(usages, key=lambda each: each.account.sort_key))

    def records(self) -> Mapping[str, AccountRecord]:
        """Return what is known, also of accounts that have left the folder in this run."""
        return self._gone | {key: each.record for key, each in self._records.items()}

    def shift_clock(self, by: timedelta) -> None:
        """Move along with a clock that has been set back."""
        for record in self._records.values():
            record.record = shift_clock(record.record, by)
        self._gone = {key: shift_clock(each, by) for key, each in self._gone.items()}
