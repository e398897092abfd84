"""A clock that is wrong, and what the dates of answers say about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.model import ResetCredits, Snapshot
from trayquota.core.provider_clock import ClockOffset, ProviderClock, with_local_resets

from .samples import ADA, five_hours, usage

if TYPE_CHECKING:
    from collections.abc import Mapping

TRUE_NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
HOURS = 3600.0


class Machine:
    """A machine whose clock is ``ahead_s`` ahead of the true time."""

    def __init__(self, ahead_s: float) -> None:
        self.ahead_s = ahead_s
        self.up_s = 1000.0
        self.measured: list[ClockOffset] = []
        self.clock = self.start()

    def start(self, known: ClockOffset | None = None) -> ProviderClock:
        self.clock = ProviderClock(self.wall, lambda: self.up_s, self.measured.append, known)
        return self.clock

    def wall(self) -> datetime:
        return TRUE_NOW + timedelta(seconds=self.up_s - 1000.0 + self.ahead_s)

    def answer(self, **headers: str) -> Mapping[str, str]:
        """The headers of an answer, whose date is the true time."""
        true = self.wall() - timedelta(seconds=self.ahead_s)
        return {"date": format_datetime(true, usegmt=True), **headers}


@pytest.mark.parametrize("ahead_s", [6 * HOURS, -6 * HOURS, 400 * 86400, 121, -121])
def test_a_wrong_clock_is_not_corrected(ahead_s: float) -> None:
    machine = Machine(ahead_s)
    machine.clock.observe(machine.answer())
    assert machine.clock.offset == timedelta(seconds=-ahead_s)
    assert machine.clock.now() == TRUE_NOW
    machine.up_s += 50
    assert machine.clock.now() == TRUE_NOW + timedelta(seconds=50)


@pytest.mark.parametrize("ahead_s", [0, 119, -119])
def test_a_clock_that_is_about_right_is_corrected(ahead_s: float) -> None:
    machine = Machine(ahead_s)
    machine.clock.observe(machine.answer())
    assert machine.clock.now() == machine.wall()


@pytest.mark.parametrize(
    "headers", [{}, {"date": ""}, {"date": "yesterday"}, {"date": "Tue, 99 Sep 2026 12:00:00 GMT"}, {"date": "0"}]
)
def test_a_date_that_is_none_is_believed(headers: dict[str, str]) -> None:
    machine = Machine(6 * HOURS)
    machine.clock.observe(headers)
    assert (machine.clock.now(), machine.measured) == (machine.wall(), [])


def test_an_answer_out_of_a_cache_is_believed() -> None:
    machine = Machine(6 * HOURS)
    machine.clock.observe(machine.answer(age="0"))
    assert machine.measured == []


@pytest.mark.parametrize("set_by_s", [-6 * HOURS, 70, -70])
def test_the_offset_of_a_clock_that_has_been_set_since_stays(set_by_s: float) -> None:
    machine = Machine(6 * HOURS)
    machine.clock.observe(machine.answer())
    machine.ahead_s += set_by_s
    assert machine.clock.now() == machine.wall()
    machine.clock.observe(machine.answer())
    assert abs(machine.clock.now() - TRUE_NOW) < timedelta(seconds=120)


def test_a_single_server_with_a_wrong_clock_makes_the_time_jump_with_each_answer() -> None:
    machine = Machine(0)
    machine.clock.observe(machine.answer())
    for _ in range(3):
        machine.up_s += 300
        machine.clock.observe({"date": "Tue, 22 Sep 2020 12:00:00 GMT"})
        assert machine.clock.now() == machine.wall()


def test_a_clock_that_runs_wrong_is_never_looked_at_again() -> None:
    machine = Machine(0)
    machine.clock.observe(machine.answer())
    machine.up_s += 3601
    machine.ahead_s = 0
    machine.clock.observe({"date": "Tue, 22 Sep 2026 18:00:00 GMT"})
    assert machine.clock.offset > timedelta(hours=4)


def test_what_was_measured_is_lost_with_the_process() -> None:
    machine = Machine(6 * HOURS)
    machine.clock.observe(machine.answer())
    (known,) = machine.measured
    machine.up_s += 50 * HOURS
    assert machine.start(known).now() == TRUE_NOW + timedelta(hours=50)


def test_what_was_measured_outlives_the_start_of_the_machine() -> None:
    machine = Machine(6 * HOURS)
    machine.clock.observe(machine.answer())
    machine.up_s, machine.ahead_s = 10.0, machine.ahead_s + 2000
    assert machine.start(machine.measured[0]).now() == machine.wall()


def test_what_lapses_is_on_this_machines_clock() -> None:
    ends_at = TRUE_NOW + timedelta(days=2)
    shown = replace(
        usage(replace(ADA, subscription_ends_at=ends_at), five_hours(42.0)), reset_credits=ResetCredits(1, ends_at)
    )
    (local,) = with_local_resets(Snapshot((shown,), clock_offset=timedelta(hours=-6))).accounts
    assert local.account.subscription_ends_at == ends_at + timedelta(hours=6)
    assert local.reset_credits == ResetCredits(1, ends_at + timedelta(hours=6))


def test_resets_are_not_moved_to_this_machines_clock() -> None:
    window, timeless = five_hours(42.0), five_hours(1.0, None)
    shown = usage(ADA, window, timeless)
    assert window.resets_at is not None
    snapshot = Snapshot((shown,), clock_offset=timedelta(hours=-6))
    (local,) = with_local_resets(snapshot).accounts
    assert [moved.resets_at for moved in local.windows] == [window.resets_at + timedelta(hours=6), None]
    assert with_local_resets(replace(snapshot, clock_offset=timedelta(0))).accounts == (shown,)
