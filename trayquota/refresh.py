"""The engine: one queue of reasons, one pool of fetchers, one immutable snapshot out.

Every reason to ask leads to :meth:`Engine.refresh`; answers come back through the same queue, so all that is known
belongs to one thread and needs no lock. The thread waits on the queue for as long as the schedule is idle.
"""

from __future__ import annotations

import hashlib
import logging
import math
import queue
import random
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import schedule

from trayquota.core.cadence import Asked, Reason, next_due, next_gate
from trayquota.core.model import Account, AccountUsage, Failure, FailureKind, Snapshot, State
from trayquota.fetch import Cut, Outcome
from trayquota.store.state import Known

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trayquota.credentials.files import Credential
    from trayquota.credentials.scan import Scan

WORKERS = 32
"""So many accounts are asked at the same time."""
DEBOUNCE_S = 0.1
"""A folder's events are gathered for so long."""
_TICK_S = 60.0
_COALESCE_S = 10.0
_PARTIAL_S = 0.5
_SAVE_S = 3.0
_OVERDUE_S = 18.0
_JUMP_S = 30.0
_log = logging.getLogger(__name__)


class Fetch(Protocol):
    """Asks one account; blocks; runs on a pool thread."""

    def __call__(self, credential: Credential, cut: Cut) -> Outcome:
        """Return the outcome. Raises nothing that a caller has to know."""


class Folder(Protocol):
    """Looks at the credentials folder."""

    def scan(self, now: datetime) -> Scan:
        """Return what is in it."""


class Memory(Protocol):
    """Keeps what is known across restarts."""

    def save(self, accounts: Mapping[str, Known], now: datetime) -> None:
        """Write it."""


@dataclass(slots=True)
class _Job:
    account_id: str
    cut: Cut = field(default_factory=Cut)
    future: Future[None] | None = None
    started_s: float = math.inf


@dataclass(slots=True)
class _Record:
    credential: Credential
    known: Known
    is_confirmed: bool = False
    """The last try was made by this process, not read from the state."""
    failures: int = 0
    jitter_s: float = 0.0
    token_in_use: str = field(default="", repr=False)


