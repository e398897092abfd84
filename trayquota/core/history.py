"""The history of quotas: what was left over time, and the cycles that it went through."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trayquota.core.model import Account, AccountUsage, FailureKind, QuotaWindow

JITTER = timedelta(minutes=5)
"""So much the resets that a provider names for one and the same cycle may differ."""
_FALL_PERCENT = 5.0
"""A fall by so much, to half or less, is a fresh start; a smaller one may be a provider that rounds otherwise."""
SHORT_WINDOW_S = 86400
"""A shorter window has several cycles a day, and most of all that is recorded."""
_HOLDS_S = 26 * 3600
"""As a sample is taken on every day on which the program runs, nobody looked after so long without one."""
_LEAST_FALL_PERCENT = 1.0
"""What a fall has to be where the reset has moved on as well."""


class Sample(Struct, frozen=True):
    """What was used at one moment.

    Attributes:
        at: When the provider said so, on its clock.
        used_percent: 0–100.
    """

    at: datetime
    used_percent: float

    @property
    def remaining_percent(self) -> float:
        """What was left, 0–100."""
        return max(0.0, 100.0 - self.used_percent)


class EarlyReset(Struct, frozen=True):
    """A window that has started afresh before its time.

    Attributes:
        account_id: Whose it is.
        title: The window's.
        used_percent: What was used until then, 0–100.
    """

    account_id: str
    title: str
    used_percent: float


class SampleSeries:
    """Samples in the order of their time, as plain numbers: a year of many accounts has half a million."""

    def __init__(self) -> None:
        """Hold none yet."""
        self.at_s = array("I")
        """Seconds since 1970."""
        self.used = array("H")
        """Hundredths of a percent."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.at_s)

    def __getitem__(self, index: int) -> Sample:
        """Return one of them."""
        return Sample(datetime.fromtimestamp(self.at_s[index], UTC), self.used[index] / 100)

    def __iter__(self) -> Iterator[Sample]:
        """Yield all of them."""
        return (self[index] for index in range(len(self)))


class Cycle(Struct, frozen=True):
    """The time from one reset of a window to the next.

    Attributes:
        started_at: When it began, as far as the reset and the window's length say so; else when it was first seen.
        used_percent: 0–100, as it was seen last.
        resets_at: When it is to end, as it was stated last; ``None`` when it was not.
        ended_at: When it ended; ``None`` while it runs.
        ended_early: It ended before the stated time.
    """

    started_at: datetime
    used_percent: float
    resets_at: datetime | None = None
    ended_at: datetime | None = None
    ended_early: bool = False

    @property
    def unused_percent(self) -> float:
        """What was left in the end, 0–100."""
        return max(0.0, 100.0 - self.used_percent)


class WindowHistory(Struct, frozen=True):
    """What is recorded of one window, oldest first.

    Attributes:
        title: As the provider's windows are called.
        duration_s: The window's length in seconds, when known.
        samples: Between two of them nothing has changed, or nobody looked.
        cycles: The last one may be running.
    """

    title: str
    duration_s: int | None = None
    samples: SampleSeries = field(default_factory=SampleSeries)
    cycles: tuple[Cycle, ...] = ()

    @property
    def running_cycle(self) -> Cycle | None:
        """The cycle that has not ended."""
        return self.cycles[-1] if self.cycles and self.cycles[-1].ended_at is None else None


class Outage(Struct, frozen=True):
    """A time in which refreshes failed.

    Attributes:
        kind: Why.
        began_at: When that was first seen.
        ended_at: When a refresh worked again; ``None`` while none does.
    """

    kind: FailureKind
    began_at: datetime
    ended_at: datetime | None = None


class AccountHistory(Struct, frozen=True):
    """What is recorded of one account.

    Attributes:
        account: Who it is.
        windows: In the order in which they were first seen.
        outages: Oldest first.
    """

    account: Account
    windows: tuple[WindowHistory, ...] = ()
    outages: tuple[Outage, ...] = ()


def is_due(last: Sample | None, cycle: Cycle | None, window: QuotaWindow, at: datetime) -> bool:
    """Return whether an answer is to be recorded: percent or reset has changed, or a day has begun.

    Args:
        last: What was recorded last.
        cycle: The cycle that ran then.
        window: The answer; its percent is known.
        at: When it came.
    """
    if last is None or last.at.date() != at.date() or hundredths(window.used_percent) != hundredths(last.used_percent):
        return True
    before, reset = cycle.resets_at if cycle else None, window.resets_at
    if before is None or reset is None:
        return before is not reset and (reset is None or reset > at)
    return reset > at and abs(reset - before) > JITTER


def hundredths(percent: float | None) -> int:
    """Return a percent in the precision that is recorded."""
    return round((percent or 0.0) * 100)


