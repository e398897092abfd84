"""All accounts of the folder with what is known of each: how a look at the folder and an answer change that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from trayquota.core.cadence import Asked, next_due
from trayquota.core.discreet import Discreet
from trayquota.knowledge import credible, learnt, learnt_too_late, moved, named, remembered, unknown, usage_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from datetime import datetime

    from trayquota.core.cadence import Gate
    from trayquota.core.model import AccountUsage
    from trayquota.credentials.files import Credential
    from trayquota.credentials.scan import Scan
    from trayquota.fetch import Outcome
    from trayquota.store.state import Known
    from trayquota.timing import Pace


class Folder(Protocol):
    """Looks at the credentials folder."""

    def scan(self, now: datetime) -> Scan:
        """Return what is in it."""


class Memory(Protocol):
    """Keeps what is known across restarts."""

    def save(self, accounts: Mapping[str, Known], now: datetime) -> None:
        """Write it."""


class Record(Discreet, Struct):
    """What is known of an account.

    Attributes:
        credential: What its file says.
        known: What its provider said.
        jitter: Which share of it is added to the interval.
        is_confirmed: The last try was made by this process, not read from the state.
        failures: How often in a row it failed in the same way.
        tried: The access tokens of the last try: the one in the file then, and the one that was used.
    """

    tells = ("credential", "known", "jitter", "is_confirmed", "failures")

    credential: Credential
    known: Known
    jitter: float = 0.0
    is_confirmed: bool = False
    failures: int = 0
    tried: frozenset[str] = frozenset()

    @property
    def is_askable(self) -> bool:
        """Whether there is somebody to ask, and a login to ask with."""
        credential = self.credential
        return credential.is_supported and not credential.disabled and credential.problem is None

    def may_be_asked(self, now: datetime) -> bool:
        """Whether it may be asked at ``now``: not while its gate is shut."""
        gate = self.known.gate
        return self.is_askable and not (gate is not None and gate.is_shut(now))

    @property
    def has_new_token(self) -> bool:
        """Whether it failed and its file holds a login that has not been tried."""
        return self.known.failure is not None and self.credential.login.access_token not in self.tried

    def due_at(self, interval_s: float, now: datetime) -> datetime:
        """Return when it is to be asked next."""
        known = self.known
        asked = Asked(
            at=known.asked_at,
            interval_s=interval_s,
            jitter_s=self.jitter * interval_s,
            resets=tuple(each.resets_at for each in known.windows if each.resets_at is not None),
            failure=known.failure.kind if known.failure else None,
            failures=self.failures,
            gate=known.gate,
        )
        return next_due(asked, now).at


class Changes(Struct):
    """What a look at the folder changed.

    Attributes:
        ask: Who is to be asked because of it.
        withdraw: Whose question has lost its point.
        is_news: Anything is to be told and saved.
    """

    ask: set[str] = field(default_factory=set)
    withdraw: set[str] = field(default_factory=set)
    is_news: bool = False


class Accounts:
    """The accounts by file name. For one thread."""

    def __init__(self, known: Mapping[str, Known], now: datetime, pace: Pace) -> None:
        """Start with what an earlier run has learnt, which counts for the accounts that the folder still has."""
        self._earlier = {key: credible(each, now) for key, each in known.items()}
        self._pace = pace
        self._records: dict[str, Record] = {}
        self._gone: dict[str, Known] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all files that hold an account."""
        return iter(self._records)

    def may_be_asked(self, key: str, now: datetime) -> Record | None:
        """Return the account if it may be asked at ``now``, else ``None``."""
        record = self._records.get(key)
        return record if record is not None and record.may_be_asked(now) else None

    def take(self, credentials: Iterable[Credential], asking: Container[str]) -> Changes:
        """Adopt what the folder holds now.

        Args:
            credentials: What it holds.
            asking: Who is being asked at the moment.
        """
        changes = Changes()
        found = {each.account.id: each for each in credentials}
        for gone in self._records.keys() - found.keys():
            self._gone[gone] = self._records.pop(gone).known
            changes.withdraw.add(gone)
            changes.is_news = True
        for key, credential in found.items():
            self._take(key, credential, changes, is_being_asked=key in asking)
        return changes

    def _take(self, key: str, credential: Credential, changes: Changes, *, is_being_asked: bool) -> None:
        record = self._records.get(key)
        before = record.credential if record is not None else None
        if before == credential:
            return
        changes.is_news = True
        if record is None or before is None:
            known = self._gone.pop(key, None) or self._earlier.pop(key, None)
            self._records[key] = Record(credential, remembered(known, credential), self._pace.jitter())
            changes.ask.add(key)
            return
        if not before.is_same_person(credential):
            self._records[key] = Record(credential, unknown(credential), record.jitter)
            changes.withdraw.add(key)
            changes.ask.add(key)
            return
        record.credential, record.known = credential, named(record.known, credential)
        was_out = before.disabled or before.problem is not None
        if not record.is_askable:
            changes.withdraw.add(key)
        elif was_out or (record.has_new_token and not is_being_asked):
            changes.ask.add(key)

    def learn(self, asked: Credential, before: Gate | None, outcome: Outcome, now: datetime) -> bool:
        """Take an answer in; return whether the file has got a login by now that deserves a try of its own.

        Args:
            asked: What the file said when the question was put.
            before: The gate then.
            outcome: The answer.
            now: When it came.
        """
        record = self._records[asked.account.id]
        failure = record.known.failure
        again = outcome.error is not None and failure is not None and outcome.error.kind is failure.kind
        record.failures = 0 if outcome.error is None else record.failures + 1 if again else 1
        record.is_confirmed = True
        record.jitter = self._pace.jitter()
        record.tried = frozenset({asked.login.access_token, outcome.token})
        record.known = learnt(record.known, outcome, before, now)
        return record.is_askable and record.has_new_token

    def learn_too_late(self, asked: Credential, before: Gate | None, outcome: Outcome, now: datetime) -> None:
        """Keep what counts of an answer to a withdrawn question, unless the file holds somebody else by now."""
        key = asked.account.id
        record = self._records.get(key)
        if record is not None and record.credential.is_same_person(asked):
            record.known = learnt_too_late(record.known, outcome, before, now)
        elif record is None and key in self._gone:
            self._gone[key] = learnt_too_late(self._gone[key], outcome, before, now)

    def next_due(self, now: datetime, asking: Container[str]) -> datetime | None:
        """Return when the next account is to be asked that is not being asked; ``None`` when there is none."""
        return min((due for _, due in self._dues(now, asking)), default=None)

    def due_soon(self, now: datetime, asking: Container[str]) -> set[str]:
        """Return the accounts that are due now, or so soon that they may go along."""
        soon = now + timedelta(seconds=self._pace.together_s)
        return {key for key, due in self._dues(now, asking) if due <= soon}

    def _dues(self, now: datetime, asking: Container[str]) -> Iterator[tuple[str, datetime]]:
        for key, each in self._records.items():
            if each.is_askable and key not in asking:
                yield key, each.due_at(self._pace.interval_s, now)

    def usages(self) -> tuple[AccountUsage, ...]:
        """Return how all accounts stand, sorted by provider, then name."""
        usages = (
            usage_of(each.credential, each.known, is_confirmed=each.is_confirmed) for each in self._records.values()
        )
        return tuple(sorted(usages, key=lambda each: each.account.sort_key))

    def known(self) -> Mapping[str, Known]:
        """Return what is known, also of accounts that have left the folder in this run."""
        return self._gone | {key: each.known for key, each in self._records.items()}

    def move(self, by: timedelta) -> None:
        """Move along with a clock that has been set back."""
        for record in self._records.values():
            record.known = moved(record.known, by)
        self._gone = {key: moved(each, by) for key, each in self._gone.items()}
