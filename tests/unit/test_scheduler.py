"""The agenda, the pace and the clock's watch."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

from trayquota.engine.scheduler import ClockJumpDetector, PollInterval, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 9, 22, 12, tzinfo=UTC)


def do(action: Callable[[], object]) -> None:
    action()


def test_a_pace_is_never_faster_than_what_was_chosen() -> None:
    for interval_s in (60.0, 300.0, 86400.0):
        pace = PollInterval(interval_s, random.Random(2))
        assert all(pace.jitter() * interval_s >= pace.batch_window_s for _ in range(1000))


def test_what_is_planned_does_not_hang_on_local_time() -> None:
    now_s = [50.0]
    done: list[str] = []
    agenda = Scheduler(lambda: now_s[0], do)
    with time_machine.travel(START, tick=False) as traveller:
        agenda.once("job", 10.0, lambda: done.append("job"))
        traveller.shift(timedelta(hours=1))
        agenda.run_pending()
        assert done == []
        assert agenda.idle_seconds == 10.0
        traveller.shift(timedelta(hours=-25))
        now_s[0] += 10
        agenda.run_pending()
        assert done == ["job"]
    assert agenda.idle_seconds is None


def test_a_job_that_is_due_at_once_is_done_once() -> None:
    done: list[str] = []
    agenda = Scheduler(lambda: 5.0, do)
    agenda.once("job", 0.0, lambda: done.append("first"))
    agenda.once("job", 0.0, lambda: done.append("second"))
    agenda.run_pending()
    agenda.run_pending()
    assert done == ["first"]


def test_a_job_can_arrange_for_its_next_time() -> None:
    now_s = [0.0]
    done: list[float] = []
    agenda = Scheduler(lambda: now_s[0], do)

    def job() -> None:
        done.append(now_s[0])
        agenda.once("job", 60.0, job)

    agenda.once("job", 60.0, job)
    for _ in range(3):
        now_s[0] += 60
        agenda.run_pending()
    assert done == [60.0, 120.0, 180.0]
    assert agenda.idle_seconds == 60.0


def test_a_replaced_job_is_done_at_the_new_time_alone() -> None:
    now_s = [0.0]
    done: list[str] = []
    agenda = Scheduler(lambda: now_s[0], do)
    agenda.once("job", 5.0, lambda: done.append("old"))
    agenda.once("job", 9.0, lambda: done.append("new"), replace=True)
    now_s[0] = 8.0
    agenda.run_pending()
    assert done == []
    now_s[0] = 9.0
    agenda.run_pending()
    assert done == ["new"]


def test_a_clock_watch_tells_each_jump_once() -> None:
    now, seconds = [START], [0.0]
    watch = ClockJumpDetector(lambda: now[0], lambda: seconds[0])
    now[0] += timedelta(seconds=100)
    seconds[0] += 100
    assert watch.jump_s() == 0
    now[0] += timedelta(seconds=-3600)
    assert watch.jump_s() == pytest.approx(-3600)
    assert watch.jump_s() == 0
    now[0] += timedelta(seconds=29)
    assert watch.jump_s() == 0
    now[0] -= timedelta(seconds=1.5)
    assert watch.jump_s() == 0
