"""The history read: all accounts with their samples, cycles and outages."""

from __future__ import annotations

import functools
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.core.history import SHORT_WINDOW_S, AccountHistory, Cycle, Outage, SampleSeries, WindowHistory
from trayquota.core.model import Account, FailureKind
from trayquota.store import packed_samples
from trayquota.store.history_accounts import AccountRow, AccountRows
from trayquota.store.packed_samples import DAY_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

_KINDS = {kind.value for kind in FailureKind}
"""A later version may know more."""


def read_history(
    database: sqlite3.Connection,
    accounts: Sequence[Account],
    since: datetime | None,
    now: datetime,
    short_since: datetime | None = None,
) -> tuple[AccountHistory, ...]:
    """Return what is recorded, in the order of ``accounts``; those that are gone come last, under a number.

    Args:
        database: Within a transaction.
        accounts: With their names.
        since: From the beginning of which day on; ``None`` is from the beginning.
        now: The moment; a cycle that was to end by then has ended.
        short_since: The same of windows with several cycles a day, where less of them is needed.

    Raises:
        MsgspecError, struct.error, OverflowError: The content is broken.
    """
    rows = AccountRows(database)
    named = {row.id: account for account in reversed(accounts) if (row := rows.find(account, accounts))}
    gone = {row.id: _gone(row) for row in reversed(rows.rows) if row.id not in named}
    since_s = int(since.timestamp()) if since else 0
    windows = _windows(database, since_s, max(since_s, int(short_since.timestamp()) if short_since else 0), now)
    outages = _outages(database, since_s)
    ordered = [*reversed(named.items()), *gone.items()]
    histories = (AccountHistory(account, tuple(windows[row]), tuple(outages[row])) for row, account in ordered)
    return tuple(history for history in histories if history.windows or history.outages)


def _gone(row: AccountRow) -> Account:
    """Return an account that no file is there of any more; how it was called is not recorded."""
    name = f"removed-{row.place[:8]}"
    return Account(name, row.provider, name, person=row.person)


def _windows(
    database: sqlite3.Connection, since_s: int, short_since_s: int, now: datetime
) -> Mapping[int, list[WindowHistory]]:
    samples, cycles = _samples(database, since_s, short_since_s), _cycles(database, since_s, short_since_s, now)
    found = defaultdict(list)
    for row, account, title, duration_s in database.execute(
        "SELECT id, account, title, duration_s FROM window ORDER BY id"
    ):
        if row in samples or row in cycles:
            history = WindowHistory(title, duration_s, samples.get(row) or SampleSeries(), tuple(cycles.get(row, ())))
            found[account].append(history)
    return found


def _samples(database: sqlite3.Connection, since_s: int, short_since_s: int) -> Mapping[int, SampleSeries]:
    query = (
        "SELECT day.window, day, samples FROM window CROSS JOIN day ON day.window = window.id"
        " AND day >= CASE WHEN duration_s < ? THEN ? ELSE ? END ORDER BY window.id, day"
    )
    days: defaultdict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for window, day, content in database.execute(query, (SHORT_WINDOW_S, short_since_s // DAY_S, since_s // DAY_S)):
        days[window].append((day, content))
    return {window: packed_samples.series_of(content) for window, content in days.items()}


def _cycles(database: sqlite3.Connection, since_s: int, short_since_s: int, now: datetime) -> Mapping[int, list[Cycle]]:
    found = defaultdict(list)
    # One cycle mostly begins where another one has ended, and that was when it was to: a year of many accounts has
    # tens of thousands of them.
    instant = functools.cache(_instant)
    for window, started_at, used, resets_at, ended_at, ended_early in database.execute(
        "SELECT window, started_at, used, resets_at, ended_at, ended_early FROM cycle JOIN window"
        " ON cycle.window = window.id"
        " WHERE ended_at IS NULL OR ended_at >= CASE WHEN duration_s < ? THEN ? ELSE ? END"
        " ORDER BY window, started_at, cycle.id",
        (SHORT_WINDOW_S, short_since_s, since_s),
    ):
        end = ended_at
        if ended_at is None and resets_at is not None and resets_at <= now.timestamp():
            # Nothing was recorded since. The writer is going to put it so.
            end = resets_at
        found[window].append(
            Cycle(
                instant(started_at),
                used / 100,
                None if resets_at is None else instant(resets_at),
                None if end is None else instant(end),
                bool(ended_early),
            )
        )
    return found


def _outages(database: sqlite3.Connection, since_s: int) -> Mapping[int, list[Outage]]:
    found = defaultdict(list)
    for account, kind, began_at, ended_at in database.execute(
        "SELECT account, kind, began_at, ended_at FROM outage WHERE ended_at IS NULL OR ended_at >= ?"
        " ORDER BY account, id",
        (since_s,),
    ):
        if kind in _KINDS:
            found[account].append(Outage(FailureKind(kind), _instant(began_at), _optional(ended_at)))
    return found


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _optional(seconds: int | None) -> datetime | None:
    return None if seconds is None else _instant(seconds)
