"""One refresh written into the history: accounts found or added, samples, cycles, and refreshes that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.history import JITTER, Cycle, EarlyReset, Sample, hundredths, is_due, next_cycles
from trayquota.core.model import AccountState
from trayquota.store import packed_samples
from trayquota.store.history_accounts import AccountRows
from trayquota.store.history_schema import instant, seconds
from trayquota.store.packed_samples import DAY_S

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from trayquota.core.model import AccountUsage, QuotaWindow

FULL_DAYS = 90
"""So long every sample is kept."""
HOURLY_DAYS = 730
"""So long one of each hour is kept; cycles are kept for ever."""
_FAILED = {AccountState.STALE, AccountState.ERROR, AccountState.EXPIRED}


class HistoryWriter:
    """Writes within a transaction of its caller's."""

    def __init__(self, database: sqlite3.Connection, now: datetime) -> None:
        """Write into ``database``; nothing is of a later time than ``now``, which is the providers'."""
        self._database = database
        self._now = now
        self.early_resets: list[EarlyReset] = []
        """Those that were found while writing."""

    def write(self, usages: Sequence[AccountUsage]) -> None:
        """Write all that is new in these."""
        rows = AccountRows(self._database)
        for usage in usages:
            account = rows.find_or_add(usage.account, [other.account for other in usages])
            self._write_outage(account, usage)
            if usage.updated_at is not None:
                for window in usage.windows:
                    if window.used_percent is not None:
                        for cycle in self._write_window(account, window, min(usage.updated_at, self._now)):
                            if cycle.ended_early:
                                early = EarlyReset(usage.account.id, window.title, cycle.used_percent)
                                self.early_resets.append(early)

    def prune(self) -> None:
        """Keep of old days one sample an hour, and nothing of very old ones."""
        today = int(self._now.timestamp()) // DAY_S
        self._database.execute("DELETE FROM day WHERE day < ?", (today - HOURLY_DAYS,))
        full = "SELECT rowid, samples FROM day WHERE day < ? AND is_hourly = 0"
        hourly = [
            (packed_samples.hourly(samples), row) for row, samples in self._database.execute(full, (today - FULL_DAYS,))
        ]
        self._database.executemany("UPDATE day SET samples = ?, is_hourly = 1 WHERE rowid = ?", hourly)

    def _write_window(self, account: int, window: QuotaWindow, at: datetime) -> Sequence[Cycle]:
        """Write an answer, if anything is new in it; return the cycles that have changed."""
        at = at.replace(microsecond=0)
        found = self._database.execute(
            "SELECT id, last_at, last_used FROM window WHERE account = ? AND title = ?", (account, window.title)
        ).fetchone()
        last = Sample(instant(found[1]), found[2] / 100) if found else None
        if last is not None and found and last.at > self._now + JITTER:
            # The clock was ahead then: nothing is known to be true of what it dated.
            last = self._forget_after(found[0], at)
        if last is not None and at <= last.at:
            return ()
        row, cycle = self._running_cycle(found[0]) if found else (None, None)
        if not is_due(last, cycle, window, at):
            return ()
        window_id = found[0] if found else self._add_window(account, window, at)
        self._write_sample(window_id, window, at)
        cycles = next_cycles(cycle, window, at, last.at if last else None)
        self._write_cycles(window_id, row, cycles)
        return cycles

    def _add_window(self, account: int, window: QuotaWindow, at: datetime) -> int:
        cursor = self._database.execute(
            "INSERT INTO window (account, title, duration_s, last_at, last_used) VALUES (?, ?, ?, ?, 0)",
            (account, window.title, window.duration_s, seconds(at)),
        )
        return int(cursor.lastrowid or 0)

    def _write_sample(self, window_id: int, window: QuotaWindow, at: datetime) -> None:
        at_s, used = seconds(at), hundredths(window.used_percent)
        key = (window_id, at_s // DAY_S)
        query = "SELECT CAST(samples AS BLOB) FROM day WHERE window = ? AND day = ?"
        found = self._database.execute(query, key).fetchone()
        samples = (found[0] if found else b"") + packed_samples.packed(at_s, used)
        self._database.execute(
            "INSERT INTO day (window, day, samples) VALUES (?, ?, ?)"
            " ON CONFLICT (window, day) DO UPDATE SET samples = excluded.samples",
            (*key, samples),
        )
        self._database.execute(
            "UPDATE window SET duration_s = ifnull(?, duration_s), last_at = ?, last_used = ? WHERE id = ?",
            (window.duration_s, at_s, used, window_id),
        )

    def _running_cycle(self, window_id: int) -> tuple[int | None, Cycle | None]:
        found = self._database.execute(
            "SELECT id, started_at, used, resets_at FROM cycle WHERE window = ? AND ended_at IS NULL", (window_id,)
        ).fetchone()
        if found is None:
            return None, None
        row, started_at, used, resets_at = found
        return row, Cycle(instant(started_at), used / 100, None if resets_at is None else instant(resets_at))

    def _write_cycles(self, window_id: int, row: int | None, cycles: Iterable[Cycle]) -> None:
        for cycle in cycles:
            # The first goes on from the one that ran.
            self._database.execute(
                "INSERT OR REPLACE INTO cycle (id, window, started_at, used, resets_at, ended_at, ended_early)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row,
                    window_id,
                    seconds(cycle.started_at),
                    hundredths(cycle.used_percent),
                    cycle.resets_at and seconds(cycle.resets_at),
                    cycle.ended_at and seconds(cycle.ended_at),
                    cycle.ended_early,
                ),
            )
            row = None

    def _forget_after(self, window_id: int, at: datetime) -> Sample | None:
        """Remove what is dated later than ``at``; return the last sample that is left."""
        at_s, database = seconds(at), self._database
        database.execute("DELETE FROM day WHERE window = ? AND day > ?", (window_id, at_s // DAY_S))
        database.execute("DELETE FROM cycle WHERE window = ? AND started_at > ?", (window_id, at_s))
        database.execute(
            "UPDATE cycle SET ended_at = NULL, ended_early = 0 WHERE window = ? AND ended_at > ?", (window_id, at_s)
        )
        today = "SELECT rowid, samples FROM day WHERE window = ? AND day = ?"
        for row, samples in database.execute(today, (window_id, at_s // DAY_S)).fetchall():
            kept = packed_samples.until(samples, at_s % DAY_S)
            database.execute("UPDATE day SET samples = ? WHERE rowid = ?", (kept, row))
        last = database.execute(
            "SELECT day, samples FROM day WHERE window = ? AND samples <> x'' ORDER BY day DESC LIMIT 1", (window_id,)
        ).fetchone()
        if last is None:
            return None
        last_s, used = packed_samples.last_sample(*last)
        return Sample(instant(last_s), used / 100)

    def _write_outage(self, account: int, usage: AccountUsage) -> None:
        failed = usage.failure.kind.value if usage.failure and usage.state in _FAILED else None
        found = self._database.execute(
            "SELECT id, kind FROM outage WHERE account = ? AND ended_at IS NULL", (account,)
        ).fetchone()
        row, kind = found or (None, None)
        is_known = failed is not None or usage.state is AccountState.OK
        if not is_known or failed == kind:
            return
        ended_at = usage.updated_at if failed is None and usage.updated_at is not None else self._now
        if row is not None:
            self._database.execute("UPDATE outage SET ended_at = ? WHERE id = ?", (seconds(ended_at), row))
        if failed is not None:
            self._database.execute(
                "INSERT INTO outage (account, kind, began_at) VALUES (?, ?, ?)", (account, failed, seconds(self._now))
            )
