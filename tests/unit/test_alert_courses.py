"""Whatever the course of answers: each level and forecast notifies once a cycle, and none is missed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.model import Account, AccountState, AccountUsage, Level, QuotaWindow, Snapshot
from trayquota.views.alert_state import AlertKey, AlertState
from trayquota.views.alerts import check_alerts

if TYPE_CHECKING:
    from collections.abc import Iterable

from .alert_samples import HOUR, LENGTH, NOW, OFFLINE, OPTIONS, lines, stored


@dataclass(frozen=True)
class Answer:
    """One answer of a window: how long after the last look, what is left, how far off the named reset is."""

    left: int | None
    jitter_s: float


@dataclass(frozen=True)
class Moment:
    """One snapshot: how long after the last, how fresh, and what it says of each window."""

    later_s: int
    state: AccountState
    refreshing: bool
    answers: tuple[Answer, ...]


WINDOWS = (("ada.json", "5-hour", LENGTH), ("ada.json", "Weekly", 168 * HOUR), ("bob.json", "5-hour", LENGTH))
ANSWERS = st.builds(
    Answer,
    st.none() | st.sampled_from([0, 1, 9, 10, 24, 25, 26, 34, 60, 100]) | st.integers(0, 100),
    st.floats(-120, 120),
)
MOMENTS = st.builds(
    Moment,
    st.integers(1, 3 * 3600) | st.integers(1, 400) | st.integers(1, 400_000),
    st.sampled_from([AccountState.OK, AccountState.OK, AccountState.OK, AccountState.STALE, AccountState.ERROR]),
    st.integers(0, 5).map(lambda each: each == 0),
    st.tuples(*([ANSWERS] * len(WINDOWS))),
)


def level_of(left: float) -> Level:
    return Level.EMPTY if left <= 0 else Level.CRITICAL if left < 10 else Level.LOW if left < 25 else Level.PLENTY


def notified_level(text: str) -> Level | None:
    if "nothing left" in text.lower():
        return Level.EMPTY
    found = text.partition("% left")
    return None if not found[1] or "has reset" in text else level_of(int(found[0].rpartition(" ")[2]))


def snapshot_at(moment: Moment, now: datetime) -> tuple[Snapshot, list[tuple[str, int, float | None]]]:
    """Return the snapshot of a moment, and each window's name, true cycle and percent left."""
    usages: dict[str, list[QuotaWindow]] = defaultdict(list)
    truth: list[tuple[str, int, float | None]] = []
    for (account, title, length), answer in zip(WINDOWS, moment.answers, strict=True):
        cycle = (now - NOW) // length
        resets_at = NOW + (cycle + 1) * length + timedelta(seconds=answer.jitter_s)
        each = QuotaWindow(
            title, None if answer.left is None else 100.0 - answer.left, resets_at, length // timedelta(seconds=1)
        )
        usages[account].append(each)
        left = None if each.has_reset(now, now) else each.remaining_percent
        truth.append((f"{account} {title}", cycle, left))
    accounts = [
        AccountUsage(
            Account(key, "x", key),
            moment.state,
            tuple(windows),
            OFFLINE if moment.state is not AccountState.OK else None,
        )
        for key, windows in usages.items()
    ]
    return Snapshot(tuple(accounts), refreshing=moment.refreshing), truth


@given(st.lists(MOMENTS, max_size=30))
def test_each_level_and_forecast_notifies_exactly_once_a_cycle(moments: Iterable[Moment]) -> None:
    now, states = NOW, dict[AlertKey, AlertState]()
    worst: dict[tuple[str, int], Level] = defaultdict(lambda: Level.PLENTY)
    forecasts: set[tuple[str, int]] = set()
    for moment in moments:
        now += timedelta(seconds=moment.later_s)
        seen, truth = snapshot_at(moment, now)
        states, alert = check_alerts(stored(states), seen, now, OPTIONS)
        new_lines = lines(alert)
        if moment.refreshing or moment.state is not AccountState.OK:
            assert not new_lines
            continue
        cycles = {name: cycle for name, cycle, _left in truth}
        for line in new_lines:
            subject, _, text = line.partition(": ")
            name = subject.removeprefix("X ").replace(",", "")
            about = (name, cycles[name])
            level = notified_level(text)
            if level is not None:
                assert level > worst[about], line
                worst[about] = level
            if "runs out" in text:
                assert about not in forecasts, line
                forecasts.add(about)
        for name, cycle, left in truth:
            assert left is None or worst[name, cycle] >= level_of(left), (name, left)


@given(st.lists(MOMENTS, max_size=30))
def test_the_same_snapshot_twice_notifies_once(moments: Iterable[Moment]) -> None:
    now, states = NOW, dict[AlertKey, AlertState]()
    for moment in moments:
        now += timedelta(seconds=moment.later_s)
        seen, _truth = snapshot_at(moment, now)
        states, _alert = check_alerts(states, seen, now, OPTIONS)
        assert check_alerts(states, seen, now, OPTIONS) == (states, None)
