"""When to poll an account next, and why: one function of plain inputs."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from trayquota.core.model import FailureKind, Instant

AFTER_RESET_S = 30.0
"""So long after a window's reset the provider knows the new cycle."""
SHORTEST_PAUSE_S = 300.0
"""No shorter pause after a 429, whatever ``Retry-After`` says."""
LONGEST_PAUSE_S = 3600.0
"""Doubling ends here; a longer ``Retry-After`` is still honoured."""
BURST_POLLS = 3
BURST_INTERVAL_S = 10.0
_NETWORK_RETRY_S = 30.0
_LEAST_DELAY_S = 5.0


class Reason(StrEnum):
    """Why a refresh happens."""

    START = "start"
    SCHEDULE = "schedule"
    RESET = "reset"
    RETRY = "retry"
    CHANGED = "changed"
    MANUAL = "manual"
    WOKE = "woke"


class RateLimitGate(Struct, frozen=True):
    """After a 429: no request before ``opens_at``. ``backoff_s`` is our own pause, doubled when it recurs."""

    opens_at: Instant
    backoff_s: Annotated[float, Meta(gt=0, le=86400)]

    def is_closed(self, now: datetime) -> bool:
        """Whether a poll has to wait."""
        return now < self.opens_at


def next_gate(previous: RateLimitGate | None, retry_after_s: float, now: datetime) -> RateLimitGate:
    """Return the gate after a 429 that arrived at ``now``.

    The pause is the longer of ``retry_after_s`` and our own back-off: five minutes, doubling to an hour while
    answers are 429. A gate never opens earlier than the one before it.
    """
    step_s = min(previous.backoff_s * 2, LONGEST_PAUSE_S) if previous else SHORTEST_PAUSE_S
    opens_at = now + timedelta(seconds=max(step_s, retry_after_s))
    return RateLimitGate(max(opens_at, previous.opens_at) if previous else opens_at, step_s)


class PollAllowance(Struct, frozen=True):
    """How many polls an account has left, whatever their reasons: three at once, then one in ten seconds.

    Attributes:
        full_at_s: When it has all three again; seconds of the monotonic clock.
    """

    full_at_s: float = -math.inf

    def wait_s(self, now_s: float) -> float:
        """Return how long the next poll has to wait; 0 when it may happen."""
        return max(0.0, self.full_at_s - now_s - (BURST_POLLS - 1) * BURST_INTERVAL_S)

    def after_poll(self, now_s: float) -> PollAllowance:
        """Return what is left after a poll at ``now_s``."""
        return PollAllowance(max(self.full_at_s, now_s) + BURST_INTERVAL_S)


class PollInput(Struct, frozen=True):
    """What decides when an account is due.

    Attributes:
        last_poll_at: When it was polled last; ``None`` for never.
        interval_s: Between two polls, as the settings have it.
        jitter_s: Added to the interval, so that accounts and machines do not march in step.
        resets: Known resets of its windows.
        failure: What the last answer failed with, if it did.
        consecutive_failures: How often in a row.
        gate: The pause after a 429.
        retry_at: When an expired login is called so, unless another program has refreshed it by then.
        has_new_token: It failed, and has a token that has not been tried.
        wait_s: How long it has to wait from now on, whatever the reason: its allowance is spent, or its own least
            interval is not over.
    """

    last_poll_at: datetime | None
    interval_s: float
    jitter_s: float = 0.0
    resets: tuple[datetime, ...] = ()
    failure: FailureKind | None = None
    consecutive_failures: int = 0
    gate: RateLimitGate | None = None
    retry_at: datetime | None = None
    has_new_token: bool = False
    wait_s: float = 0.0


class Decision(Struct, frozen=True):
    """When to poll, and why."""

    at: datetime
    reason: Reason


def next_poll(poll: PollInput, now: datetime) -> Decision:
    """Return when the account is to be polled next; a moment in the past means at once.

    That is after the interval; a reset brings one poll forward, to 30 s after it; an unreachable network is tried
    again after 30 s, doubling up to the interval, and a new token at once. A closed gate holds everything back, and so
    does a wait.
    """
    due = _next_due(poll, now)
    allowed_at = now + timedelta(seconds=poll.wait_s)
    return Decision(allowed_at, due.reason) if poll.wait_s and due.at < allowed_at else due


def _next_due(poll: PollInput, now: datetime) -> Decision:
    last = poll.last_poll_at
    if last is None or last > now:
        # Never polled, or in a future that a corrected clock took back.
        due = Decision(now, Reason.START)
    else:
        due = Decision(last + timedelta(seconds=poll.interval_s + poll.jitter_s), Reason.SCHEDULE)
        if poll.failure is FailureKind.NETWORK:
            delay_s = min(_NETWORK_RETRY_S * 2 ** min(max(poll.consecutive_failures, 1) - 1, 20), poll.interval_s)
            due = _earlier(due, Decision(last + timedelta(seconds=delay_s), Reason.RETRY))
        if poll.has_new_token:
            due = Decision(now, Reason.CHANGED)
        if poll.retry_at is not None and poll.retry_at > last:
            due = _earlier(due, Decision(poll.retry_at, Reason.RETRY))
        for reset in poll.resets:
            at = reset + timedelta(seconds=AFTER_RESET_S)
            if at >= last + timedelta(seconds=_LEAST_DELAY_S):
                due = _earlier(due, Decision(at, Reason.RESET))
    if poll.gate is not None and poll.gate.opens_at > due.at:
        return Decision(poll.gate.opens_at, Reason.RETRY)
    return due


def _earlier(first: Decision, second: Decision) -> Decision:
    """Return the earlier of two; the first of equals."""
    return second if second.at < first.at else first
