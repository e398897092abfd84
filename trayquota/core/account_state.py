"""What is known of one account: how an answer changes it, and the state that it makes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import (
    Account,
    AccountState,
    AccountUsage,
    Credits,
    Failure,
    FailureKind,
    Instant,
    QuotaWindow,
    ResetCredits,
)
from trayquota.core.redacted import RedactedRepr
from trayquota.core.refresh_policy import RateLimitGate, next_gate

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.credential import Credential
    from trayquota.core.model import Usage


class AccountRecord(Struct, frozen=True):
    """What is remembered of one account.

    Attributes:
        account: Who it was.
        polled_at: When it was polled last.
        updated_at: When the values were received: windows and credits.
        windows: The last good ones.
        failure: Why the last try failed, if it did.
        gate: The pause after a 429.
        credits: What the account lives on beside the windows.
        reset_credits: ``None`` when there are none.
        expired_since: Since when a login is expired that another program refreshes.
    """

    account: Account
    polled_at: Instant | None = None
    updated_at: Instant | None = None
    windows: tuple[QuotaWindow, ...] = ()
    failure: Failure | None = None
    gate: RateLimitGate | None = None
    credits: Credits | None = None
    reset_credits: ResetCredits | None = None
    expired_since: Instant | None = None


class FetchResult(RedactedRepr, Struct, frozen=True):
    """What came of asking an account.

    Attributes:
        usage: The quotas, when there was a good answer.
        error: Why there was none; beside a reading: something else the user should know.
        is_rate_limited: The provider answered 429.
        retry_after_s: The pause it asked for; seconds, 0 when it named none.
        access_token: The access token that was used.
        expired_at: When a token ended, or was refused, that another program refreshes; else ``None``.
    """

    repr_fields = ("usage", "error", "is_rate_limited", "retry_after_s")

    usage: Usage | None = None
    error: Failure | None = None
    is_rate_limited: bool = False
    retry_after_s: float = 0.0
    access_token: str = ""
    expired_at: datetime | None = None


_TICK = timedelta(microseconds=1)
REFRESH_GRACE = timedelta(minutes=3)
"""So long after its end a login that another program refreshes is not called expired: it may be at it."""
_LONGEST_PAUSE = timedelta(days=1)
"""No provider is believed to want a longer one."""


def account_usage(credential: Credential, known: AccountRecord, *, is_confirmed: bool) -> AccountUsage:
    """Return how an account stands.

    Args:
        credential: What its file says.
        known: What its provider said last.
        is_confirmed: That was said just now, not read from an earlier run's state.
    """
    account = known.account
    if credential.disabled:
        return AccountUsage(account, AccountState.DISABLED)
    if credential.problem is not None:
        state = AccountState.STALE if known.windows else AccountState.ERROR
        return _usage(known, state, credential.problem)
    if not credential.is_supported:
        return AccountUsage(account, AccountState.UNSUPPORTED)
    return _usage(known, _state(known, is_confirmed=is_confirmed), known.failure)


def _usage(known: AccountRecord, state: AccountState, failure: Failure | None) -> AccountUsage:
    return AccountUsage(
        known.account, state, known.windows, failure, known.updated_at, known.credits, known.reset_credits
    )


def _state(known: AccountRecord, *, is_confirmed: bool) -> AccountState:
    failure, has_values = known.failure, known.updated_at is not None
    if failure is not None and failure.kind is FailureKind.LOGIN_EXPIRED and not _awaits_refresh(known):
        return AccountState.EXPIRED
    if not has_values:
        return AccountState.PENDING if failure is None else AccountState.ERROR
    if failure is not None and known.updated_at != known.polled_at:
        return AccountState.STALE
    return AccountState.OK if is_confirmed else AccountState.STALE


def _awaits_refresh(record: AccountRecord) -> bool:
    """Whether another program may still refresh an expired login, or its last values are worth more than the word."""
    in_grace = record.failure is not None and record.failure.retry_at is not None
    return record.expired_since is not None and (in_grace or record.updated_at is not None)


def new_record(credential: Credential) -> AccountRecord:
    """Return what is known of an account that nobody has asked yet."""
    return AccountRecord(credential.account)


def restore(known: AccountRecord | None, credential: Credential) -> AccountRecord:
    """Return what an earlier run has learnt about the account in a file; nothing when it was another one."""
    if known is None or not known.account.is_same_person(credential.account):
        return new_record(credential)
    return with_current_account(known, credential)


def with_current_account(known: AccountRecord, credential: Credential) -> AccountRecord:
    """Return ``known`` with the account as its file names it now; the plan may be known from an answer alone."""
    return replace(known, account=credential.account.completed(known.account))


def apply_result(
    known: AccountRecord, outcome: FetchResult, before: RateLimitGate | None, now: datetime
) -> AccountRecord:
    """Return what is known after an answer; the last good values stay when it was none.

    Args:
        known: What was known until now.
        outcome: The answer.
        before: The gate when the question was put, which a 429 doubles.
        now: When the answer came.
    """
    if outcome.usage is None:
        if outcome.is_rate_limited:
            after = _paused(known, outcome, before, now)
        elif outcome.error is not None and outcome.expired_at is not None:
            after = _expired(known, outcome.error, outcome.expired_at, now)
        else:
            after = replace(known, failure=outcome.error, expired_since=None)
        # Values are fresh when they came with the last answer, so no clock may be too coarse to tell two apart.
        return replace(after, polled_at=now if now != known.updated_at else now + _TICK)
    account, usage = known.account, outcome.usage
    return replace(
        known,
        account=replace(
            account,
            plan=usage.plan or account.plan,
            organization=usage.organization or account.organization,
        ),
        polled_at=now,
        updated_at=now,
        windows=usage.windows,
        credits=usage.credits,
        reset_credits=usage.reset_credits,
        failure=outcome.error,
        gate=None,
        expired_since=None,
    )


def _expired(record: AccountRecord, failure: Failure, expired_at: datetime, now: datetime) -> AccountRecord:
    """Return the record of an account whose login another program has to refresh, which may take it a moment."""
    since = record.expired_since or expired_at
    grace_ends_at = since + REFRESH_GRACE
    if now < grace_ends_at:
        failure = replace(failure, retry_at=grace_ends_at)
    return replace(record, failure=failure, expired_since=since)


def with_values_of(record: AccountRecord, other: AccountRecord) -> AccountRecord:
    """Return ``record`` with the good values of another one of the same account."""
    return replace(
        record,
        updated_at=other.updated_at,
        windows=other.windows,
        credits=other.credits,
        reset_credits=other.reset_credits,
    )


def apply_cancelled(
    known: AccountRecord, outcome: FetchResult, before: RateLimitGate | None, now: datetime
) -> AccountRecord:
    """Return what is known after the answer to a question that was withdrawn.

    Nothing of it is shown, but a pause that the provider asked for is a pause; and an account that is not asked
    for a reason says so.
    """
    if not outcome.is_rate_limited:
        return known
    paused = _paused(known, outcome, before, now)
    return replace(paused, failure=known.failure or paused.failure)


def _paused(known: AccountRecord, outcome: FetchResult, before: RateLimitGate | None, now: datetime) -> AccountRecord:
    gate = next_gate(before, outcome.retry_after_s, now)
    if known.gate is not None and known.gate.opens_at > gate.opens_at:
        gate = known.gate
    failure: Failure | None = outcome.error and replace(outcome.error, retry_at=gate.opens_at)
    return replace(known, failure=failure, gate=gate)


def shift_clock(known: AccountRecord, by: timedelta) -> AccountRecord:
    """Return ``known`` with all that was reckoned on a clock that has been moved since, moved along."""
    gate, failure = known.gate, known.failure
    return replace(
        known,
        polled_at=known.polled_at and known.polled_at + by,
        updated_at=known.updated_at and known.updated_at + by,
        gate=gate and replace(gate, opens_at=gate.opens_at + by),
        failure=failure and replace(failure, retry_at=failure.retry_at and failure.retry_at + by),
    )


def sanitize(known: AccountRecord, now: datetime) -> AccountRecord:
    """Return what an earlier run has learnt, made safe against a clock that was wrong then.

    What was asked in the future was asked now at the earliest, and no gate is shut for years.
    """
    if known.polled_at is not None and known.polled_at > now:
        known = shift_clock(known, now - known.polled_at)
    if known.gate is not None and known.gate.opens_at - now > _LONGEST_PAUSE:
        known = replace(known, gate=replace(known.gate, opens_at=now + _LONGEST_PAUSE))
    return known
