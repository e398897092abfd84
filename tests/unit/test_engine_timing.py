"""The engine and time: the pace, resets, a network that is away, sleep, and clocks that are set."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import AccountState, FailureKind
from trayquota.core.refresh_policy import Decision, PollInput, next_poll
from trayquota.engine import registry

from .engine_rig import INTERVAL_S, LONGEST_S, Rig, answer, credential, failure, pause

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trayquota.core.account_state import FetchResult

ADA, BOB = "claude-ada.json", "claude-bob.json"


def settled(*names: str) -> Rig:
    rig = Rig(*(credential(name) for name in names or ("ada",)))
    rig.begin_run()
    rig.answer_all()
    return rig


def poll_moments(rig: Rig, seconds: float, reply: Callable[[], FetchResult] = answer) -> list[float]:
    """Let time go by, finish every fetch at once, and return when they began; seconds from now."""
    begun, moments = rig.seconds, []
    while rig.seconds - begun < seconds:
        rig.wake(seconds - (rig.seconds - begun))
        for key in rig.fetching:
            moments.append(rig.seconds - begun)
            rig.answer(key, reply())
    return moments


def test_an_account_is_polled_after_the_interval_and_never_sooner() -> None:
    rig = settled()
    moments = [0.0, *poll_moments(rig, 4 * 3600)]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert min(gaps) >= INTERVAL_S
    assert max(gaps) <= LONGEST_S + 1
    assert len({round(each) for each in gaps}) > 3, "not in step with others"


def test_accounts_that_are_due_at_nearly_the_same_time_are_polled_together() -> None:
    rig = settled(*(f"n{number}" for number in range(32)))
    rig.pass_time(5)
    steps = rig.steps
    moments = poll_moments(rig, INTERVAL_S * 1.2)
    assert len(moments) >= 32
    assert len({round(each) for each in moments}) <= 6
    assert rig.steps - steps < len(moments) + 50


def test_a_change_of_the_interval_is_in_force_at_once() -> None:
    rig = settled()
    rig.engine.post(lambda: rig.engine.configure(interval_s=60.0))
    rig.step()
    moments = poll_moments(rig, 140)
    assert [round(each) for each in moments] == pytest.approx([63, 126], abs=6)


@pytest.mark.parametrize("reset_in_s", [1.0, 47.0, 200.0, 260.0])
def test_an_account_is_polled_thirty_seconds_after_a_known_reset_and_just_once(reset_in_s: float) -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, answer(resets_at=rig.now + timedelta(seconds=reset_in_s)))
    old = answer(resets_at=rig.now + timedelta(seconds=reset_in_s))
    moments = poll_moments(rig, reset_in_s + 200, lambda: old)
    assert moments[0] == pytest.approx(reset_in_s + 30, abs=1)
    assert len(moments) == 1, "the provider still names the reset that has passed: no reason to ask again and again"


def test_an_unreachable_network_is_tried_after_thirty_seconds_then_ever_later() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, failure(FailureKind.NETWORK))
    moments = [0.0, *poll_moments(rig, 1200, lambda: failure(FailureKind.NETWORK))]
    gaps = [round(later - earlier) for earlier, later in pairwise(moments)]
    assert gaps[:6] == pytest.approx([30, 60, 120, 240, 300, 300], abs=1)


def test_only_failures_of_the_network_lengthen_its_retries() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    for _ in range(5):
        rig.answer(ADA, failure(FailureKind.PROVIDER_DOWN))
        rig.pass_time(10)
        rig.refresh()
    rig.answer(ADA, failure(FailureKind.NETWORK))
    assert poll_moments(rig, 60)[0] == pytest.approx(30, abs=1)


def test_an_idle_engine_wakes_up_once_a_minute() -> None:
    rig = settled("ada", "bob")
    rig.pass_time(10)
    rig.change(credential("ada", disabled=True), credential("bob", disabled=True))
    rig.pass_time(10)
    steps, ticks, scans, shown = rig.steps, rig.ticks, rig.scans, len(rig.published)
    rig.pass_time(3600)
    assert rig.ticks - ticks == 60
    assert rig.scans - scans == 60
    assert rig.steps - steps <= 62
    assert len(rig.published) == shown, "a tick publishes nothing"


def test_a_minute_passes_without_a_scan_of_sources_that_need_none() -> None:
    rig = settled("ada", "bob")
    rig.has_scan_each_minute = False
    ticks, scans = rig.ticks, rig.scans
    rig.pass_time(120)
    assert (rig.ticks - ticks, rig.scans - scans) == (2, 0)


def test_an_engine_that_waits_for_results_does_not_spin() -> None:
    rig = Rig(*(credential(f"n{number}") for number in range(10)))
    rig.begin_run()
    steps = rig.steps
    rig.pass_time(60)
    assert rig.steps - steps < 10


def test_waking_up_fetches_every_account_whose_gate_is_open() -> None:
    rig = settled("ada", "bob")
    rig.refresh()
    rig.answer(ADA, pause(7200))
    rig.answer(BOB)
    ticks = rig.ticks
    rig.sleep(3600)
    assert rig.fetching == [BOB]
    assert rig.ticks == ticks + 1
    assert rig.snapshot.refreshing


def test_waking_up_cancels_the_fetches_from_before_the_sleep() -> None:
    rig = settled()
    rig.refresh()
    waiting = rig.pending(ADA)[0]
    rig.sleep(3600)
    assert waiting.future.cancelled()
    assert rig.fetching == [ADA]


def test_sleep_is_noticed_also_where_the_monotonic_clock_goes_on_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = settled()
    rig.pass_time(5)

    def waits(timeout_s: float) -> None:
        """Wait as the queue does, while the machine sleeps for a while."""
        if timeout_s:
            rig.seconds += timeout_s + 40
            rig.now += timedelta(seconds=timeout_s + 40)

    with monkeypatch.context() as patched:
        patched.setattr(rig.engine, "take", waits)
        rig.engine.step(60.0)
    rig.step()
    assert rig.fetching == [ADA]


def test_a_long_action_is_not_taken_for_sleep() -> None:
    rig = settled()

    def long() -> None:
        rig.seconds += 100
        rig.now += timedelta(seconds=100)

    rig.engine.post(long)
    rig.step()
    assert rig.fetching == []


def test_a_clock_that_is_set_back_makes_polls_neither_pile_up_nor_stop() -> None:
    rig = settled("ada", "bob")
    rig.pass_time(100)
    rig.set_clock(-3600)
    rig.step()
    assert rig.fetching == []
    updated_at = rig.usage(ADA).updated_at
    assert updated_at is not None
    assert (rig.now - updated_at).total_seconds() == pytest.approx(100), "an age stays what it is"
    assert rig.state(ADA) is AccountState.OK
    moments = poll_moments(rig, LONGEST_S - 90)
    assert len(moments) == 2
    assert min(moments) >= 200


def test_a_clock_that_drifts_is_no_jump() -> None:
    rig = settled()
    for _ in range(100):
        rig.pass_time(1)
        rig.set_clock(-1.0)
    rig.step()
    assert rig.fetching == []


@pytest.mark.parametrize("by_s", [25.0, -25.0])
def test_a_small_correction_of_the_clock_changes_no_poll(by_s: float) -> None:
    rig = settled()
    rig.pass_time(10)
    steps = rig.steps
    rig.set_clock(by_s)
    assert len(poll_moments(rig, 700)) == 2
    assert rig.steps - steps < 50


def test_a_thousand_accounts_are_not_planned_anew_with_each_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = [0]

    def counting(poll: PollInput, now: datetime) -> Decision:
        planned[0] += 1
        return next_poll(poll, now)

    monkeypatch.setattr(registry, "next_poll", counting)
    amount = 1000
    rig = Rig(*(credential(f"n{number}") for number in range(amount)))
    rig.begin_run()
    for work in rig.pending():
        work.begin()
        rig.finish(work, answer())
    assert all(each.state is AccountState.OK for each in rig.snapshot.accounts)
    assert planned[0] <= 5 * amount
    assert len(rig.published) <= 5
