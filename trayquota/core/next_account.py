"""Which account to use next, who has room first where none has, and what lapses unused.

The windows that apply are those that limit all work of an account and are part of its plan; with a model also those
that are limited to it. What counts is fresh: a window whose percent is unknown, or whose reset has come since it was
answered, leaves open whether there is room.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.model import NEVER_POLLED, AccountState, AccountUsage, QuotaWindow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

_UNKNOWN_LAST = datetime.max.replace(tzinfo=UTC)
_WEEK = timedelta(days=6)
"""A window that is at least so long is the plan's own quota; what is shorter only spreads it over the day."""
_QUOTA_SOON = timedelta(days=1)
_EVENT_SOON = timedelta(days=7)
_WORD = re.compile(r"[^\W_]+")


class Demand(Struct, frozen=True):
    """What an account has to have.

    Attributes:
        min_percent: So much left in every window that applies, 0–100; with 0 all the same something.
        model: The model to be used, by any of its names; ``None`` where windows of models do not count.
        ignored: Titles of windows that do not count.
    """

    min_percent: float = 1
    model: str | None = None
    ignored: Collection[str] = frozenset()


ANY_ROOM = Demand()


class Candidate(Struct, frozen=True):
    """An account with room.

    Attributes:
        usage: The account.
        remaining_percent: Of its tightest window that applies.
        lapses_at: The reset of its longest window that applies; ``None`` when unknown.
        lapses_first: Another account has room too, and its quota lapses later.
    """

    usage: AccountUsage
    remaining_percent: float
    lapses_at: datetime | None
    lapses_first: bool = False


class Relief(Struct, frozen=True):
    """The account that has room first.

    Attributes:
        usage: The account.
        at: When the last of its windows without room resets.
    """

    usage: AccountUsage
    at: datetime


class Lapse(Struct, frozen=True):
    """Something that is paid for and ends unused.

    Attributes:
        usage: The account.
        ends_at: When.
        window: The window whose rest lapses; ``None`` for the others.
        reset_credits: How many resets lapse; 0 for the others. Without either the subscription ends.
    """

    usage: AccountUsage
    ends_at: datetime
    window: QuotaWindow | None = None
    reset_credits: int = 0


def next_account(usages: Iterable[AccountUsage], now: datetime, demand: Demand = ANY_ROOM) -> Candidate | None:
    """Return the account to use next: of those with room the one whose quota lapses first.

    Ties go to the one with the least left in its tightest window, then to the first in order.

    Args:
        usages: In order of provider and name.
        now: The moment.
        demand: What counts as room.
    """
    found = sorted(
        (candidate for usage in usages if (candidate := _candidate(usage, now, demand)) is not None), key=_rank
    )
    if not found:
        return None
    first, last = found[0], found[-1]
    lapses_first = first.lapses_at is not None and last.lapses_at != first.lapses_at
    return Candidate(first.usage, first.remaining_percent, first.lapses_at, lapses_first)


def relief(usages: Iterable[AccountUsage], now: datetime, demand: Demand = ANY_ROOM) -> Relief | None:
    """Return who has room first, as far as all its resets are known; to be called where nobody has any."""
    reliefs = (found for usage in usages if (found := _relief(usage, now, demand)) is not None)
    return min(reliefs, key=lambda found: found.at, default=None)


def is_open(usage: AccountUsage, now: datetime, demand: Demand = ANY_ROOM) -> bool:
    """Whether it is unknown if an account has room: it may have, and it could be found out."""
    if usage.state is AccountState.EXPIRED or usage.state in NEVER_POLLED:
        return False
    windows = applying(usage, demand)
    if any(_has_no_room(window, usage, now, demand) for window in windows):
        return False
    is_fresh = usage.state is AccountState.OK
    return not is_fresh or not windows or any(_is_unknown(window, usage, now) for window in windows)


