"""The engine: one queue of reasons to refresh, one pool of fetchers, one immutable snapshot out.

Every reason leads to :meth:`Engine.refresh`: the sources are discovered, what they found is reconciled with the
registry, and the accounts that may be polled are fetched. Discoveries and fetches run on other threads and come back
through the queue, so the registry belongs to one thread and needs no lock. That thread waits on the queue for as
long as the scheduler is idle.
"""

from __future__ import annotations

import logging
import math
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from trayquota.core.refresh_policy import Reason
from trayquota.engine.discoverer import Discovered, Discoverer, start_thread
from trayquota.engine.fetch_pool import Fetch, FetchPool, FetchTask, overdue_result, thread_pool
from trayquota.engine.loop import TICK_S, Loop
from trayquota.engine.publisher import SnapshotPublisher
from trayquota.engine.registry import RecordStore, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord, FetchResult
    from trayquota.core.model import Snapshot
    from trayquota.engine.publisher import SnapshotSink
    from trayquota.engine.scheduler import PollInterval
    from trayquota.sources.base import AccountSource

_DEBOUNCE_S = 0.1  # a source's changes are collected for so long
_DISCOVERY_TIMEOUT_S = 2.0  # so long a source may take to say what has changed before its accounts are fetched
_PREPARE_S, _PLAN_S, _SAVE_S = 0.5, 1.0, 3.0
_log = logging.getLogger(__name__)


