"""The history read: all accounts with their samples, cycles and outages."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.core.errors import BrokenHistoryError
from trayquota.core.history import SHORT_WINDOW_S, AccountHistory, Cycle, Outage, WindowHistory
from trayquota.core.model import Account, FailureKind
from trayquota.store import packed_samples
from trayquota.store.history_accounts import AccountRow, AccountRows
from trayquota.store.history_schema import instant
from trayquota.store.packed_samples import DAY_S, LAST_DAY

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence
_KINDS = {kind.value for kind in FailureKind}
"""A later version may know more."""


class WindowReader:
    """One window of the history, of which is read what is wanted. Within a transaction of its caller's."""

    def __init__(self, database: sqlite3.Connection, row: int, title: str, duration_s: int | None) -> None:
        """Read the window with that row in ``database``."""
        self._database = database
        self._row = row
        self.title = title
        """As the provider's windows are called."""
        self.duration_s = duration_s
        """Its length in seconds, when known."""

    def history(self, since: datetime | None, now: datetime) -> WindowHistory:
        """Return what is recorded of it.

        Args:
            since: From the beginning of which day on; ``None`` is from the beginning.
            now: The moment; a cycle that was to end by then has ended.

        Raises:
            BrokenHistoryError: Its content is.
        """
        since_s = int(since.timestamp()) if since else 0
        query = "SELECT day, samples FROM day WHERE window = ? AND day BETWEEN ? AND ? ORDER BY day"
        days = self._database.execute(query, (self._row, since_s // DAY_S, LAST_DAY))
        samples, cycles = packed_samples.series_of(days), tuple(self._cycles(since_s, now))
        return WindowHistory(self.title, self.duration_s, samples, cycles)

    def last_ended_s(self, now: datetime) -> int | None:
        """Return when its last cycle ended, in seconds since 1970; ``None`` when none has."""
        query = (
            "SELECT max(CASE WHEN ended_at IS NULL AND resets_at <= ? THEN resets_at ELSE ended_at END)"
            " FROM cycle WHERE window = ?"
        )
        found: int | None = self._database.execute(query, (int(now.timestamp()), self._row)).fetchone()[0]
        return found

    def _cycles(self, since_s: int, now: datetime) -> Iterator[Cycle]:
        now_s, end, ended_s, moment = now.timestamp(), None, None, datetime.fromtimestamp
        rows = self._database.execute(
            "SELECT started_at, used, resets_at, ended_at, ended_early FROM cycle WHERE window = ?"
            " AND (ended_at IS NULL OR ended_at >= ?) ORDER BY started_at, id",
            (self._row, since_s),
        )
        try:
            for started_at, used, resets_at, ended_at, ended_early in rows:
                # One cycle mostly begins where another one has ended, and that was when it was to: a year of many
                # accounts has tens of thousands of them.
                started = end if started_at == ended_s and end is not None else moment(started_at, UTC)
                resets = None if resets_at is None else moment(resets_at, UTC)
                is_over = ended_at is None and resets_at is not None and resets_at <= now_s
                # Where nothing was recorded since, the writer is going to put it so.
                ended_s = resets_at if is_over else ended_at
                end = None if ended_s is None else resets if ended_s == resets_at else moment(ended_s, UTC)
                yield Cycle(started, used / 100, resets, end, bool(ended_early))
        except (TypeError, ValueError, OverflowError, OSError):
            raise BrokenHistoryError from None


def read_windows(database: sqlite3.Connection, accounts: Sequence[Account]) -> Iterator[tuple[Account, WindowReader]]:
    """Yield the windows of those accounts that are recorded, one after the other.

    Raises:
        BrokenHistoryError: The content is.
    """
    rows, windows = AccountRows(database), _windows(database)
    for account in accounts:
        if row := rows.find(account, accounts):
            for window in windows[row.id]:
                yield account, window


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
        BrokenHistoryError: The content is.
    """
    rows = AccountRows(database)
    named = {row.id: account for account in reversed(accounts) if (row := rows.find(account, accounts))}
    gone = {row.id: _gone(row) for row in reversed(rows.rows) if row.id not in named}
    # Of short ones as much, or less.
    short_since = max(since, short_since) if since and short_since else since or short_since
    windows, outages = _windows(database), _outages(database, int(since.timestamp()) if since else 0)
    histories = []
    for row_id, account in [*reversed(named.items()), *gone.items()]:
        found = (
            window.history(short_since if (window.duration_s or SHORT_WINDOW_S) < SHORT_WINDOW_S else since, now)
            for window in windows[row_id]
        )
        recorded = tuple(window for window in found if window.samples or window.cycles)
        if recorded or outages[row_id]:
            histories.append(AccountHistory(account, recorded, tuple(outages[row_id])))
    return tuple(histories)


def _gone(row: AccountRow) -> Account:
    """Return an account that no file is there of any more; how it was called is not recorded."""
    name = f"removed-{row.place[:8]}"
    return Account(name, row.provider, name, person=row.person)


def _windows(database: sqlite3.Connection) -> Mapping[int, list[WindowReader]]:
    """Return the windows of each account, in the order in which they were first seen."""
    found = defaultdict(list)
    for row, account, title, duration_s in database.execute(
        "SELECT id, account, title, duration_s FROM window ORDER BY id"
    ):
        found[account].append(WindowReader(database, row, title, duration_s))
    return found


def _outages(database: sqlite3.Connection, since_s: int) -> Mapping[int, list[Outage]]:
    found = defaultdict(list)
    for account, kind, began_at, ended_at in database.execute(
        "SELECT account, kind, began_at, ended_at FROM outage WHERE ended_at IS NULL OR ended_at >= ?"
        " ORDER BY account, id",
        (since_s,),
    ):
        if kind in _KINDS:
            found[account].append(Outage(FailureKind(kind), instant(began_at), _optional(ended_at)))
    return found


def _optional(seconds: int | None) -> datetime | None:
    return None if seconds is None else instant(seconds)
