"""A year of the history of several accounts, as the recorder leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from trayquota.core.model import Account
from trayquota.store import packed_samples
from trayquota.store.history_accounts import AccountRows
from trayquota.store.history_writer import FULL_DAYS
from trayquota.store.packed_samples import DAY_S

if TYPE_CHECKING:
    import random
    import sqlite3
    from collections.abc import Sequence

YEAR_DAYS = 365
WINDOWS = (("5-hour", 5 * 3600), ("Weekly", 168 * 3600), ("Weekly (Opus)", 168 * 3600), ("Monthly", 720 * 3600))
"""Their titles and lengths in seconds."""
_STEPS_S = (600, 1800, 1800, 7200)
"""How often a whole percent of each is used."""
_OPENS_S, _CLOSES_S = 8 * 3600, 18 * 3600
_WEEKEND = {2, 3}
"""The first day of 1970 was a Thursday."""


@dataclass(frozen=True, slots=True)
class Year:
    """Writes a year of samples and cycles, used in office hours.

    Attributes:
        database: The history.
        today: The day after it, counted from 1970.
        chance: What is used and cannot be foreseen comes from it.
        has_habits: As much is used in each hour of work, so that every week is like the last; else each sample is
            another percent, as which none is nearer to the one before, for a page as large as can be.
    """

    database: sqlite3.Connection
    today: int
    chance: random.Random
    has_habits: bool = False

    def write(self, files: Sequence[str]) -> None:
        """Write one account for each of these credential files, named without their suffix."""
        rows = AccountRows(self.database)
        for file in files:
            account = rows.find_or_add(Account(f"{file}.json", file.partition("-")[0], file), [])
            for (title, length_s), step_s in zip(WINDOWS, _STEPS_S, strict=True):
                self._window(account, title, length_s, step_s)

    def _window(self, account: int, title: str, length_s: int, step_s: int) -> None:
        insert = "INSERT INTO window (account, title, duration_s, last_at, last_used) VALUES (?, ?, ?, ?, 0)"
        window = self.database.execute(insert, (account, title, length_s, self.today * DAY_S)).lastrowid
        days = [(window, *self._day(day, length_s, step_s)) for day in range(self.today - YEAR_DAYS + 1, self.today)]
        self.database.executemany("INSERT INTO day (window, day, samples, is_hourly) VALUES (?, ?, ?, ?)", days)
        end = self.today * DAY_S
        starts = range(end - YEAR_DAYS * DAY_S, end - length_s, max(length_s, DAY_S // 2))
        cycles = [(window, start, self.chance.randrange(10_000), *[start + length_s] * 2) for start in starts]
        running = (window, end - 3600, 4000, end + length_s, None)
        self.database.executemany(
            "INSERT INTO cycle (window, started_at, used, resets_at, ended_at) VALUES (?, ?, ?, ?, ?)",
            [*cycles, running],
        )

    def _day(self, day: int, length_s: int, step_s: int) -> tuple[int, bytes, bool]:
        """Return a day: as often as a whole percent is used, at most each hour if it is long ago."""
        is_full = day >= self.today - FULL_DAYS
        times = (0,) if day % 7 in _WEEKEND else range(_OPENS_S, _CLOSES_S, step_s if is_full else max(step_s, 3600))
        samples = b"".join(
            packed_samples.packed(second, self._used(day * DAY_S + second, length_s)) for second in times
        )
        return day, samples, not is_full

    def _used(self, at_s: int, length_s: int) -> int:
        if not self.has_habits:
            return self.chance.randrange(10_000)
        first = (self.today - YEAR_DAYS) * DAY_S
        begin_s = at_s - (at_s - first) % max(length_s, DAY_S // 2)
        worked_s, whole_s = _worked_s(at_s) - _worked_s(begin_s), _worked_s(begin_s + length_s) - _worked_s(begin_s)
        return min(9_000, round(9_000 * worked_s / max(1, whole_s)))


def _worked_s(at_s: int) -> int:
    """Return the seconds of office hours since 1970."""
    day, second = divmod(at_s, DAY_S)
    weeks, of_week = divmod(day, 7)
    days = weeks * 5 + sum(each not in _WEEKEND for each in range(of_week))
    today_s = 0 if of_week in _WEEKEND else min(max(second, _OPENS_S), _CLOSES_S) - _OPENS_S
    return days * (_CLOSES_S - _OPENS_S) + today_s