class Engine(Loop):
    """Owns the registry of all accounts.

    Made on one thread, which may also :meth:`prepare` it. From :meth:`run` on it belongs to the thread that runs it;
    the others may :meth:`post`, :meth:`request`, :meth:`call_later`, report :meth:`source_changed` and read
    :attr:`snapshot`.

    Attributes:
        credential: Gives an account as its source does, by its id; for the engine's thread.
    """

    _notice: str | None = None
    _planned_s = -math.inf

    def __init__(  # noqa: PLR0913 - the composition root's one call
        self,
        *,
        sources: Iterable[AccountSource],
        fetch: Fetch,
        store: RecordStore,
        clock: Callable[[], datetime],
        sinks: Iterable[SnapshotSink] = (),
        interval: PollInterval,
        records: Mapping[str, AccountRecord] | None = None,
        on_tick: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        make_pool: Callable[[], Executor] = thread_pool,
        run_discovery: Callable[[Callable[[], None]], None] = start_thread,
    ) -> None:
        """Put the parts together; nothing starts before :meth:`prepare` or :meth:`refresh`.

        Args:
            sources: Discover the accounts.
            fetch: Fetches one account's usage; blocks.
            store: Keeps records across restarts. No sink, for a record holds more than a snapshot shows.
            clock: The time, aware, UTC.
            sinks: Hear of each snapshot, on the engine's thread.
            interval: How often accounts are polled.
            records: By account id, from an earlier run.
            on_tick: Called about once a minute.
            monotonic: The monotonic clock; seconds.
            make_pool: Makes what fetches run on.
            run_discovery: Runs a discovery, which may block.
        """
        super().__init__(clock, monotonic, self._clock_jumped)
        self.sources = tuple(sources)
        self._store = store
        self._on_tick = on_tick
        self._discoverer = Discoverer(self.sources, lambda: self.post(self._take_discovered), run_discovery)
        self._fetches = FetchPool(fetch, lambda *done: self.post(partial(self._fetched, *done)), monotonic, make_pool)
        self._registry = Registry(records or {}, clock(), interval, monotonic)
        self.credential = self._registry.credential
        self._publisher = SnapshotPublisher(sinks, monotonic, self.do)

    @property
    def snapshot(self) -> Snapshot:
        """The newest one."""
        return self._publisher.snapshot

    @property
    def is_refreshing(self) -> bool:
        """Whether answers to a request are awaited; for the engine's thread."""
        return bool(self._fetches) or self._discoverer.is_awaited

    # For any thread, as post() and call_later() are.

    def request(self, reason: Reason) -> None:
        """Have all accounts refreshed."""
        self.post(partial(self.refresh, reason))

    def source_changed(self, source: AccountSource) -> None:
        """Have a source discovered, because it may have changed; many calls make one discovery."""
        self.call_later(f"discover {source.name}", _DEBOUNCE_S, partial(self._discover, source, Reason.CHANGED))

    # For the engine's thread.

    def prepare(self) -> None:
        """Publish the last known values of the accounts there are; nothing is fetched and no source is started.

        The first picture waits for it. A source that takes its time is waited for no longer than half a second.
        """
        for source in self.sources:
            self._discoverer.submit(source, None)
        until_s = self._monotonic() + _PREPARE_S
        while self._discoverer.is_running and (done := self._discoverer.take(until_s - self._monotonic())):
            self.do(partial(self._discovered, done))
        self._publisher.dirty = True
        self._publish()

    def fetch_prepared(self) -> None:
        """Fetch the accounts that :meth:`prepare` found; a source that was too slow for that is discovered first."""
        for source in self.sources:
            if self._discoverer.is_discovering(source):
                self._discover(source, Reason.START)
            else:
                self._poll(source, {Reason.START}, {})

    def run(self) -> None:
        """Start the sources and work until :meth:`close`."""
        for source in self.sources:
            self.do(partial(source.start, partial(self.source_changed, source)))
        self.scheduler.once("tick", TICK_S, self._tick)
        while not self.is_closed:
            self.step(self.wait_s)

    def run_until_settled(self) -> Snapshot:
        """Work until nothing is awaited any more; return the snapshot."""
        while (
            self._fetches
            or self._discoverer.is_running
            or self._publisher.dirty
            or self.has_posts
            or any(self.scheduler.get_jobs(f"discover {source.name}") for source in self.sources)
        ):
            self.step(self.wait_s)
        return self.snapshot

    @property
    def wait_s(self) -> float:
        """How long nothing is due; at most a minute."""
        wait_s = super().wait_s
        return max(0.0, min(wait_s, self._publisher.delay_left_s())) if self._publisher.dirty else wait_s

    def step(self, timeout_s: float) -> None:
        """Wait for something to do, at most ``timeout_s``, and do all that is due."""
        super().step(timeout_s)
        if not self.is_closed:
            self.do(self._publish)
            self.do(self._plan)

    def refresh(self, reason: Reason) -> None:
        """Discover all accounts, then fetch those that may be polled. Fetches of theirs that run are cancelled."""
        for source in self.sources:
            self._discover(source, reason)

    def configure(self, *, interval_s: float) -> None:
        """Change the interval between two polls of an account."""
        self._registry.interval.interval_s = interval_s
        self._planned_s = -math.inf

    def close(self) -> None:
        """End: close the sources, cancel all fetches, save the records. Waits for no other thread."""
        super().close()
        for source in self.sources:
            self.do(source.close)
        self._fetches.close()
        self.do(self._save)

    # Discovering.

    def _discover(self, source: AccountSource, reason: Reason) -> None:
        self._discoverer.submit(source, reason)
        if reason is not Reason.CHANGED:
            self.scheduler.once("overdue discovery", _DISCOVERY_TIMEOUT_S, self._pass_over)

    def _take_discovered(self) -> None:
        while done := self._discoverer.take():
            self.do(partial(self._discovered, done))

    def _discovered(self, done: Discovered) -> None:
        if not self._discoverer.is_awaited:
            self.scheduler.clear("overdue discovery")
        if done.found is not None and done.found.retry_s is not None:
            discover = partial(self._discover, done.source, Reason.CHANGED)
            self.scheduler.once(f"discover {done.source.name}", done.found.retry_s, discover)
        changes = self._registry.reconcile(self._discoverer.accounts, self._fetches, self._clock())
        for account_id in changes.to_cancel:
            self._fetches.cancel(account_id)
        if changes.has_changed or self._discoverer.notice != self._notice:
            self._notice = self._discoverer.notice
            _log.info("the accounts have changed: %d", len(self._discoverer.accounts))
            self._changed()
        if done.reasons:
            self._poll(done.source, done.reasons, dict.fromkeys(changes.to_poll, Reason.CHANGED))

    def _pass_over(self) -> None:
        """Poll the accounts of sources that take their time as they were before."""
        for source in self.sources:
            if reasons := self._discoverer.pass_over(source):
                _log.info("the source %s takes its time", source.name)
                self._poll(source, reasons, {})

    def _poll(self, source: AccountSource, reasons: set[Reason], changed: Mapping[str, Reason]) -> None:
        wanted = {**changed, **self._registry.to_poll(source.name, reasons, self._clock(), self._fetches)}
        if wanted or reasons != {Reason.CHANGED}:
            _log.info("refresh: %s, %d accounts", " and ".join(sorted({*wanted.values()} or reasons)), len(wanted))
            self._publisher.dirty = True
        self._fetch(wanted)

    # Fetching.

    def _fetch(self, account_ids: Iterable[str]) -> None:
        now = self._clock()
        for account_id in sorted(account_ids):
            if (entry := self._registry.begin_poll(account_id, now)) is not None:
                self._publisher.dirty = True
                self._fetches.submit(entry.credential, entry.record.gate)

    def _fetched(self, task: FetchTask, result: FetchResult) -> None:
        now = self._clock()
        counts = self._fetches.complete(task)
        if not counts:
            self._registry.apply_cancelled(task.credential, task.gate, result, now)
        elif self._registry.apply_result(task.credential, task.gate, result, now):
            self._fetch({task.account_id})
        if counts or result.is_rate_limited:
            # A pause has to survive a restart that comes the next moment.
            self._changed(save_s=0.0 if result.is_rate_limited else _SAVE_S)

    def _expire_overdue(self) -> None:
        """Report accounts whose fetcher hangs where no time limit reaches, as in a name lookup."""
        for task in self._fetches.expire():
            self._registry.apply_result(task.credential, task.gate, overdue_result(), self._clock())
            self._changed()

    # Scheduling, publishing and saving.

    def _plan(self) -> None:
        """Schedule the next refresh for when the next account is due; not for each of many results anew."""
        now_s, now = self._monotonic(), self._clock()
        if self._fetches and not self.scheduler.get_jobs("overdue"):
            self.scheduler.once("overdue", self._fetches.next_expiry_s(), self._expire_overdue)
        if self._fetches and (left_s := self._planned_s + _PLAN_S - now_s) > 0:
            # Nothing more to do then: every step ends with a plan.
            self.scheduler.once("plan", left_s, lambda: None)
            return
        self._planned_s = now_s
        due = None if self._discoverer.is_awaited else self._registry.next_due(now, self._fetches)
        self.scheduler.clear("due")
        if due is not None:
            self.scheduler.once("due", max(0.0, (due - now).total_seconds()), partial(self.refresh, Reason.SCHEDULE))

    def _tick(self) -> None:
        self.scheduler.once("tick", TICK_S, self._tick)
        self.do(self._on_tick)
        for source in self.sources:
            if source.is_scan_due():
                self._discover(source, Reason.CHANGED)

    def _clock_jumped(self, jump_s: float) -> None:
        """After sleep refresh; when the clock was set back, let nothing wait for a time that comes again."""
        if jump_s < 0:
            self._registry.shift_clock(timedelta(seconds=jump_s))
            self._planned_s = -math.inf
            self._changed()
        else:
            self.refresh(Reason.WOKE)
        self._on_tick()

    def _changed(self, save_s: float = _SAVE_S) -> None:
        """Have records that have changed published now, and saved after ``save_s``."""
        self._publisher.dirty = True
        self.scheduler.once("save", save_s, self._save, replace=save_s == 0)

    def _publish(self) -> None:
        self._publisher.publish(self._registry.usages, self._notice, refreshing=bool(self._fetches))

    def _save(self) -> None:
        self._store.save(self._registry.records(), self._clock())
