"""One thread's work: a queue of actions from any thread, and jobs that are due by the monotonic clock."""

from __future__ import annotations

import logging
import queue
from typing import TYPE_CHECKING

from trayquota.engine.scheduler import JUMP_S, ClockJumpDetector, Scheduler
from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

TICK_S = 60.0
"""The longest wait, so that a clock that was set is noticed."""
_log = logging.getLogger(__name__)


class Loop:
    """Runs one action after the other. For one thread; :meth:`post` and :meth:`call_later` are for any."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        jumped: Callable[[float], object],
    ) -> None:
        """Have nothing to do.

        Args:
            clock: The wall clock, aware.
            monotonic: The monotonic clock; seconds.
            jumped: Called when the machine has slept, or the wall clock was set, by so many seconds.
        """
        self._queue: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._clock = clock
        self._monotonic = monotonic
        self._jumped = jumped
        self._detector = ClockJumpDetector(clock, monotonic)
        self.scheduler = Scheduler(monotonic, self.do)
        self.is_closed = False

    def post(self, action: Callable[[], object]) -> None:
        """Have the loop's thread run ``action``."""
        self._queue.put(action)

    def call_later(self, name: str, delay_s: float, action: Callable[[], object]) -> None:
        """Have ``action`` run once, ``delay_s`` from now; many calls by one name run it once."""
        self.post(lambda: self.scheduler.once(name, delay_s, action))

    @property
    def has_posts(self) -> bool:
        """Whether actions wait in the queue."""
        return not self._queue.empty()

    @property
    def wait_s(self) -> float:
        """How long nothing is due."""
        idle_s = self.scheduler.idle_seconds
        return TICK_S if idle_s is None else max(0.0, min(idle_s, TICK_S))

    def step(self, timeout_s: float) -> None:
        """Wait for something to do, at most ``timeout_s``, and do all that is due."""
        begun_s = self._monotonic()
        action = self.take(timeout_s)
        # On some systems the monotonic clock goes on while the machine sleeps: there, it shows here.
        overslept_s = self._monotonic() - begun_s - timeout_s
        while action is not None and not self.is_closed:
            self.do(action)
            action = self.take(0.0)
        if self.is_closed:
            return
        jump_s = self._detector.jump_s() or (overslept_s if overslept_s >= JUMP_S else 0.0)
        if jump_s:
            _log.info("the clock moved by %d s: asleep, or set", jump_s)
            self.do(lambda: self._jumped(jump_s))
        self.scheduler.run_pending()

    def take(self, timeout_s: float) -> Callable[[], object] | None:
        """Return the next action in the queue, ``None`` when there is none within ``timeout_s``."""
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    def do(self, action: Callable[[], object]) -> None:
        """Run ``action``; an accident in it does not end the loop."""
        with LoggedErrors(_log, "an action"):
            action()

    def close(self) -> None:
        """Do nothing more."""
        self.is_closed = True
        self.scheduler.clear()
