"""The record of one account: how the results of fetches change it, and the state that it is shown in."""

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
    """What is kept of one account.

    Attributes:
        account: Who it was.
        polled_at: When it was polled last.
        updated_at: When the values were received: windows and credits.
        windows: The last good ones.
        failure: Why the last fetch failed, if it did.
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
    """The result of fetching one account.

    Attributes:
        usage: The quotas, when there was a good answer.
        error: Why there was none; beside ``usage``: something else the user should know.
        is_rate_limited: The provider answered 429.
        retry_after_s: Its ``Retry-After``; seconds, 0 without one.
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


def account_usage(credential: Credential, record: AccountRecord, *, is_confirmed: bool) -> AccountUsage:
    """Return an account as it is shown.

    Args:
        credential: As its source gives it.
        record: As its provider answered.
        is_confirmed: The record is of this run, not of an earlier one.
    """
    account = record.account
    if credential.disabled:
        return AccountUsage(account, AccountState.DISABLED)
    if credential.problem is not None:
        state = AccountState.STALE if record.windows else AccountState.ERROR
        return _usage(record, state, credential.problem)
    if not credential.is_supported:
        return AccountUsage(account, AccountState.UNSUPPORTED)
    return _usage(record, _state(record, is_confirmed=is_confirmed), record.failure)


def recorded_usage(record: AccountRecord, *, is_fresh: bool) -> AccountUsage:
    """Return an account as it was known last, without a look at its credential file."""
    return _usage(record, _state(record, is_confirmed=is_fresh), record.failure)


def _usage(record: AccountRecord, state: AccountState, failure: Failure | None) -> AccountUsage:
    return AccountUsage(
        record.account, state, record.windows, failure, record.updated_at, record.credits, record.reset_credits
    )


def _state(record: AccountRecord, *, is_confirmed: bool) -> AccountState:
    failure, has_values = record.failure, record.updated_at is not None
    if failure is not None and failure.kind is FailureKind.LOGIN_EXPIRED and not _awaits_refresh(record):
        return AccountState.EXPIRED
    if not has_values:
        return AccountState.PENDING if failure is None else AccountState.ERROR
    if failure is not None and record.updated_at != record.polled_at:
        return AccountState.STALE
    return AccountState.OK if is_confirmed else AccountState.STALE


def _awaits_refresh(record: AccountRecord) -> bool:
    """Whether another program may still refresh an expired login, or its last values say more than the failure."""
    in_grace = record.failure is not None and record.failure.retry_at is not None
    return record.expired_since is not None and (in_grace or record.updated_at is not None)


def new_record(credential: Credential) -> AccountRecord:
    """Return the record of an account that has not been fetched yet."""
    return AccountRecord(credential.account)


def restore(record: AccountRecord | None, credential: Credential) -> AccountRecord:
    """Return an earlier run's record for an account; an empty one when it is of another person."""
    if record is None or not record.account.is_same_person(credential.account):
        return new_record(credential)
    return with_current_account(record, credential)


def with_current_account(record: AccountRecord, credential: Credential) -> AccountRecord:
    """Return ``record`` with the account as its source gives it now; the plan may be known from an answer alone."""
    return replace(record, account=credential.account.completed(record.account))


def apply_result(
    record: AccountRecord, result: FetchResult, submitted_gate: RateLimitGate | None, now: datetime
) -> AccountRecord:
    """Return the record after a fetch; the last good values stay when it failed.

    Args:
        record: Until now.
        result: Of the fetch.
        submitted_gate: The gate when it was submitted, which a 429 doubles.
        now: When the result came.
    """
    if result.usage is None:
        if result.is_rate_limited:
            after = _paused(record, result, submitted_gate, now)
        elif result.error is not None and result.expired_at is not None:
            after = _expired(record, result.error, result.expired_at, now)
        else:
            after = replace(record, failure=result.error, expired_since=None)
        # Values are fresh when they came with the last answer, so no clock may be too coarse.
        return replace(after, polled_at=now if now != record.updated_at else now + _TICK)
    account, usage = record.account, result.usage
    return replace(
        record,
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
        failure=result.error,
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
    record: AccountRecord, result: FetchResult, submitted_gate: RateLimitGate | None, now: datetime
) -> AccountRecord:
    """Return the record after a fetch that was cancelled.

    Its result is not shown, but a 429 closes the gate all the same; and an account that is not polled for that
    reason says so.
    """
    if not result.is_rate_limited:
        return record
    paused = _paused(record, result, submitted_gate, now)
    return replace(paused, failure=record.failure or paused.failure)


def _paused(
    record: AccountRecord, result: FetchResult, submitted_gate: RateLimitGate | None, now: datetime
) -> AccountRecord:
    gate = next_gate(submitted_gate, result.retry_after_s, now)
    if record.gate is not None and record.gate.opens_at > gate.opens_at:
        gate = record.gate
    failure: Failure | None = result.error and replace(result.error, retry_at=gate.opens_at)
    return replace(record, failure=failure, gate=gate)


def shift_clock(record: AccountRecord, by: timedelta) -> AccountRecord:
    """Return ``record`` with its instants moved along with a clock that was set back."""
    gate, failure = record.gate, record.failure
    return replace(
        record,
        polled_at=record.polled_at and record.polled_at + by,
        updated_at=record.updated_at and record.updated_at + by,
        expired_since=record.expired_since and record.expired_since + by,
        gate=gate and replace(gate, opens_at=gate.opens_at + by),
        failure=failure and replace(failure, retry_at=failure.retry_at and failure.retry_at + by),
    )


def sanitize(record: AccountRecord, now: datetime) -> AccountRecord:
    """Return an earlier run's record, made safe against a clock that was wrong then.

    What was polled in the future was polled now at the earliest, and no gate is closed for years.
    """
    if record.polled_at is not None and record.polled_at > now:
        record = shift_clock(record, now - record.polled_at)
    if record.gate is not None and record.gate.opens_at - now > _LONGEST_PAUSE:
        record = replace(record, gate=replace(record.gate, opens_at=now + _LONGEST_PAUSE))
    return record
