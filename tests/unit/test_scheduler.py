"""The scheduler, the interval and the clock's detector."""

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


def test_the_jitter_never_shortens_the_interval() -> None:
    for interval_s in (60.0, 300.0, 86400.0):
        interval = PollInterval(interval_s, random.Random(2))
        assert all(interval.jitter() * interval_s >= interval.batch_window_s for _ in range(1000))


def test_jobs_do_not_depend_on_local_time() -> None:
    now_s = [50.0]
    done: list[str] = []
    scheduler = Scheduler(lambda: now_s[0], do)
    with time_machine.travel(START, tick=False) as traveller:
        scheduler.once("job", 10.0, lambda: done.append("job"))
        traveller.shift(timedelta(hours=1))
        scheduler.run_pending()
        assert done == []
        assert scheduler.idle_seconds == 10.0
        traveller.shift(timedelta(hours=-25))
        now_s[0] += 10
        scheduler.run_pending()
        assert done == ["job"]
    assert scheduler.idle_seconds is None


def test_a_job_that_is_due_at_once_runs_once() -> None:
    done: list[str] = []
    scheduler = Scheduler(lambda: 5.0, do)
    scheduler.once("job", 0.0, lambda: done.append("first"))
    scheduler.once("job", 0.0, lambda: done.append("second"))
    scheduler.run_pending()
    scheduler.run_pending()
    assert done == ["first"]


def test_a_job_can_schedule_itself_anew() -> None:
    now_s = [0.0]
    done: list[float] = []
    scheduler = Scheduler(lambda: now_s[0], do)

    def job() -> None:
        done.append(now_s[0])
        scheduler.once("job", 60.0, job)

    scheduler.once("job", 60.0, job)
    for _ in range(3):
        now_s[0] += 60
        scheduler.run_pending()
    assert done == [60.0, 120.0, 180.0]
    assert scheduler.idle_seconds == 60.0


def test_a_replaced_job_runs_at_the_new_time_only() -> None:
    now_s = [0.0]
    done: list[str] = []
    scheduler = Scheduler(lambda: now_s[0], do)
    scheduler.once("job", 5.0, lambda: done.append("old"))
    scheduler.once("job", 9.0, lambda: done.append("new"), replace=True)
    now_s[0] = 8.0
    scheduler.run_pending()
    assert done == []
    now_s[0] = 9.0
    scheduler.run_pending()
    assert done == ["new"]


def test_each_clock_jump_is_detected_once() -> None:
    now, seconds = [START], [0.0]
    detector = ClockJumpDetector(lambda: now[0], lambda: seconds[0])
    now[0] += timedelta(seconds=100)
    seconds[0] += 100
    assert detector.jump_s() == 0
    now[0] += timedelta(seconds=-3600)
    assert detector.jump_s() == pytest.approx(-3600)
    assert detector.jump_s() == 0
    now[0] += timedelta(seconds=29)
    assert detector.jump_s() == 0
    now[0] -= timedelta(seconds=1.5)
    assert detector.jump_s() == 0