def applying(usage: AccountUsage, demand: Demand = ANY_ROOM) -> tuple[QuotaWindow, ...]:
    """Return the windows that have to have room."""
    return tuple(
        window
        for window in usage.windows
        if not window.is_extra
        and window.title not in demand.ignored
        and (window.scope is None or (demand.model is not None and is_for_model(window.scope, demand.model)))
    )


def is_for_model(scope: str, model: str) -> bool:
    """Whether a window for ``scope``, as ``Opus`` or ``Claude and GPT``, limits a model, as ``claude-opus-4-5``.

    One of the names has to have all words of the other.
    """
    wanted = _words(model)
    names = (_words(name) for name in re.split(r"\band\b|[,&/]", scope.casefold()))
    return any(name and (name <= wanted or wanted <= name) for name in names) and bool(wanted)


def lapses(usages: Iterable[AccountUsage], now: datetime, ignored: Collection[str] = ()) -> list[Lapse]:
    """Return what lapses soon, the earliest first: rests of weekly quotas within a day, the others within a week."""
    found = (lapse for usage in usages if usage.state is AccountState.OK for lapse in _lapses(usage, now, ignored))
    return sorted(found, key=lambda lapse: lapse.ends_at)


def _candidate(usage: AccountUsage, now: datetime, demand: Demand) -> Candidate | None:
    windows = applying(usage, demand) if usage.state is AccountState.OK else ()
    left = [window.remaining_percent for window in windows if not _is_unknown(window, usage, now)]
    percents = [percent for percent in left if percent is not None]
    if not windows or len(percents) < len(windows) or not _has_room(min(percents), demand):
        return None
    return Candidate(usage, min(percents), _lapses_at(windows, now))


def _rank(candidate: Candidate) -> tuple[datetime, float]:
    lapses_at = candidate.lapses_at
    return (lapses_at or _UNKNOWN_LAST, candidate.remaining_percent)


def _lapses_at(windows: Iterable[QuotaWindow], now: datetime) -> datetime | None:
    """Return the reset of the longest window; one of unknown length is as long as it still lasts."""

    def length_s(window: QuotaWindow) -> float:
        left_s = 0.0 if window.resets_at is None else (window.resets_at - now).total_seconds()
        return window.duration_s or left_s

    resets_at = max(windows, key=length_s).resets_at
    return resets_at if resets_at is not None and resets_at > now else None


def _relief(usage: AccountUsage, now: datetime, demand: Demand) -> Relief | None:
    if usage.state not in {AccountState.OK, AccountState.STALE}:
        return None
    windows = applying(usage, demand)
    resets = [window.resets_at for window in windows if _has_no_room(window, usage, now, demand)]
    known = [at for at in resets if at is not None and at > now]
    return Relief(usage, max(known)) if known and len(known) == len(resets) else None


def _has_no_room(window: QuotaWindow, usage: AccountUsage, now: datetime, demand: Demand) -> bool:
    left = window.remaining_percent
    return left is not None and not window.has_reset(now, usage.updated_at) and not _has_room(left, demand)


def _has_room(left: float, demand: Demand) -> bool:
    return left >= demand.min_percent and left > 0


def _is_unknown(window: QuotaWindow, usage: AccountUsage, now: datetime) -> bool:
    return window.used_percent is None or window.has_reset(now, usage.updated_at)


def _lapses(usage: AccountUsage, now: datetime, ignored: Collection[str]) -> Iterator[Lapse]:
    for window in applying(usage, Demand(ignored=ignored)):
        at, left = window.resets_at, window.remaining_percent
        is_long = window.duration_s is not None and timedelta(seconds=window.duration_s) >= _WEEK
        if is_long and left is not None and left >= 1 and at is not None and now < at <= now + _QUOTA_SOON:
            yield Lapse(usage, at, window=window)
    resets, ends_at = usage.reset_credits, usage.account.subscription_ends_at
    if resets is not None and resets.expires_at is not None and now < resets.expires_at <= now + _EVENT_SOON:
        yield Lapse(usage, resets.expires_at, reset_credits=resets.available)
    if ends_at is not None and now < ends_at <= now + _EVENT_SOON:
        yield Lapse(usage, ends_at)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))