class Engine:
    """Owns what is known of all accounts. Made, run and closed by one thread; :meth:`post` is for all others."""

    def __init__(  # noqa: PLR0913 - the composition root's one call
        self,
        *,
        folder: Folder,
        fetch: Fetch,
        memory: Memory,
        clock: Callable[[], datetime],
        publish: Callable[[Snapshot], None],
        interval_s: float = 300.0,
        known: Mapping[str, Known] | None = None,
        on_tick: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        """Put the parts together; nothing starts before :meth:`refresh`.

        Args:
            folder: Finds the accounts.
            fetch: Asks one of them.
            memory: Keeps what is known.
            clock: The time, aware, UTC.
            publish: Takes each snapshot, on the engine's thread.
            interval_s: Between two questions to one account.
            known: What an earlier run has learnt, by file name.
            on_tick: Called about once a minute.
            monotonic: A clock that nobody sets; seconds.
            rng: For the jitter.
        """
        self._folder = folder
        self._fetch = fetch
        self._memory = memory
        self._clock = clock
        self._publish = publish
        self._interval_s = interval_s
        self._remembered = dict(known or {})
        self._on_tick = on_tick
        self._monotonic = monotonic
        self._rng = rng or random.Random()  # noqa: S311 - to spread requests, not to hide anything
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._scheduler = schedule.Scheduler()
        self._pool: ThreadPoolExecutor | None = None
        self._records: dict[str, _Record] = {}
        self._jobs: dict[str, _Job] = {}
        self._notice: str | None = None
        self._is_closed = False
        self._has_news = False
        self._published_s = -math.inf
        self._planned_s = -math.inf
        self._offset_s = self._wall_offset_s()
        self.snapshot = Snapshot()
        """The newest one."""

    # What other threads may call.

    def post(self, action: Callable[[], None]) -> None:
        """Have the engine's thread run ``action``."""
        self._queue.put(action)

    def request(self, reason: Reason) -> None:
        """Ask for a refresh of all accounts, from any thread."""
        self.post(lambda: self.refresh(reason))

    def folder_changed(self) -> None:
        """Tell that something in the folder changed, from any thread; many calls make one scan."""
        self.post(lambda: self._once("scan", DEBOUNCE_S, self._scan_changed))

    # The engine's thread.

    def run(self) -> None:
        """Work until :meth:`close`."""
        self._scheduler.every(int(_TICK_S)).seconds.do(self._tick).tag("tick")
        while not self._is_closed:
            self.step(self._wait_s())

    def run_until_settled(self) -> Snapshot:
        """Work until nothing is awaited any more; return the snapshot."""
        while not self._is_settled():
            self.step(self._wait_s())
        return self.snapshot

    def step(self, timeout_s: float) -> None:
        """Wait for something to do, at most ``timeout_s``, and do all that is due."""
        try:
            self._do(self._queue.get(timeout=max(0.0, timeout_s)))
            while True:
                self._do(self._queue.get_nowait())
        except queue.Empty:
            pass
        if self._is_closed:
            return
        self._notice_jump()
        self._scheduler.run_pending()
        self._publish_news()
        self._plan()

    def prepare(self) -> None:
        """Look at the folder and publish what is known of it; nothing is asked."""
        self._scan()
        self._has_news = True
        self._publish_news()

    def refresh(self, reason: Reason) -> None:
        """Look at the folder and ask every account that may be asked. What is under way is withdrawn."""
        changed = self._scan()
        wanted = self._due_ids() | changed if reason is Reason.SCHEDULE else set(self._records)
        _log.info("refresh: %s, %d accounts", reason, len(wanted))
        self._has_news = True
        self._ask(wanted)

    def configure(self, *, interval_s: float) -> None:
        """Change the pace."""
        self._interval_s = interval_s
        self._planned_s = -math.inf

    def close(self) -> None:
        """End: withdraw all questions, write the state, let the fetchers go. Does not wait for them."""
        self._is_closed = True
        for key in list(self._jobs):
            self._withdraw(key)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._scheduler.clear()
        self._save()

    # Reading the folder.

    def _scan_changed(self) -> None:
        self._ask(self._scan())

    def _scan(self) -> set[str]:
        """Look at the folder; return the accounts that are to be asked because of what changed."""
        scan = self._folder.scan(self._clock())
        if scan.retry_s is not None:
            self._once("scan", scan.retry_s, self._scan_changed)
        found = {each.account.id: each for each in scan.credentials}
        for gone in self._records.keys() - found.keys():
            self._withdraw(gone)
            self._remembered[gone] = self._records.pop(gone).known
            self._news()
        if scan.notice != self._notice:
            self._notice = scan.notice
            self._news()
        return {key for key, credential in found.items() if self._take(key, credential)}

    def _take(self, key: str, credential: Credential) -> bool:
        """Adopt what a file says now; return whether the account is to be asked because of it."""
        record = self._records.get(key)
        if record is None:
            known = self._remembered.get(key)
            fits = known is not None and _is_same(known, credential)
            self._records[key] = _Record(
                credential,
                replace(known, account=_with_plan(credential, known)) if known and fits else _unknown(credential),
                jitter_s=self._jitter_s(),
            )
            self._news()
            return True
        before, record.credential = record.credential, credential
        if before == credential:
            return False
        self._news()
        if not before.is_same_person(credential):
            self._withdraw(key)
            record.known = _unknown(credential)
            record.is_confirmed, record.failures = False, 0
            return True
        record.known = replace(record.known, account=_with_plan(credential, record.known))
        if credential.disabled or credential.problem:
            self._withdraw(key)
        if (before.disabled and not credential.disabled) or (before.problem and not credential.problem):
            return True
        return key not in self._jobs and self._has_new_token(record)

    def _has_new_token(self, record: _Record) -> bool:
        """Whether a failed account's file holds a login that has not been tried; a pause is not such a failure."""
        failure = record.known.failure
        return (
            failure is not None
            and failure.kind is not FailureKind.RATE_LIMITED
            and record.credential.login.access_token != record.token_in_use
        )

    # Asking.

    def _ask(self, wanted: Iterable[str]) -> None:
        now = self._clock()
        for key in sorted(wanted):
            record = self._records.get(key)
            if record is None or not _may_be_asked(record, now):
                continue
            self._withdraw(key)
            self._jobs[key] = job = _Job(key)
            record.token_in_use = record.credential.login.access_token
            if self._pool is None:
                self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="fetch")
            job.future = self._pool.submit(self._work, job, record.credential)
            self._has_news = True
        if self._jobs:
            self._once("overdue", _OVERDUE_S, self._give_up_overdue)

    def _work(self, job: _Job, credential: Credential) -> None:
        """Ask one account, on a pool thread."""
        job.started_s = self._monotonic()
        try:
            outcome = self._fetch(credential, job.cut)
        except Exception as error:  # noqa: BLE001 - one account's accident must not stop the others
            _log.error("a fetcher failed: %s", type(error).__name__)
            message = "Something went wrong inside trayquota. It will be tried again; please report it."
            outcome = Outcome(error=Failure(FailureKind.BAD_ANSWER, message))
        self.post(lambda: self._answered(job, outcome))

    def _answered(self, job: _Job, outcome: Outcome) -> None:
        record = self._records.get(job.account_id)
        if record is None:
            return
        now = self._clock()
        if self._jobs.get(job.account_id) is not job:
            # Withdrawn: nothing of it is shown, but a pause that the provider asked for is a pause.
            if outcome.is_pause:
                gate = next_gate(record.known.gate, outcome.retry_after_s, now)
                record.known = replace(record.known, gate=gate)
            return
        del self._jobs[job.account_id]
        record.is_confirmed = True
        record.jitter_s = self._jitter_s()
        if outcome.token:
            record.token_in_use = outcome.token
        record.failures = 0 if outcome.error is None else record.failures + 1
        record.known = _learnt(record.known, outcome, now)
        self._has_news = True
        self._once("save", _SAVE_S, self._save)
        if self._has_new_token(record):
            self._ask({job.account_id})

    def _give_up_overdue(self) -> None:
        """Report accounts whose fetcher hangs where no time limit reaches, as in a name look-up."""
        now_s = self._monotonic()
        for job in list(self._jobs.values()):
            if now_s - job.started_s >= _OVERDUE_S and not job.cut.is_renewing:
                message = "No answer in time. Check the network connection."
                self._answered(job, Outcome(error=Failure(FailureKind.NETWORK, message)))
                job.cut.cut()
        if self._jobs:
            self._once("overdue", _OVERDUE_S / 4, self._give_up_overdue)

    def _withdraw(self, key: str) -> None:
        job = self._jobs.pop(key, None)
        if job is not None:
            if job.future is not None:
                job.future.cancel()
            job.cut.cut()
            self._has_news = True

    # Timing.

    def _plan(self) -> None:
        """Arrange for the moment at which the next account is due."""
        now_s = self._monotonic()
        if self._jobs and now_s - self._planned_s < 1.0:
            return
        self._planned_s = now_s
        now = self._clock()
        dues = [self._due(key, now) for key, record in self._records.items() if _is_askable(record)]
        if not dues:
            self._scheduler.clear("check")
            return
        delay_s = max(0.0, (min(dues) - now).total_seconds())
        self._once("check", delay_s, lambda: self.refresh(Reason.SCHEDULE), replace_job=True)

    def _due(self, key: str, now: datetime) -> datetime:
        if key in self._jobs:
            return now + timedelta(seconds=_TICK_S)
        record = self._records[key]
        known = record.known
        resets = tuple(each.resets_at for each in known.windows if each.resets_at is not None)
        asked = Asked(
            at=known.asked_at,
            interval_s=self._interval_s,
            jitter_s=record.jitter_s,
            resets=resets,
            failure=known.failure.kind if known.failure else None,
            failures=record.failures,
            gate=known.gate,
        )
        return next_due(asked, now).at

    def _due_ids(self) -> set[str]:
        """Return the accounts that are due now, or so soon that they may go along."""
        now = self._clock()
        soon = now + timedelta(seconds=min(_COALESCE_S, self._interval_s / 10))
        return {
            key
            for key, record in self._records.items()
            if key not in self._jobs and _is_askable(record) and self._due(key, now) <= soon
        }

    def _jitter_s(self) -> float:
        return self._rng.uniform(-0.05, 0.05) * self._interval_s

    def _once(self, name: str, delay_s: float, action: Callable[[], None], *, replace_job: bool = False) -> None:
        """Have ``action`` done once after ``delay_s``; one that is already arranged stays unless replaced."""
        if self._scheduler.get_jobs(name):
            if not replace_job:
                return
            self._scheduler.clear(name)

        def run() -> type[schedule.CancelJob]:
            self._scheduler.clear(name)
            self._do(action)
            return schedule.CancelJob

        # The annotation says whole seconds; fractions work as well.
        self._scheduler.every(delay_s).seconds.do(run).tag(name)  # type: ignore[arg-type]

    def _wait_s(self) -> float:
        """Return how long nothing is due; at most a minute, so that a clock that was set is noticed."""
        idle_s = self._scheduler.idle_seconds
        wait_s = _TICK_S if idle_s is None else min(idle_s, _TICK_S)
        if self._has_news:
            wait_s = min(wait_s, self._published_s + _PARTIAL_S - self._monotonic())
        return max(0.0, wait_s)

    def _tick(self) -> None:
        self._do(self._on_tick)

    def _wall_offset_s(self) -> float:
        """Return how far the clock on the wall is from the one that nobody sets; seconds.

        The schedule reckons in local time, so a change to or from summer time counts as well.
        """
        local = self._clock().astimezone().replace(tzinfo=None)
        return (local - datetime(2000, 1, 1)).total_seconds() - self._monotonic()  # noqa: DTZ001 - a plain origin

    def _notice_jump(self) -> None:
        offset_s = self._wall_offset_s()
        jump_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(jump_s) < _JUMP_S:
            return
        _log.info("the clock moved by %d s: asleep, or set", jump_s)
        for job in self._scheduler.get_jobs():
            if job.next_run is not None:
                job.next_run += timedelta(seconds=jump_s)
        self._on_tick()
        if jump_s > 0:
            self.refresh(Reason.WOKE)

    # Telling.

    def _news(self) -> None:
        self._has_news = True
        self._once("save", _SAVE_S, self._save)

    def _publish_news(self) -> None:
        """Publish when all answers are in, at the first word of a refresh, and now and then in between."""
        if not self._has_news:
            return
        refreshing = bool(self._jobs)
        partial = refreshing and self.snapshot.refreshing
        if partial and self._monotonic() - self._published_s < _PARTIAL_S:
            return
        self._has_news = False
        self._published_s = self._monotonic()
        usages = sorted(
            (usage_of(r.credential, r.known, is_confirmed=r.is_confirmed) for r in self._records.values()),
            key=lambda each: each.account.sort_key,
        )
        self.snapshot = Snapshot(tuple(usages), refreshing, self._notice)
        self._publish(self.snapshot)

    def _save(self) -> None:
        known = {key: record.known for key, record in self._records.items()}
        self._do(lambda: self._memory.save(known, self._clock()))

    def _is_settled(self) -> bool:
        return self._queue.empty() and not self._has_news and not self._scheduler.get_jobs("scan") and not self._jobs

    def _do(self, action: Callable[[], None]) -> None:
        """Run ``action``; an accident in it does not stop the engine."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next answer has to be handled
            _log.error("an action failed: %s", type(error).__name__, exc_info=_log.isEnabledFor(logging.DEBUG))


def usage_of(credential: Credential, known: Known, *, is_confirmed: bool) -> AccountUsage:
    """Return how an account stands.

    Args:
        credential: What its file says.
        known: What its provider said last.
        is_confirmed: That was said just now, not read from an earlier run's state.
    """
    account = known.account
    if credential.disabled:
        return AccountUsage(account, State.DISABLED)
    if credential.problem is not None:
        state = State.STALE if known.windows else State.ERROR
        return AccountUsage(account, state, known.windows, credential.problem, known.updated_at)
    if not credential.is_supported:
        return AccountUsage(account, State.UNSUPPORTED)
    failure, has_values = known.failure, known.updated_at is not None
    if failure is not None and failure.kind is FailureKind.LOGIN_EXPIRED:
        state = State.EXPIRED
    elif failure is not None and known.updated_at != known.asked_at:
        state = State.STALE if has_values else State.ERROR
    elif not has_values:
        state = State.PENDING
    else:
        state = State.OK if is_confirmed else State.STALE
    return AccountUsage(account, state, known.windows, failure, known.updated_at)


def remembered(known: Known | None, credential: Credential) -> Known:
    """Return what an earlier run has learnt about the account in a file; nothing when it was another one."""
    if known is None or not _is_same(known, credential):
        return _unknown(credential)
    return replace(known, account=_with_plan(credential, known))


def _learnt(known: Known, outcome: Outcome, now: datetime) -> Known:
    """Return what is known after an answer; last good values stay when it was none."""
    gate = next_gate(known.gate, outcome.retry_after_s, now) if outcome.is_pause else known.gate
    if outcome.reading is not None:
        plan = outcome.reading.plan or known.account.plan
        return replace(
            known,
            account=replace(known.account, plan=plan),
            asked_at=now,
            updated_at=now,
            windows=outcome.reading.windows,
            failure=outcome.error,
            gate=None,
        )
    failure = outcome.error
    if failure is not None and gate is not None and outcome.is_pause:
        failure = replace(failure, retry_at=gate.opens_at)
    return replace(known, asked_at=now, failure=failure, gate=gate)


def _may_be_asked(record: _Record, now: datetime) -> bool:
    gate = record.known.gate
    return _is_askable(record) and not (gate is not None and gate.is_shut(now))


def _is_askable(record: _Record) -> bool:
    credential = record.credential
    return credential.is_supported and not credential.disabled and credential.problem is None


def _unknown(credential: Credential) -> Known:
    return Known(credential.account, person=_person(credential))


def _with_plan(credential: Credential, known: Known) -> Account:
    account = credential.account
    return replace(account, plan=account.plan or known.account.plan)


def _person(credential: Credential) -> str | None:
    account_id = credential.login.account_id
    return hashlib.sha256(account_id.encode()).hexdigest()[:16] if account_id else None


def _is_same(known: Known, credential: Credential) -> bool:
    """Whether remembered values belong to the account that is in the file now."""
    if known.account.provider != credential.account.provider:
        return False
    person = _person(credential)
    if person and known.person:
        return person == known.person
    return known.account.name == credential.account.name
