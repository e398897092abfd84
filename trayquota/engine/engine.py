"""The engine: one queue of reasons, one pool of fetchers, one immutable snapshot out.

Every reason to ask leads to :meth:`Engine.refresh`; answers come back through the same queue, so all that is known
belongs to one thread and needs no lock. The thread waits on the queue for as long as the agenda is idle.
"""

from __future__ import annotations

import logging
import math
import queue
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.core.account_state import FetchResult
from trayquota.core.model import Failure, FailureKind
from trayquota.core.refresh_policy import Reason
from trayquota.engine.fetch_pool import WORKERS, Fetch, FetchPool, FetchTask, thread_pool
from trayquota.engine.publisher import SnapshotPublisher
from trayquota.engine.registry import Folder, Memory, Registry
from trayquota.engine.scheduler import JUMP_S, ClockJumpDetector, PollInterval, Scheduler
from trayquota.system.log import error_location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from concurrent.futures import Executor
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.model import Snapshot

__all__ = ["DEBOUNCE_S", "TICK_S", "WORKERS", "Engine", "Fetch", "Folder", "Memory"]

DEBOUNCE_S = 0.1
"""A folder's events are gathered for so long."""
TICK_S = 60.0
"""So often texts that count down are renewed, and the folder is looked at for what no event told."""
_PLAN_S = 1.0
_SAVE_S = 3.0
_log = logging.getLogger(__name__)


