"""When an account is polled next, and why; how long a pause lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import FailureKind
from trayquota.core.refresh_policy import (
    Decision,
    PollAllowance,
    PollInput,
    RateLimitGate,
    Reason,
    next_gate,
    next_poll,
)

from .facts import NOW
from .structs import structs

FIVE_MINUTES = PollInput(NOW, 300.0)


def s(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def resets(*after_s: float) -> PollInput:
    return replace(FIVE_MINUTES, resets=tuple(NOW + s(each) for each in after_s))


def offline(failures: int, interval_s: float = 300.0) -> PollInput:
    return PollInput(NOW, interval_s, failure=FailureKind.NETWORK, consecutive_failures=failures)


@pytest.mark.parametrize(
    ("poll", "after_s", "reason"),
    [
        (FIVE_MINUTES, 300, Reason.SCHEDULE),
        (replace(FIVE_MINUTES, jitter_s=-15.0), 285, Reason.SCHEDULE),
        (replace(FIVE_MINUTES, jitter_s=15.0), 315, Reason.SCHEDULE),
        (replace(FIVE_MINUTES, failure=FailureKind.PROVIDER_DOWN, consecutive_failures=3), 300, Reason.SCHEDULE),
        (resets(100), 130, Reason.RESET),
        (resets(269), 299, Reason.RESET),
        (resets(270), 300, Reason.SCHEDULE),
        (resets(200, 100, 150), 130, Reason.RESET),
        (resets(-25), 5, Reason.RESET),
        (resets(-26), 300, Reason.SCHEDULE),
        (resets(-86400), 300, Reason.SCHEDULE),
        (offline(1), 30, Reason.RETRY),
        (offline(2), 60, Reason.RETRY),
        (offline(4), 240, Reason.RETRY),
        (offline(5), 300, Reason.SCHEDULE),
        (offline(10**6), 300, Reason.SCHEDULE),
        (offline(0), 30, Reason.RETRY),
        (offline(1, interval_s=3600), 30, Reason.RETRY),
        (replace(offline(2), resets=(NOW,)), 30, Reason.RESET),
    ],
)
def test_each_reason_gives_its_due_time(poll: PollInput, after_s: float, reason: Reason) -> None:
    assert next_poll(poll, NOW) == Decision(NOW + s(after_s), reason)
    assert next_poll(poll, NOW + s(86400)) == Decision(NOW + s(after_s), reason)


def test_an_account_that_was_never_polled_is_due_at_once() -> None:
    assert next_poll(PollInput(None, 300.0), NOW) == Decision(NOW, Reason.START)


def test_a_clock_that_was_set_back_is_no_reason_to_wait() -> None:
    assert next_poll(PollInput(NOW + s(86400), 300.0), NOW) == Decision(NOW, Reason.START)


def test_a_reset_causes_one_poll() -> None:
    before = resets(100)
    at = next_poll(before, NOW).at
    assert next_poll(replace(before, last_poll_at=at), at) == Decision(at + s(300), Reason.SCHEDULE)


@pytest.mark.parametrize("poll", [FIVE_MINUTES, PollInput(None, 300.0), resets(100), offline(1)])
def test_a_closed_gate_holds_everything_back(poll: PollInput) -> None:
    gate = RateLimitGate(NOW + s(1583), 300.0)
    assert next_poll(replace(poll, gate=gate), NOW) == Decision(gate.opens_at, Reason.RETRY)


def test_a_gate_that_has_opened_changes_nothing() -> None:
    assert next_poll(replace(FIVE_MINUTES, gate=RateLimitGate(NOW + s(10), 300.0)), NOW) == Decision(
        NOW + s(300), Reason.SCHEDULE
    )


def test_a_gate_opens_at_its_moment() -> None:
    gate = RateLimitGate(NOW, 300.0)
    assert gate.is_closed(NOW - s(0.001))
    assert not gate.is_closed(NOW)


@pytest.mark.parametrize(
    ("retry_after_s", "pause_s"), [(0, 300), (30, 300), (300, 300), (1583, 1583), (7200, 7200), (86400, 86400)]
)
def test_the_first_pause_is_retry_after_but_at_least_five_minutes(retry_after_s: float, pause_s: float) -> None:
    assert next_gate(None, retry_after_s, NOW) == RateLimitGate(NOW + s(pause_s), 300.0)


def test_pauses_double_up_to_an_hour() -> None:
    gate, now, pauses = None, NOW, []
    for _ in range(7):
        gate = next_gate(gate, 0, now)
        pauses.append((gate.opens_at - now).total_seconds())
        now = gate.opens_at
    assert pauses == [300, 600, 1200, 2400, 3600, 3600, 3600]


def test_a_pause_is_never_shortened_by_another_answer() -> None:
    long = next_gate(None, 7200, NOW)
    assert next_gate(long, 0, NOW + s(60)) == RateLimitGate(NOW + s(7200), 600.0)


MOMENTS = st.floats(-1e6, 1e6).map(lambda each: NOW + s(each))
GATES = st.none() | structs(RateLimitGate, MOMENTS, st.floats(300, 3600))
POLLS = structs(
    PollInput,
    last_poll_at=st.none() | MOMENTS,
    interval_s=st.floats(60, 86400),
    jitter_s=st.floats(-3, 3),
    resets=st.lists(MOMENTS, max_size=4).map(tuple),
    failure=st.none() | st.sampled_from(FailureKind),
    consecutive_failures=st.integers(0, 10**9),
    gate=GATES,
)


@given(POLLS, MOMENTS)
def test_the_next_poll_is_within_its_bounds(poll: PollInput, now: datetime) -> None:
    due = next_poll(poll, now)
    if poll.gate is not None:
        assert due.at >= poll.gate.opens_at
    if poll.last_poll_at is None or poll.last_poll_at > now:
        assert due.at >= now
    else:
        assert due.at >= poll.last_poll_at + s(5)
    if poll.gate is None and poll.last_poll_at is not None and poll.last_poll_at <= now:
        assert due.at <= poll.last_poll_at + s(poll.interval_s + poll.jitter_s)


@given(GATES, st.lists(st.tuples(st.floats(0, 86400), st.floats(0, 1e5)), min_size=1, max_size=8))
def test_a_pause_is_within_its_bounds(gate: RateLimitGate | None, answers: list[tuple[float, float]]) -> None:
    now = NOW
    for retry_after_s, pause_s in answers:
        now += s(pause_s)
        after = next_gate(gate, retry_after_s, now)
        assert after.is_closed(now)
        assert after.opens_at >= now + max(s(300), s(retry_after_s))
        assert gate is None or after.opens_at >= gate.opens_at
        assert 300 <= after.backoff_s <= 3600
        gate = after


def test_a_new_token_is_tried_at_once() -> None:
    failed = replace(offline(4), has_new_token=True)
    assert next_poll(failed, NOW + s(1)) == Decision(NOW + s(1), Reason.CHANGED)
    assert next_poll(PollInput(None, 300.0, has_new_token=True), NOW) == Decision(NOW, Reason.START)


@pytest.mark.parametrize(("now_s", "wait_s", "after_s"), [(0, 40, 300), (290, 5, 300), (290, 20, 310), (400, 7, 407)])
def test_a_wait_holds_a_poll_back_and_brings_none_forward(now_s: float, wait_s: float, after_s: float) -> None:
    poll = replace(FIVE_MINUTES, wait_s=wait_s)
    assert next_poll(poll, NOW + s(now_s)) == Decision(NOW + s(after_s), Reason.SCHEDULE)


def test_three_polls_at_once_then_one_in_ten_seconds() -> None:
    allowance, polls = PollAllowance(), []
    for now_s in range(1000, 1100):
        while not allowance.wait_s(now_s):
            polls.append(now_s)
            allowance = allowance.after_poll(now_s)
    assert polls == [1000, 1000, 1000, *range(1010, 1100, 10)]


@given(st.lists(st.floats(0, 50), max_size=30), st.floats(0, 1e6))
def test_in_no_minute_more_than_nine_polls(gaps: list[float], start_s: float) -> None:
    allowance, now_s, polls = PollAllowance(), start_s, list[float]()
    for gap_s in gaps:
        now_s += gap_s
        if not allowance.wait_s(now_s):
            polls.append(now_s)
            allowance = allowance.after_poll(now_s)
        else:
            assert 0 < allowance.wait_s(now_s) <= 10
    for first in polls:
        assert sum(first <= each < first + 60 for each in polls) <= 9
