"""When jobs are due, and whether the machine has slept or its clock was set.

Everything here goes by the monotonic clock. ``schedule`` itself goes by local time, where an hour is lost and won
twice a year and whole years at the first contact with a time server.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

import schedule
from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable

JUMP_S = 30.0
"""By so much the wall clock has to move ahead at once for the machine to count as having slept."""
_SET_BACK_S = 2.0
"""By so much it has to move back to count as set."""
_LEAST_JITTER, _MOST_JITTER = 0.04, 0.1
_TOGETHER_S = 10.0
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)
"""Not a moment, only something to add seconds to."""


class PollInterval(Struct):
    """How often accounts are polled.

    Attributes:
        interval_s: Between two polls of one account, at least.
        rng: So that accounts and machines do not march in step.
    """

    interval_s: float
    rng: Random = field(default_factory=Random)

    def jitter(self) -> float:
        """Return which share of it is added to the interval, which is never shorter than what was chosen."""
        return self.rng.uniform(_LEAST_JITTER, _MOST_JITTER)

    @property
    def batch_window_s(self) -> float:
        """Accounts that are due within this time are polled together; less than any jitter."""
        return min(_TOGETHER_S, self.interval_s * _LEAST_JITTER)


class Scheduler(schedule.Scheduler):
    """Named jobs, each run once, by the monotonic clock. For one thread."""

    def __init__(self, monotonic: Callable[[], float], do: Callable[[Callable[[], object]], None]) -> None:
        """Start with nothing to do.

        Args:
            monotonic: The monotonic clock; seconds.
            do: Runs an action; whatever goes wrong in it must not come out.
        """
        super().__init__()
        self._monotonic = monotonic
        self._do = do

    def once(self, name: str, delay_s: float, action: Callable[[], object], *, replace: bool = False) -> None:
        """Have ``action`` run after ``delay_s``; a job of the same name stays as it is unless replaced."""
        if self.get_jobs(name):
            if not replace:
                return
            self.clear(name)

        def run() -> type[schedule.CancelJob]:
            # Gone before it runs, so that the action can schedule it anew.
            self.clear(name)
            self._do(action)
            return schedule.CancelJob

        job = self.every().second.do(run).tag(name)
        job.next_run = self.now() + timedelta(seconds=delay_s)

    def now(self) -> datetime:
        """Return the clock's time as ``schedule`` keeps it."""
        return _ORIGIN + timedelta(seconds=self._monotonic())

    def every(self, interval: int = 1) -> schedule.Job:
        """Return a job that is due by the monotonic clock."""
        return _Job(interval, self)

    @property
    def idle_seconds(self) -> float | None:
        """How long nothing is due; negative when something is overdue, ``None`` when there is nothing to do."""
        due = self.next_run
        return None if due is None else (due - self.now()).total_seconds()


class _Job(schedule.Job):
    def __init__(self, interval: int, scheduler: Scheduler) -> None:
        super().__init__(interval, scheduler)
        self._clock = scheduler

    @property
    def should_run(self) -> bool:
        return self.next_run is not None and self._clock.now() >= self.next_run


class ClockJumpDetector:
    """Notices when the wall clock parts from the monotonic one."""

    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        """Compare ``clock``, aware, with ``monotonic``, seconds."""
        self._clock = clock
        self._monotonic = monotonic
        self._offset_s = self._offset()

    def jump_s(self) -> float:
        """Return by how much the wall clock jumped since the last call; seconds, 0 when it only went on.

        Ahead: the machine slept, or the clock was set. Back: it was set. A drift is no jump.
        """
        offset_s = self._offset()
        jump_s, self._offset_s = offset_s - self._offset_s, offset_s
        return jump_s if jump_s >= JUMP_S or jump_s <= -_SET_BACK_S else 0.0

    def _offset(self) -> float:
        return self._clock().timestamp() - self._monotonic()
