"""Which accounts to take out of their proxies' rotation, and which of these to put back: functions of plain inputs.

What this program did last to an account is recorded; only what it has paused by itself does it resume by itself. A
paused account is not polled, so that it comes back at the reset that was known as it was paused: a reset before its
time goes unnoticed until then, unless a person resumes the account, which is polled at once. All resets in records are
on the providers' clock.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from trayquota.core.model import NATIVE, AccountState, Instant
from trayquota.core.next_account import Demand, relief
from trayquota.core.person import Person
from trayquota.core.provider_clock import with_local_resets
from trayquota.core.refresh_policy import AFTER_RESET_S
from trayquota.core.rotation import rotation_of, serves

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from trayquota.core.model import Account, AccountUsage, Snapshot

GUARD_S = 60.0
"""So long a proxy may write back an old copy of the file, out of a token refresh that was under way."""
_AFTER_RESET = timedelta(seconds=AFTER_RESET_S)
_KEPT = timedelta(days=30)
"""So long an account may be gone."""
_EMPTY = 0.0


class PauseRecord(Struct, frozen=True):
    """What this program did to an account last.

    Attributes:
        paused: It was paused; else resumed.
        at: When, by this machine's clock.
        is_automatic: By the setting; else because a person said so.
        until: When the quota that had run out starts afresh; ``None`` where none had.
        person: Whose account it was.
        number: Tells records apart.
    """

    paused: bool
    at: Instant
    is_automatic: bool = False
    until: Instant | None = None
    person: Person = field(default_factory=Person)
    number: str = ""

    def is_of(self, account: Account) -> bool:
        """Whether it is about the person whose account it is now."""
        return self.person.is_same(account.person)

    def is_undone(self, account: Account, now: datetime) -> bool:
        """Whether the account is as it was before, so soon that a proxy has probably written an old copy back."""
        is_recent = timedelta(0) <= now - self.at <= timedelta(seconds=GUARD_S)
        return is_recent and account.paused is not self.paused and self.is_of(account)

    def is_over(self, provider_now: datetime) -> bool:
        """Whether the quota has started afresh, and the provider knows that."""
        return self.until is not None and self.until + _AFTER_RESET <= provider_now


class PauseChange(Struct, frozen=True):
    """What is to be done.

    Attributes:
        account_id: To which account.
        paused: Pause it, else resume it.
        until: When the quota that has run out starts afresh.
    """

    account_id: str
    paused: bool
    until: datetime | None = None


def exhausted_until(usage: AccountUsage, now: datetime, ignored: Collection[str] = ()) -> datetime | None:
    """Return when an account has room again that has nothing left by its newest answer; else ``None``.

    So it is as well where a reset is not known: nobody could say when it is to come back.

    Args:
        usage: The account, with resets on this machine's clock.
        now: The moment.
        ignored: Titles of windows that do not count.
    """
    if usage.state is not AccountState.OK:
        return None
    found = relief([usage], now, Demand(_EMPTY, ignored=ignored))
    return found.at if found is not None else None


class PausePolicy(Struct, frozen=True):
    """What the program does by itself.

    Attributes:
        is_on: Accounts that have run out are to be paused. Those that were are resumed in any case.
        knows_time: The providers' time is known, or will not be; before that nothing is resumed.
        ignored: Titles of windows that do not count.
    """

    is_on: bool = False
    knows_time: bool = True
    ignored: frozenset[str] = frozenset()


def pause_changes(
    snapshot: Snapshot, records: Mapping[str, PauseRecord], now: datetime, policy: PausePolicy
) -> list[PauseChange]:
    """Return which accounts are to be paused and resumed.

    Args:
        snapshot: The accounts, with how far this machine's clock is off.
        records: What was done before, by account id.
        now: The moment on this machine's clock.
        policy: What is to be done.
    """
    provider_now = now + snapshot.clock_offset
    usages = with_local_resets(snapshot).accounts
    resumed = [usage.account.id for usage in usages if _is_to_resume(usage.account, records, provider_now)]
    changes = [PauseChange(account_id, paused=False) for account_id in resumed if policy.knows_time]
    if not policy.is_on:
        return changes
    in_rotation = Counter(rotation_of(usage.account) for usage in usages if serves(usage))
    for until, usage in _exhausted(usages, now, policy.ignored):
        place = rotation_of(usage.account)
        if in_rotation[place] > 1 and not _is_settled(usage.account, records, provider_now):
            in_rotation[place] -= 1
            changes.append(
                PauseChange(usage.account.id, paused=True, until=(until + snapshot.clock_offset).astimezone(UTC))
            )
    return changes


def outdated(
    snapshot: Snapshot, records: Mapping[str, PauseRecord], now: datetime
) -> dict[str, tuple[PauseRecord, PauseRecord | None]]:
    """Return the records that say what is not so any more, each with what is to take its place, if anything is.

    An account that is resumed elsewhere, and not by an old copy of its file, is a person's own matter from then on.
    """
    provider_now, found = now + snapshot.clock_offset, dict[str, tuple[PauseRecord, PauseRecord | None]]()
    accounts = {usage.account.id: usage.account for usage in snapshot.accounts}
    for account_id, record in records.items():
        account, age = accounts.get(account_id), abs(now - record.at)
        is_ours = record.paused and record.is_automatic
        if age <= timedelta(seconds=GUARD_S) or (account is None and age <= _KEPT):
            continue
        if account is None or not record.is_of(account):
            found[account_id] = (record, None)
        elif is_ours and not account.paused:
            found[account_id] = (record, None if record.is_over(provider_now) else replace(record, paused=False))
        elif not is_ours and (record.until is None or record.is_over(provider_now)):
            found[account_id] = (record, None)
    return found


def next_resume(records: Mapping[str, PauseRecord]) -> datetime | None:
    """Return when the first account is to be resumed, on the providers' clock."""
    ends = (record.until for record in records.values() if record.paused and record.is_automatic)
    return min((end + _AFTER_RESET for end in ends if end is not None), default=None)


def _exhausted(
    usages: Iterable[AccountUsage], now: datetime, ignored: Collection[str]
) -> list[tuple[datetime, AccountUsage]]:
    """Return the accounts that nothing is left of, those that come back last first, with when they do."""
    ends = [(exhausted_until(usage, now, ignored), usage) for usage in usages if _can_be_paused(usage.account)]
    found = [(until, usage) for until, usage in ends if until is not None]
    return sorted(found, key=lambda each: each[0], reverse=True)


def _can_be_paused(account: Account) -> bool:
    return account.source != NATIVE and not account.paused


def _is_settled(account: Account, records: Mapping[str, PauseRecord], provider_now: datetime) -> bool:
    """Whether something was done to an account since its quota ran out: who has resumed it since wants to have it."""
    record = records.get(account.id)
    return (
        record is not None and record.is_of(account) and record.until is not None and not record.is_over(provider_now)
    )


def _is_to_resume(account: Account, records: Mapping[str, PauseRecord], provider_now: datetime) -> bool:
    record = records.get(account.id)
    if record is None or not account.paused or not record.is_of(account):
        return False
    return record.paused and record.is_automatic and record.is_over(provider_now)
