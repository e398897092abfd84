"""Which accounts to take out of their proxies' rotation, and which of these to put back: functions of plain inputs.

What this program did last to an account is recorded; only what it has paused by itself does it resume by itself. A
paused account is not polled, so that it comes back at the reset that was known as it was paused: a reset before its
time goes unnoticed until then, unless a person resumes the account, which is polled at once. All resets in records are
on the providers' clock.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from trayquota.core.model import AccountState, Instant
from trayquota.core.next_account import Demand, relief
from trayquota.core.person import Person
from trayquota.core.provider_clock import with_local_resets
from trayquota.core.refresh_policy import AFTER_RESET_S

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from trayquota.core.model import Account, AccountUsage, Snapshot

GUARD_S = 60.0
"""So long a proxy may write back an old copy of the file, out of a token refresh that was under way."""
_AFTER_RESET = timedelta(seconds=AFTER_RESET_S)
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


def is_last_in_rotation(account: Account, usages: Iterable[AccountUsage]) -> bool:
    """Whether its proxy has no other account of the provider, once this one is paused."""
    others = (usage for usage in usages if usage.account.id != account.id and _serves(usage))
    return not account.paused and all(_rotation(usage.account) != _rotation(account) for usage in others)


def pause_changes(
    snapshot: Snapshot,
    records: Mapping[str, PauseRecord],
    now: datetime,
    *,
    is_on: bool,
    ignored: Collection[str] = (),
) -> list[PauseChange]:
    """Return which accounts are to be paused and resumed.

    Args:
        snapshot: The accounts, with how far this machine's clock is off.
        records: What was done before, by account id.
        now: The moment on this machine's clock.
        is_on: Accounts that have run out are to be paused. Those that were are resumed in any case.
        ignored: Titles of windows that do not count.
    """
    provider_now = now + snapshot.clock_offset
    usages = with_local_resets(snapshot).accounts
    resumed = [usage for usage in usages if _is_to_resume(usage.account, records, provider_now)]
    changes = [PauseChange(usage.account.id, paused=False) for usage in resumed]
    if not is_on:
        return changes
    in_rotation = Counter(_rotation(usage.account) for usage in usages if _serves(usage))
    for until, usage in _exhausted(usages, now, ignored):
        place = _rotation(usage.account)
        if in_rotation[place] > 1 and not _is_settled(usage.account, records, provider_now):
            in_rotation[place] -= 1
            changes.append(PauseChange(usage.account.id, paused=True, until=until + snapshot.clock_offset))
    return changes


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
    return account.source != "native" and not account.paused


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


def _rotation(account: Account) -> tuple[str, str, str, str]:
    """Return what accounts have in common that a proxy takes turns with."""
    return account.provider, account.source, account.server, account.folder


def _serves(usage: AccountUsage) -> bool:
    """Whether a proxy can use an account, as far as that is known; its quota may be at an end."""
    return not usage.account.paused and usage.state is not AccountState.EXPIRED
