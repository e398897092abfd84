"""The history on disk: written by the applet, read by whoever shows it, removed when the person wants it gone.

It holds no token, no e-mail and no file name: accounts are known by fingerprints, and get their names from the
credentials folder when they are shown. A broken file is set aside, never fatal.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from typing import TYPE_CHECKING

from trayquota.core.errors import BrokenHistoryError, ForeignError, HistoryError
from trayquota.core.translation import Message
from trayquota.store.history_reader import read_history, read_windows
from trayquota.store.history_schema import open_history, transaction
from trayquota.store.history_writer import HistoryWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from pathlib import Path
    from typing import TypeVar

    from trayquota.core.history import AccountHistory, EarlyReset
    from trayquota.core.model import Account, AccountUsage
    from trayquota.store.history_reader import WindowReader

    _Result = TypeVar("_Result")

_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BROKEN_MESSAGES = ("no such", "Could not decode", "unsupported file format")
"""Of errors that have no code of their own: a table or a column is not there, a text is none."""
_REASONS = {
    sqlite3.SQLITE_FULL: Message("the disk is full"),
    sqlite3.SQLITE_BUSY: Message("another process is using it"),
    sqlite3.SQLITE_READONLY: Message("it may not be written"),
    sqlite3.SQLITE_CANTOPEN: Message("it cannot be opened"),
    sqlite3.SQLITE_IOERR: Message("the disk fails"),
}
_log = logging.getLogger(__name__)


class HistoryStore:
    """The history of one user. It has no connection between two calls; each is for any one thread."""

    def __init__(self, path: Path, warn: Callable[[str], None] | None = None) -> None:
        """Keep the history at ``path``; the file is made by the first thing that is recorded.

        Args:
            path: The file's.
            warn: Called with what a person should hear of, in a sentence; ``None`` is the log.
        """
        self.path = path
        self._warn = warn or (lambda message: _log.warning("%s", message))
        self._warnings: set[str] = set()
        self._pruned_on: date | None = None

    def record(self, usages: Sequence[AccountUsage], now: datetime) -> Sequence[EarlyReset] | None:
        """Write what is new in a refresh; return the early resets in it.

        ``None`` says that the disk does not have it; what keeps it from that is logged once.

        Args:
            usages: All accounts, with the time of their answers on the providers' clock, as their resets are.
            now: The moment on that clock.
        """

        def write(database: sqlite3.Connection) -> Sequence[EarlyReset]:
            with transaction(database):
                writer = HistoryWriter(database, now)
                writer.write(usages)
                if self._pruned_on != now.date():
                    writer.prune()
            return writer.early_resets

        try:
            early_resets = self._with_database(write)
        except HistoryError as error:
            self._warn_once(Message("The history is not recorded: {reason}.", reason=error))
            return None
        self._pruned_on = now.date()
        self._warnings.clear()
        return early_resets

    def read(
        self,
        accounts: Sequence[Account],
        since: datetime | None,
        now: datetime,
        short_since: datetime | None = None,
    ) -> tuple[AccountHistory, ...]:
        """Return what is recorded of these accounts, and of those that are gone; nothing when there is no file.

        Args:
            accounts: With their names.
            since: From when on; ``None`` is from the beginning.
            now: The moment; a cycle that was to end by then has ended.
            short_since: The same of windows with several cycles a day, where less of them is needed.

        Raises:
            HistoryError: It cannot be read.
        """
        if not self.path.exists():
            return ()

        def read(database: sqlite3.Connection) -> tuple[AccountHistory, ...]:
            with transaction(database, "DEFERRED"):
                return read_history(database, accounts, since, now, short_since)

        return self._with_database(read)

    def visit_windows(self, accounts: Sequence[Account], visit: Callable[[Account, WindowReader], None]) -> None:
        """Have each window of these accounts visited, as far as it is recorded: never more of it is in the memory.

        Args:
            accounts: Whose windows they are.
            visit: Called with each; may call nothing that uses the history. Where the file turns out to be broken,
                some were visited already.

        Raises:
            HistoryError: It cannot be read.
        """
        if not self.path.exists():
            return

        def visit_all(database: sqlite3.Connection) -> None:
            with transaction(database, "DEFERRED"):
                for account, window in read_windows(database, accounts):
                    visit(account, window)

        self._with_database(visit_all)

    def forget(self) -> bool:
        """Remove the history; return whether there was one.

        Raises:
            HistoryError: It cannot be removed.
        """
        journal, aside = (self.path.with_name(self.path.name + suffix) for suffix in ("-journal", ".aside"))
        had_any = self.path.exists() or aside.exists()
        try:
            # Nobody is in the middle of writing it.
            if self.path.exists():
                self._with_database(_lock)
            for path in (self.path, journal, aside):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise HistoryError(error.strerror or type(error).__name__) from None
        return had_any

    def _with_database(self, do: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something with the open history; a broken one is set aside, and a new one begun."""
        with contextlib.suppress(BrokenHistoryError):
            return self._tried(do)
        # The error is gone by now, and with it what it was reading: Windows renames no open file.
        self._set_aside()
        return self._tried(do)

    def _tried(self, do: Callable[[sqlite3.Connection], _Result]) -> _Result:
        try:
            with open_history(self.path) as database:
                return do(database)
        except ForeignError:
            reason: str = Message("its file was written by a later version or another program")
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _BROKEN or str(error).startswith(_BROKEN_MESSAGES):
                raise BrokenHistoryError from None
            reason = _REASONS.get(code, type(error).__name__)
        except UnicodeDecodeError:
            # Of a text in the file, or of SQLite's message, which has some of it.
            raise BrokenHistoryError from None
        except OSError as error:
            reason = error.strerror or type(error).__name__
        raise HistoryError(reason)

    def _set_aside(self) -> None:
        """Put a broken file where a person can look at it, in place of an earlier one; its journal belongs to it."""
        aside = self.path.with_name(self.path.name + ".aside")
        try:
            self.path.replace(aside)
            self.path.with_name(self.path.name + "-journal").unlink(missing_ok=True)
        except OSError:
            reason = Message("its file is broken")
            raise HistoryError(reason) from None
        self._warn(
            # Translators: {file} is a file's name
            Message("The history was broken. It was set aside as {file}, and a new one is begun.", file=aside.name)
        )

    def _warn_once(self, message: str) -> None:
        """Warn, once until something has been recorded."""
        if message not in self._warnings:
            self._warn(message)
        self._warnings.add(message)


def _lock(database: sqlite3.Connection) -> None:
    with transaction(database, "EXCLUSIVE"):
        pass
