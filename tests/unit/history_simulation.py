"""A provider's windows through a simulated life, answered by polls, and the truth about them.

All of it follows from a seed, so that any process can go on where another one was killed.
"""

from __future__ import annotations

import random
import select
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.history import Cycle
from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.core.person import person
from trayquota.engine.history_recorder import HistoryRecorder
from trayquota.store.history import HistoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 30.0
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
FIVE_HOURS, WEEK = timedelta(hours=5), timedelta(days=7)
ACCOUNT = Account("claude-ada@example.com.json", "claude", "ada@example.com", person=person(name="ada@example.com"))


@dataclass(frozen=True)
class Poll:
    """One answer, and what the machine's clock shows.

    Attributes:
        at: The true time.
        windows: As the provider states them.
        clock_offset: How far the true time is ahead of the machine's clock.
    """

    at: datetime
    windows: tuple[QuotaWindow, ...]
    clock_offset: timedelta

    @property
    def now(self) -> datetime:
        return self.at - self.clock_offset

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot((AccountUsage(ACCOUNT, AccountState.OK, self.windows, updated_at=self.now),))


@dataclass
class _Window:
    """One window of the provider's.

    Attributes:
        length: Of a cycle.
        starts_by_use: It has no cycle until it is used; else one follows the other.
        begun: The running cycle's begin.
    """

    title: str
    length: timedelta
    starts_by_use: bool
    begun: datetime | None
    used: float = 0.0
    cycles: list[Cycle] = field(default_factory=list)
    seen: float | None = None

    @property
    def ends(self) -> datetime | None:
        return self.begun and self.begun + self.length

    def pass_time(self, now: datetime) -> None:
        while self.begun is not None and self.begun + self.length <= now:
            self.end(self.begun + self.length, early=False)

    def end(self, at: datetime, *, early: bool) -> None:
        if self.seen is not None and self.begun is not None:
            self.cycles.append(Cycle(self.begun, self.seen, self.begun + self.length, at, early))
        self.begun, self.used, self.seen = (None if self.starts_by_use and not early else at), 0.0, None

    def use(self, percent: float, now: datetime) -> None:
        if self.begun is None:
            self.begun = now
        self.used = min(100.0, self.used + percent)

    def answer(self) -> QuotaWindow:
        if self.begun is not None:
            self.seen = round(self.used, 2)
        return QuotaWindow(self.title, round(self.used, 2), self.ends, int(self.length.total_seconds()))


class Simulation:
    """The life of one account, poll by poll.

    Attributes:
        end: Of it all.
        samples: By window, what a poll has answered last before each change, and at each day's first poll.
    """

    def __init__(self, days: int, seed: int, poll_minutes: int = 5) -> None:
        self._interval = timedelta(minutes=poll_minutes)
        self.end = BEGIN + timedelta(days=days)
        self._random = random.Random(seed)
        self._windows = [
            _Window("5-hour", FIVE_HOURS, starts_by_use=True, begun=None),
            _Window("Weekly", WEEK, starts_by_use=False, begun=BEGIN - timedelta(days=2)),
        ]
        self.samples: dict[str, list[tuple[datetime, float]]] = {window.title: [] for window in self._windows}
        self._stated: dict[str, datetime | None] = {}

    def polls(self) -> Iterator[Poll]:
        """Yield every poll; the program is not running for hours or weeks now and then, and the clock is set."""
        chance, now, off_until, offset = self._random, BEGIN, BEGIN, timedelta(0)
        while now < self.end:
            now += self._interval
            is_on = now >= off_until
            self._live(now, may_reset_early=is_on)
            if is_on and chance.random() < 0.0005:
                off_until = now + timedelta(hours=chance.choice((1, 9, 30, 400)))
            if chance.random() < 0.0008:
                offset = timedelta(hours=chance.choice((-900, -26, -1, 0, 0, 2, 500)))
            if is_on:
                windows = tuple(window.answer() for window in self._windows)
                self._note(windows, now)
                yield Poll(now, windows, offset)

    def cycles(self, title: str) -> list[Cycle]:
        """Return the window's true cycles, as far as a poll has seen them; the last one may run."""
        window = next(window for window in self._windows if window.title == title)
        if window.begun is None or window.seen is None:
            return window.cycles
        return [*window.cycles, Cycle(window.begun, window.seen, window.ends)]

    def _live(self, now: datetime, *, may_reset_early: bool) -> None:
        # Nobody can know of an early reset where no poll has seen what was used before it and what after.
        chance = self._random
        for window in self._windows:
            window.pass_time(now)
            if may_reset_early and window.seen is not None and window.seen > 12 and chance.random() < 0.0004:
                window.end(now - timedelta(seconds=90), early=True)
        if 8 <= now.hour < 19 and now.weekday() < 5 and chance.random() < 0.4:
            percent = chance.expovariate(0.5)
            self._windows[0].use(percent, now - timedelta(seconds=30))
            self._windows[1].use(percent / 9, now - timedelta(seconds=30))

    def _note(self, windows: tuple[QuotaWindow, ...], now: datetime) -> None:
        for window in windows:
            noted, used = self.samples[window.title], window.used_percent or 0.0
            is_new = not noted or noted[-1][1] != used or noted[-1][0].date() != now.date()
            if is_new or self._stated[window.title] != window.resets_at:
                noted.append((now, used))
                self._stated[window.title] = window.resets_at


def _thinned(samples: list[tuple[datetime, float]], now: datetime) -> list[tuple[datetime, float]]:
    """Return all samples of the last 89 days, and the last of each hour of those before."""
    full_from = now - timedelta(days=89)
    hours = {sample[0].replace(minute=0, second=0): sample for sample in samples if sample[0] < full_from}
    return [*hours.values(), *(sample for sample in samples if sample[0] >= full_from)]


def check(store: HistoryStore, simulation: Simulation) -> None:
    """Fail where the history is not what the simulation knows to be true, once it is at its end."""
    now = simulation.end
    (history,) = store.read([ACCOUNT], None, now)
    assert [window.title for window in history.windows] == list(simulation.samples)
    for window in history.windows:
        assert _thinned([(sample.at, sample.used_percent) for sample in window.samples], now) == _thinned(
            simulation.samples[window.title], now
        )
        assert list(window.cycles) == simulation.cycles(window.title)


class Life:
    """The applet's recorder, given one poll after the other."""

    def __init__(self, path: Path) -> None:
        self._poll: Poll | None = None
        self._recorder = HistoryRecorder(path, lambda: self._now().now, lambda: self._now().clock_offset)
        self._recorder.is_on = True
        self._recorder.start()

    def _now(self) -> Poll:
        assert self._poll is not None
        return self._poll

    def record(self, poll: Poll) -> None:
        self._poll = poll
        self._recorder(poll.snapshot)
        self._recorder.wait_idle(PATIENCE_S)


def live(path: Path, simulation: Simulation, first: int) -> None:
    """Record from the poll of that number on, and say the number of each that is done."""
    life = Life(path)
    for number, poll in enumerate(simulation.polls()):
        if number >= first:
            life.record(poll)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


def read(path: Path) -> None:
    """Read the history again and again until standard input ends; fail when it ever loses something."""
    count = 0
    while not select.select([sys.stdin], [], [], 0.01)[0]:
        histories = HistoryStore(path).read([ACCOUNT], None, BEGIN)
        found = sum(len(window.cycles) for history in histories for window in history.windows)
        assert found >= count
        count = found


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(Path(sys.argv[2]))
    else:
        days, seed, poll_minutes, start = map(int, sys.argv[3:])
        live(Path(sys.argv[2]), Simulation(days, seed, poll_minutes), start)
