"""What is known of one account: how an answer changes it, and the state that it makes."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.cadence import next_gate
from trayquota.core.model import AccountUsage, Failure, FailureKind, State
from trayquota.store.state import Known

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.cadence import Gate
    from trayquota.credentials.files import Credential
    from trayquota.fetch import Outcome

_TICK = timedelta(microseconds=1)
_LONGEST_PAUSE = timedelta(days=1)
"""No provider is believed to want a longer one."""


def usage_of(credential: Credential, known: Known, *, is_confirmed: bool) -> AccountUsage:
    """Return how an account stands.

    Args:
        credential: What its file says.
        known: What its provider said last.
        is_confirmed: That was said just now, not read from an earlier run's state.
    """
    account = known.account
    if credential.disabled:
        return AccountUsage(account, State.DISABLED)
    if credential.problem is not None:
        state = State.STALE if known.windows else State.ERROR
        return AccountUsage(account, state, known.windows, credential.problem, known.updated_at)
    if not credential.is_supported:
        return AccountUsage(account, State.UNSUPPORTED)
    return AccountUsage(
        account, _state(known, is_confirmed=is_confirmed), known.windows, known.failure, known.updated_at
    )


def _state(known: Known, *, is_confirmed: bool) -> State:
    failure, has_values = known.failure, known.updated_at is not None
    if failure is not None and failure.kind is FailureKind.LOGIN_EXPIRED:
        return State.EXPIRED
    if not has_values:
        return State.PENDING if failure is None else State.ERROR
    if failure is not None and known.updated_at != known.asked_at:
        return State.STALE
    return State.OK if is_confirmed else State.STALE


def unknown(credential: Credential) -> Known:
    """Return what is known of an account that nobody has asked yet."""
    return Known(credential.account, person=_person(credential))


def remembered(known: Known | None, credential: Credential) -> Known:
    """Return what an earlier run has learnt about the account in a file; nothing when it was another one."""
    if known is None or not _is_same(known, credential):
        return unknown(credential)
    return named(known, credential)


def named(known: Known, credential: Credential) -> Known:
    """Return ``known`` with the account as its file names it now; the plan may be known from an answer alone."""
    account = credential.account
    return replace(known, account=replace(account, plan=account.plan or known.account.plan))


def learnt(known: Known, outcome: Outcome, before: Gate | None, now: datetime) -> Known:
    """Return what is known after an answer; the last good values stay when it was none.

    Args:
        known: What was known until now.
        outcome: The answer.
        before: The gate when the question was put, which a 429 doubles.
        now: When the answer came.
    """
    if outcome.reading is None:
        after = _paused(known, outcome, before, now) if outcome.is_pause else replace(known, failure=outcome.error)
        # Values are fresh when they came with the last answer, so no clock may be too coarse to tell two apart.
        return replace(after, asked_at=now if now != known.updated_at else now + _TICK)
    account = replace(known.account, plan=outcome.reading.plan or known.account.plan)
    return replace(
        known,
        account=account,
        asked_at=now,
        updated_at=now,
        windows=outcome.reading.windows,
        failure=outcome.error,
        gate=None,
    )


def learnt_too_late(known: Known, outcome: Outcome, before: Gate | None, now: datetime) -> Known:
    """Return what is known after the answer to a question that was withdrawn.

    Nothing of it is shown, but a pause that the provider asked for is a pause; and an account that is not asked
    for a reason says so.
    """
    if not outcome.is_pause:
        return known
    paused = _paused(known, outcome, before, now)
    return replace(paused, failure=known.failure or paused.failure)


def _paused(known: Known, outcome: Outcome, before: Gate | None, now: datetime) -> Known:
    gate = next_gate(before, outcome.retry_after_s, now)
    if known.gate is not None and known.gate.opens_at > gate.opens_at:
        gate = known.gate
    failure: Failure | None = outcome.error and replace(outcome.error, retry_at=gate.opens_at)
    return replace(known, failure=failure, gate=gate)


def moved(known: Known, by: timedelta) -> Known:
    """Return ``known`` with all that was reckoned on a clock that has been moved since, moved along."""
    gate, failure = known.gate, known.failure
    return replace(
        known,
        asked_at=known.asked_at and known.asked_at + by,
        updated_at=known.updated_at and known.updated_at + by,
        gate=gate and replace(gate, opens_at=gate.opens_at + by),
        failure=failure and replace(failure, retry_at=failure.retry_at and failure.retry_at + by),
    )


def credible(known: Known, now: datetime) -> Known:
    """Return what an earlier run has learnt, made safe against a clock that was wrong then.

    What was asked in the future was asked now at the earliest, and no gate is shut for years.
    """
    if known.asked_at is not None and known.asked_at > now:
        known = moved(known, now - known.asked_at)
    if known.gate is not None and known.gate.opens_at - now > _LONGEST_PAUSE:
        known = replace(known, gate=replace(known.gate, opens_at=now + _LONGEST_PAUSE))
    return known


def _person(credential: Credential) -> str | None:
    account_id = credential.login.account_id
    return hashlib.sha256(account_id.encode()).hexdigest()[:16] if account_id else None


def _is_same(known: Known, credential: Credential) -> bool:
    """Whether remembered values belong to the account that is in the file now."""
    if known.account.provider != credential.account.provider:
        return False
    person = _person(credential)
    if person and known.person:
        return person == known.person
    return known.account.name == credential.account.name
