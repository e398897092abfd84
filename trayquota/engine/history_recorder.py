"""The sink that records the history: it notices changes on the engine's thread, and writes on one of its own.

That thread lives for as long as there is something to write, right after a refresh, so that nothing wakes up for it.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from trayquota.core.history import EarlyReset
    from trayquota.core.model import Account, AccountUsage, Snapshot
    from trayquota.core.past_use_forecast import PastUse
    from trayquota.engine.past_uses import PastUses
    from trayquota.store.history import HistoryStore
    from trayquota.store.history_reader import WindowReader

_log = logging.getLogger(__name__)


class HistoryRecorder:
    """Records what has changed. Called on the engine's thread; the file is opened, written and closed on another.

    The two share what is to be written, and whether a thread is at it, under a lock. What has been handed over is
    replaced as a whole by the engine's thread, and forgotten by the other: at worst it is recorded twice.

    All times that are recorded are on the providers' clock, as the resets are: this machine's may be wrong, and set.
    """

    def __init__(
        self, path: Path, clock: Callable[[], datetime], clock_offset: Callable[[], timedelta], *, is_on: bool = False
    ) -> None:
        """Record nothing before :meth:`start`.

        Args:
            path: The history's.
            clock: The time, aware, UTC.
            clock_offset: How far the providers' time is ahead of it.
            is_on: Whether the person wants a history.
        """
        self._path = path
        self._clock = clock
        self._clock_offset = clock_offset
        self.is_on = is_on
        """May be changed by the engine's thread."""
        self.draws_sparklines = False
        """Whether the person wants them; for the engine's thread."""
        self.sparklines: Mapping[tuple[str, str], str] = {}
        """By account id and window; replaced as a whole, so that any thread may read it."""
        self.past_use: Mapping[tuple[str, str], PastUse] = {}
        """Of each window that is forecast from the person's own use; replaced in the same way."""
        self.on_early_resets: Callable[[Sequence[EarlyReset]], None] = lambda _resets: None
        """Called, on the thread that writes, with those that it finds."""
        self._has_started = False
        self._handed_over: dict[str, AccountUsage] = {}
        self._lock = threading.Lock()
        self._waiting: Sequence[AccountUsage] = ()
        self._thread: threading.Thread | None = None
        self._store: HistoryStore | None = None
        self._past_uses: PastUses | None = None

    def start(self) -> None:
        """Record from now on: what it takes is not loaded while the first values are awaited."""
        self._has_started = True

    def __call__(self, snapshot: Snapshot) -> None:
        """Have it written what has changed since the last time."""
        if not self._has_started or not self.is_on or snapshot.refreshing:
            return
        offset = self._clock_offset()
        usages = {
            usage.account.id: replace(usage, updated_at=usage.updated_at and usage.updated_at + offset)
            for usage in snapshot.accounts
        }
        from trayquota.core.history import is_alike

        before = self._handed_over
        if all(account_id in before and is_alike(before[account_id], usages[account_id]) for account_id in usages):
            return
        self._handed_over = usages
        self._hand_over(tuple(usages.values()))

    def wait_idle(self, timeout_s: float) -> None:
        """Wait until all is written; for the program's end. What a full disk or a lock keeps waiting is lost."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout_s)

    def _hand_over(self, usages: Sequence[AccountUsage]) -> None:
        with self._lock:
            self._waiting = usages
            if self._thread is not None:
                return
            self._thread = threading.Thread(target=self._write, name="history", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            # No thread is to be had: with the next change, then.
            self._thread = None
            self._handed_over = {}

    def _write(self) -> None:
        """Write what waits, until nothing does. On the thread of its own."""
        store = self._opened_store()
        while True:
            with self._lock:
                usages, self._waiting = self._waiting, ()
                if not usages or store is None:
                    self._thread = None
                    return
            offset, early_resets = self._clock_offset(), None
            now = self._clock() + offset
            with LoggedErrors(_log, "recording the history"):
                early_resets = store.record(usages, now)
            if early_resets is None:
                # All of it is to be written with the next refresh.
                self._handed_over = {}
                continue
            if early_resets:
                self.on_early_resets(early_resets)
            with LoggedErrors(_log, "reading the history"):
                if self.draws_sparklines:
                    self._draw_sparklines(store, [usage.account for usage in usages], now)
                self._read_past_use(store, usages, now, offset)

    def _opened_store(self) -> HistoryStore | None:
        """Return the store; ``None``, and nothing is recorded any more, where Python was built without SQLite."""
        try:
            from trayquota.store.history import HistoryStore
        except ImportError:
            _log.warning("The history is not recorded: this Python has no SQLite.")
            self._has_started = False
            return None
        if self._store is None:
            self._store = HistoryStore(self._path)
        return self._store

    def _read_past_use(
        self, store: HistoryStore, usages: Sequence[AccountUsage], now: datetime, ahead: timedelta
    ) -> None:
        if self._past_uses is None:
            from trayquota.engine.past_uses import PastUses

            self._past_uses = PastUses()
        past_use = self._past_uses.read(store, usages, now, ahead)
        if past_use is not None:
            self.past_use = past_use

    def _draw_sparklines(self, store: HistoryStore, accounts: Sequence[Account], now: datetime) -> None:
        from trayquota.views.sparklines import LONG_SPAN, sparkline

        drawn: dict[tuple[str, str], str] = {}

        def visit(account: Account, window: WindowReader) -> None:
            drawn[account.id, window.title] = sparkline(window.history(now - LONG_SPAN, now), now)

        store.visit_windows(accounts, visit)
        self.sparklines = drawn
