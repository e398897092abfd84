"""The demo's history: six weeks of four sample accounts, used by people with habits of their own."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow
from trayquota.store.history_schema import open_history, transaction
from trayquota.store.history_writer import HistoryWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

_DAYS = 42
_STEP = timedelta(hours=1)
_CHANCES = (0.0, 0.6, 1.0, 1.0, 1.6)
_SHORT, _WEEK = timedelta(hours=5), timedelta(days=7)


class _Person(Struct, frozen=True):
    """Who uses an account, and where its windows are when the demo starts, which its stand-in goes on from.

    Attributes:
        account: The sample account.
        activity: How much is used at an hour of a day (0 is Monday); 1 is much.
        usual_percent: What is used of a week.
        weekly_percent: What is used of the running one.
        weekly_left: Until the weekly reset.
        short_left: Until the reset of the 5-hour window.
        resets_early: The provider gave a week back once.
    """

    account: Account
    activity: Callable[[int, int], float]
    usual_percent: float
    weekly_percent: float
    weekly_left: timedelta
    short_left: timedelta
    resets_early: bool = False


def _office(day: int, hour: int) -> float:
    return (1.0 if hour not in {12, 13} else 0.3) if day < 5 and 9 <= hour < 18 else 0.0


def _evenings(day: int, hour: int) -> float:
    return 1.0 if hour >= 20 else 0.7 if day >= 5 and hour >= 11 else 0.0


def _agents_at_night(day: int, hour: int) -> float:
    return 1.2 if hour < 6 else 0.3 if day < 5 and 10 <= hour < 17 else 0.0


def _now_and_then(day: int, hour: int) -> float:
    return 2.2 if (day, hour // 4) in {(1, 3), (3, 4), (4, 2)} else 0.1 if 9 <= hour < 22 else 0.0


def _sample(name: str, activity: Callable[[int, int], float], *numbers: float, early: bool = False) -> _Person:
    provider = name.partition("-")[0]
    usual, percent, days, minutes = numbers
    account = Account(f"{name}.json", provider, name)
    return _Person(account, activity, usual, percent, timedelta(days=days), timedelta(minutes=minutes), early)


_PEOPLE = (
    _sample("claude-ada@example.com", _office, 74, 31, 3, 133, early=True),
    _sample("claude-bea@example.org", _evenings, 58, 41, 4.375, 47),
    _sample("claude-dan@example.com", _now_and_then, 97, 52, 4.25, 184),
    _sample("codex-carol@example.com-plus", _agents_at_night, 88, 63, 4, 1),
)


def write_sample_history(path: Path, now: datetime) -> None:
    """Write six weeks up to ``now``."""
    with open_history(path) as database, transaction(database):
        for number, person in enumerate(_PEOPLE):
            before: tuple[QuotaWindow, ...] = ()
            for at, windows in _answers(person, now, random.Random(number)):  # noqa: S311 - it only looks like chance
                # Once a day without a change, as the applet records.
                if windows != before or at.hour == 0:
                    usage = AccountUsage(person.account, AccountState.OK, windows, updated_at=at)
                    HistoryWriter(database, at).write([usage])
                before = windows


def _answers(
    person: _Person, now: datetime, chance: random.Random
) -> Iterator[tuple[datetime, tuple[QuotaWindow, ...]]]:
    """Yield when the provider was polled, and what it answered."""
    steps = int(timedelta(days=_DAYS) / _STEP)
    week_ends = now + person.weekly_left - 7 * _WEEK
    early_at = now - timedelta(days=13) if person.resets_early else None
    weekly, short, short_ends, pace = 0.0, 0.0, None, 0.0
    for step in range(steps):
        at = now - (steps - step) * _STEP
        while week_ends <= at:
            week_ends, weekly = week_ends + _WEEK, 0.0
            pace = _pace(person, week_ends, now) * (chance.uniform(0.7, 1.2) if week_ends < now else 1)
        if early_at is not None and at >= early_at:
            early_at, weekly = None, 0.0
        if short_ends is not None and short_ends <= at:
            short, short_ends = 0.0, None
        local = at.astimezone()
        active = person.activity(local.weekday(), local.hour) * chance.choice(_CHANCES)
        if active:
            # The last cycle is the one that the stand-in goes on with.
            if short_ends is None and at + _SHORT < now + person.short_left - _SHORT:
                short_ends = at + _SHORT
            short = min(100.0, short + active * 18) if short_ends is not None else 0.0
            weekly = min(100.0, weekly + active * pace)
        yield (
            at,
            (
                QuotaWindow("5-hour", round(short, 1), short_ends, int(_SHORT.total_seconds())),
                QuotaWindow("Weekly", round(weekly, 1), week_ends, int(_WEEK.total_seconds())),
            ),
        )


def _pace(person: _Person, week_ends: datetime, now: datetime) -> float:
    """Return how much of a week is used by a step of an activity of 1."""
    begin = week_ends - _WEEK
    steps = int((min(week_ends, now) - begin) / _STEP)
    moments = [(begin + step * _STEP).astimezone() for step in range(steps)]
    activity = sum(person.activity(moment.weekday(), moment.hour) for moment in moments) * sum(_CHANCES) / len(_CHANCES)
    return (person.usual_percent if week_ends < now else person.weekly_percent) / max(activity, 1)