def next_cycles(running: Cycle | None, window: QuotaWindow, at: datetime, last_at: datetime | None) -> list[Cycle]:
    """Return the cycles after an answer: those that have ended by it, then the one that runs, if one does.

    Args:
        running: The one that ran before.
        window: The answer; its percent is known.
        at: When it came.
        last_at: When the one before it came.
    """
    used = window.used_percent or 0.0
    is_idle = window.resets_at is None and used == 0 and window.duration_s is not None
    if running is None:
        return [] if is_idle else [_started(window, used, at)]
    end, is_early = _cycle_end(running, window, used, at, last_at)
    if end is None:
        return [replace(running, used_percent=used, resets_at=_stated_reset(window, at) or running.resets_at)]
    ended = replace(running, ended_at=max(end, running.started_at), ended_early=is_early)
    return [ended] if is_idle else [ended, _started(window, used, at, not_before=ended.ended_at)]


def _started(window: QuotaWindow, used: float, at: datetime, not_before: datetime | None = None) -> Cycle:
    begun = window_start(window)
    started_at = begun if begun is not None and begun <= at else at
    if not_before is not None and started_at < not_before:
        started_at = not_before
    return Cycle(started_at, used, _stated_reset(window, at))


def window_start(window: QuotaWindow) -> datetime | None:
    """Return when the running cycle of a window began, as far as its reset and its length say."""
    if window.resets_at is None or not window.duration_s:
        return None
    return window.resets_at - timedelta(seconds=window.duration_s)


def _stated_reset(window: QuotaWindow, at: datetime) -> datetime | None:
    """Return the reset; a past one is of a cycle that has ended already."""
    return window.resets_at if window.resets_at is not None and window.resets_at > at else None


def _cycle_end(
    running: Cycle, window: QuotaWindow, used: float, at: datetime, last_at: datetime | None
) -> tuple[datetime | None, bool]:
    """Return when the running cycle has ended, if it has, and whether that was before its time."""
    fall = running.used_percent - used
    has_fallen = fall >= _FALL_PERCENT and used <= running.used_percent / 2
    resets_at, stated = running.resets_at, _stated_reset(window, at)
    if resets_at is None:
        return (at, False) if has_fallen else (None, False)
    has_moved_on = window.resets_at is None or window.resets_at - resets_at >= _tolerance(window)
    begun = window_start(window)
    is_seen = begun is not None and last_at is not None and last_at <= begun < min(resets_at - JITTER, at)
    if at < resets_at - JITTER or (is_seen and fall > 0):
        is_early = has_fallen or (has_moved_on and fall >= _LEAST_FALL_PERCENT)
        return (begun if is_seen else at, True) if is_early else (None, False)
    is_over = at >= resets_at and (fall > 0 or (stated is not None and stated - resets_at > JITTER))
    return (min(resets_at, at), False) if has_moved_on or is_over else (None, False)


def _tolerance(window: QuotaWindow) -> timedelta:
    return max(timedelta(seconds=window.duration_s or 0) / 2, JITTER)


def lowest_remaining(samples: SampleSeries, start: datetime, end: datetime, parts: int) -> list[float | None]:
    """Return the least that was left in each of ``parts`` equal spans of time, as :func:`lowest_between` does."""
    start_s, part_s = start.timestamp(), (end - start).total_seconds() / parts
    # What was seen at the very end counts.
    return lowest_between(samples, [*(start_s + part * part_s for part in range(parts)), end.timestamp() + 1])


def lowest_between(samples: SampleSeries, edges_s: Sequence[float]) -> list[float | None]:
    """Return the least that was left, 0–100, between each edge and the next; seconds since 1970.

    What a sample says holds until the next one, yet for no longer than a day, after which there would have been
    another: ``None`` is a span in which nobody looked.
    """
    found: list[float | None] = []
    at_s, first = samples.at_s, bisect_left(samples.at_s, edges_s[0])
    # Samples are of whole seconds, which are compared sooner.
    for from_s, to_s in pairwise(map(ceil, edges_s)):
        last = bisect_left(at_s, to_s, first)
        # What came just before counts as well, for as long as it holds, unless another comes with the edge itself.
        is_held = first > 0 and at_s[first - 1] + _HOLDS_S > from_s and not (first < last and at_s[first] == from_s)
        used = samples.used[first - is_held : last]
        found.append(100 - max(used) / 100 if used else None)
        first = last
    return found


def is_alike(before: AccountUsage, usage: AccountUsage) -> bool:
    """Return whether there is nothing to record: the same percents, resets and failure, on the same day."""
    if before.windows is usage.windows and before.failure is usage.failure and before.state is usage.state:
        return _day(before) == _day(usage)
    return (
        len(before.windows) == len(usage.windows)
        and all(map(_is_same_window, before.windows, usage.windows))
        and (before.failure and before.failure.kind) == (usage.failure and usage.failure.kind)
        and before.state is usage.state
        and before.account.person == usage.account.person
        and _day(before) == _day(usage)
    )


def _is_same_window(before: QuotaWindow, window: QuotaWindow) -> bool:
    if before.title != window.title or (before.used_percent is None) != (window.used_percent is None):
        return False
    if hundredths(before.used_percent) != hundredths(window.used_percent):
        return False
    if before.resets_at is None or window.resets_at is None:
        return before.resets_at is window.resets_at
    return abs(window.resets_at - before.resets_at) <= JITTER


def _day(usage: AccountUsage) -> object:
    return usage.updated_at and usage.updated_at.date()
