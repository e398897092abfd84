"""``history.sqlite3``: its tables, opening it, and bringing one of an earlier version up to date.

The journal is SQLite's rollback journal, whose locks hold on network homes too where a write-ahead log's do not; each
commit is on the disk before the next begins, so that a power failure takes the last seconds and never the file.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.core.errors import BrokenHistoryError, ForeignError
from trayquota.system.files import open_regular, private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_S = 5.0
"""So long a lock of another process is waited for."""
APPLICATION_ID = 0x74727174
"""In the file's header, so that a foreign database is recognised: ``trqt``."""
_CACHE_KIB = 64
"""Small, for the applet keeps in its memory what was once needed."""
_TABLES = """
CREATE TABLE account (id INTEGER PRIMARY KEY, provider TEXT NOT NULL, place TEXT NOT NULL, person BLOB NOT NULL);
CREATE TABLE window (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL, title TEXT NOT NULL, duration_s INTEGER,
    last_at INTEGER NOT NULL, last_used INTEGER NOT NULL, UNIQUE (account, title)
);
CREATE TABLE day (
    window INTEGER NOT NULL, day INTEGER NOT NULL, samples BLOB NOT NULL, is_hourly INTEGER NOT NULL DEFAULT 0,
    UNIQUE (window, day)
);
CREATE INDEX full_day ON day (day) WHERE is_hourly = 0;
CREATE TABLE cycle (
    id INTEGER PRIMARY KEY, window INTEGER NOT NULL, started_at INTEGER NOT NULL, used INTEGER NOT NULL,
    resets_at INTEGER, ended_at INTEGER, ended_early INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX cycle_window ON cycle (window);
CREATE TABLE outage (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL, kind TEXT NOT NULL, began_at INTEGER NOT NULL, ended_at INTEGER
);
CREATE INDEX outage_account ON outage (account);
"""
MIGRATIONS: tuple[str, ...] = (_TABLES,)
"""What makes each version of the one before; a new one is added at the end, and none is ever changed.

Instants are seconds since 1970, days are whole days since then, and what is used is in hundredths of a percent. An
account's ``place`` is a fingerprint of its credential file's name, its ``person`` fingerprints as in the state.
"""


@contextlib.contextmanager
def open_history(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the history at ``path``, which is made or upgraded where it has to be, and close it in the end.

    Raises:
        ForeignError: It was written by a later version, or is another program's.
        sqlite3.Error: It is broken, busy, or the disk does not take it.
        OSError: It can be neither made nor opened.
    """
    private_folder(path.parent)
    # Made here, for its owner alone: SQLite gives its journal the same mode.
    os.close(open_regular(path, os.O_RDWR | os.O_CREAT))
    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as database:
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA synchronous = FULL")
        _upgrade(database)
        yield database


@contextlib.contextmanager
def transaction(database: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Have all that is done within saved, or nothing of it.

    Args:
        database: The history.
        kind: ``IMMEDIATE`` lets others read meanwhile, ``EXCLUSIVE`` does not, ``DEFERRED`` is for reading.
    """
    database.execute(f"BEGIN {kind}")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                database.execute("ROLLBACK")
        raise


def seconds(moment: datetime) -> int:
    """Return a moment as it is kept."""
    return int(moment.timestamp())


def instant(kept: int) -> datetime:
    """Return a moment that was kept; raises ``BrokenHistoryError`` when it is none."""
    try:
        return datetime.fromtimestamp(kept, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise BrokenHistoryError from None


def _upgrade(database: sqlite3.Connection) -> None:
    # All of it at one moment: another process may be making the file.
    with transaction(database, "DEFERRED"):
        version = _version(database)
    if version == len(MIGRATIONS):
        return
    with transaction(database, "EXCLUSIVE"):
        # Another process may have done it while this one waited.
        for version in range(_version(database), len(MIGRATIONS)):
            for statement in MIGRATIONS[version].split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {version + 1}")
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def _version(database: sqlite3.Connection) -> int:
    """Return the version of the file; raises ``ForeignError`` when nothing is to be made of it."""
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    is_ours = database.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    is_empty = version == 0 and not database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if version > len(MIGRATIONS) or not (is_ours or is_empty):
        raise ForeignError
    return version