class Engine:
    """Owns what is known of all accounts. Made, run and closed by one thread; :meth:`post` is for all others.

    Args:
        folder: Finds the accounts.
        fetch: Asks one of them.
        memory: Keeps what is known.
        clock: The time, aware, UTC.
        publish: Takes each snapshot, on the engine's thread.
        interval_s: Between two questions to one account.
        known: What an earlier run has learnt, by file name.
        on_tick: Called about once a minute.
        get_ready: Called before accounts are asked, to make what their questions need: while many threads wait for it
            that takes a quarter longer.
        monotonic: A clock that nobody sets; seconds.
        rng: For the jitter.
        make_pool: Makes what questions are asked on.
    """

    def __init__(  # noqa: PLR0913 - the composition root's one call
        self,
        *,
        folder: Folder,
        fetch: Fetch,
        memory: Memory,
        clock: Callable[[], datetime],
        publish: Callable[[Snapshot], None],
        interval_s: float = 300.0,
        known: Mapping[str, AccountRecord] | None = None,
        on_tick: Callable[[], None] = lambda: None,
        get_ready: Callable[[], object] = lambda: None,
        monotonic: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
        make_pool: Callable[[], Executor] = thread_pool,
    ) -> None:
        """Put the parts together; nothing starts before :meth:`refresh`."""
        self._folder = folder
        self._memory = memory
        self._clock = clock
        self._on_tick = on_tick
        self._get_ready = get_ready
        self._monotonic = monotonic
        self._pace = PollInterval(interval_s, rng or random.Random())  # noqa: S311 - to spread requests, not to hide anything
        self._queue: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._agenda = Scheduler(monotonic, self._do)
        self._watch = ClockJumpDetector(clock, monotonic)
        self._questions = FetchPool(
            fetch, lambda *answer: self.post(lambda: self._answered(*answer)), monotonic, make_pool
        )
        self._accounts = Registry(known or {}, clock(), self._pace)
        self._telling = SnapshotPublisher(publish, monotonic)
        self._notice: str | None = None
        self._is_closed = False
        self._planned_s = -math.inf

    @property
    def snapshot(self) -> Snapshot:
        """The newest one, for any thread."""
        return self._telling.snapshot

    # What other threads may call.

    def post(self, action: Callable[[], object]) -> None:
        """Have the engine's thread run ``action``."""
        self._queue.put(action)

    def request(self, reason: Reason) -> None:
        """Ask for a refresh of all accounts, from any thread."""
        self.post(lambda: self.refresh(reason))

    def folder_changed(self) -> None:
        """Tell that something in the folder changed, from any thread; many calls make one scan."""
        self.call_later("scan", DEBOUNCE_S, self._scan_changed)

    def call_later(self, name: str, delay_s: float, action: Callable[[], object]) -> None:
        """Have ``action`` done once, ``delay_s`` from now, from any thread; many calls by one name do it once."""
        self.post(lambda: self._agenda.once(name, delay_s, action))

    # The engine's thread.

    def run(self) -> None:
        """Work until :meth:`close`."""
        self._agenda.once("tick", TICK_S, self._tick)
        while not self._is_closed:
            self.step(self.wait_s)

    def run_until_settled(self) -> Snapshot:
        """Work until nothing is awaited any more; return the snapshot."""
        while self._questions or self._telling.dirty or self._agenda.get_jobs("scan") or not self._queue.empty():
            self.step(self.wait_s)
        return self.snapshot

    @property
    def is_fetching(self) -> bool:
        """Whether answers are awaited."""
        return bool(self._questions)

    @property
    def wait_s(self) -> float:
        """How long nothing is due; at most a minute, so that a clock that was set is noticed."""
        idle_s = self._agenda.idle_seconds
        wait_s = TICK_S if idle_s is None else min(idle_s, TICK_S)
        if self._telling.dirty:
            wait_s = min(wait_s, self._telling.delay_left_s())
        return max(0.0, wait_s)

    def step(self, timeout_s: float) -> None:
        """Wait for something to do, at most ``timeout_s``, and do all that is due."""
        begun_s = self._monotonic()
        action = self._next_action(timeout_s)
        # On some systems the clock that nobody sets goes on while the machine sleeps: there, it shows here.
        overslept = self._monotonic() - begun_s - timeout_s >= JUMP_S
        while action is not None and not self._is_closed:
            self._do(action)
            action = self._next_action(0.0)
        if self._is_closed:
            return
        self._do(lambda: self._notice_jump(overslept=overslept))
        self._agenda.run_pending()
        self._do(self._tell)
        self._do(self._plan)

    def _next_action(self, timeout_s: float) -> Callable[[], object] | None:
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    def prepare(self) -> None:
        """Look at the folder and publish what is known of it; nothing is asked."""
        self._do(self._scan)
        self._telling.dirty = True
        self._do(self._tell)

    def refresh(self, reason: Reason) -> None:
        """Look at the folder and ask every account that may be asked. What is under way is withdrawn."""
        changed = self._scan()
        due = self._accounts.due_soon(self._clock(), self._questions) if reason is Reason.SCHEDULE else self._accounts
        wanted = changed.union(due)
        _log.info("refresh: %s, %d accounts", reason, len(wanted))
        self._telling.dirty = True
        self._ask(wanted)

    def configure(self, *, interval_s: float) -> None:
        """Change the pace."""
        self._pace.interval_s = interval_s
        self._planned_s = -math.inf

    def close(self) -> None:
        """End: withdraw all questions, write the state, let the fetchers go. Does not wait for them."""
        self._is_closed = True
        self._questions.close()
        self._agenda.clear()
        self._do(self._save)

    # The folder, and asking.

    def _scan_changed(self) -> None:
        self._ask(self._scan())

    def _scan(self) -> set[str]:
        """Look at the folder; return the accounts that are to be asked because of what changed."""
        scan = self._folder.scan(self._clock())
        if scan.retry_s is not None:
            self._agenda.once("scan", scan.retry_s, self._scan_changed)
        changes = self._accounts.reconcile(scan.accounts, self._questions)
        for key in changes.to_cancel:
            self._questions.cancel(key)
        if changes.has_changed or scan.notice != self._notice:
            _log.info("the folder has changed: %d accounts", len(scan.accounts))
            self._notice = scan.notice
            self._news()
        return changes.to_poll

    def _ask(self, wanted: Iterable[str]) -> None:
        now = self._clock()
        askable = [each for key in sorted(wanted) if (each := self._accounts.pollable(key, now)) is not None]
        if askable:
            self._do(self._get_ready)
            self._telling.dirty = True
        for record in askable:
            self._questions.submit(record.credential, record.record.gate)
        self._watch_overdue()

    def _answered(self, question: FetchTask, outcome: FetchResult) -> None:
        now = self._clock()
        counts = self._questions.complete(question)
        if not counts:
            self._accounts.apply_cancelled(question.credential, question.gate, outcome, now)
        elif self._accounts.apply_result(question.credential, question.gate, outcome, now):
            self._ask({question.account_id})
        if counts or outcome.is_rate_limited:
            # A pause has to survive a restart that comes the next moment.
            self._news(save_s=0.0 if outcome.is_rate_limited else _SAVE_S)

    def _watch_overdue(self) -> None:
        if self._questions:
            self._agenda.once("overdue", self._questions.next_expiry_s(), self._give_up_overdue)

    def _give_up_overdue(self) -> None:
        """Report accounts whose fetcher hangs where no time limit reaches, as in a name look-up."""
        failure = Failure(FailureKind.NETWORK, "No answer in time. Check the network connection.")
        for question in self._questions.expire():
            self._accounts.apply_result(question.credential, question.gate, FetchResult(error=failure), self._clock())
            self._news()
        self._watch_overdue()

    # Timing and telling.

    def _plan(self) -> None:
        """Arrange for the moment at which the next account is due; not for each of many answers anew."""
        now_s, now = self._monotonic(), self._clock()
        left_s = self._planned_s + _PLAN_S - now_s
        if self._questions and left_s > 0:
            # Nothing more to do then: every step ends with a plan.
            self._agenda.once("plan", left_s, lambda: None)
            return
        self._planned_s = now_s
        due = self._accounts.next_due(now, self._questions)
        if due is None:
            self._agenda.clear("check")
        else:
            delay_s = max(0.0, (due - now).total_seconds())
            self._agenda.once("check", delay_s, lambda: self.refresh(Reason.SCHEDULE), replace=True)

    def _tick(self) -> None:
        self._agenda.once("tick", TICK_S, self._tick)
        self._do(self._on_tick)
        self._scan_changed()

    def _notice_jump(self, *, overslept: bool) -> None:
        """After sleep ask anew; when the clock was set back, let nothing wait for a time that comes again."""
        jump_s = self._watch.jump_s()
        if not jump_s and not overslept:
            return
        _log.info("the clock moved by %d s: asleep, or set", jump_s)
        if jump_s < 0:
            self._accounts.shift_clock(timedelta(seconds=jump_s))
            self._planned_s = -math.inf
            self._news()
        else:
            self.refresh(Reason.WOKE)
        self._on_tick()

    def _news(self, save_s: float = _SAVE_S) -> None:
        """Have what is known published now, and saved after ``save_s``."""
        self._telling.dirty = True
        self._agenda.once("save", save_s, self._save, replace=save_s == 0)

    def _tell(self) -> None:
        self._telling.publish(self._accounts.usages, self._notice, refreshing=bool(self._questions))

    def _save(self) -> None:
        self._memory.save(self._accounts.records(), self._clock())

    def _do(self, action: Callable[[], object]) -> None:
        """Run ``action``; an accident in it does not stop the engine."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next answer has to be handled
            _log.error("an action failed: %s", error_location(error))
