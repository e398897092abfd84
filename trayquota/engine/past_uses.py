"""What forecasts from people's own use go by, read from the history that has just been written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.core.hourly_use import LocalClock
from trayquota.core.own_backtest import past_span, proven_past_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trayquota.core.history import WindowHistory
    from trayquota.core.model import AccountUsage
    from trayquota.core.own_forecast import PastUse
    from trayquota.store.history import HistoryStore

_EVERY = timedelta(hours=1)
"""What a forecast goes by lies at least a cycle back, so that nothing is missed meanwhile."""


class PastUses:
    """The past use of each window of which it makes forecasts better. For the thread that writes the history."""

    def __init__(self) -> None:
        """Know of none."""
        self._read_at: datetime | None = None
        self._known: dict[tuple[str, str], tuple[datetime | None, PastUse | None]] = {}

    def read(
        self, store: HistoryStore, usages: Sequence[AccountUsage], now: datetime, ahead: timedelta
    ) -> Mapping[tuple[str, str], PastUse] | None:
        """Return them by account id and window, ``None`` when it is not yet time to read them again.

        Args:
            store: The history.
            usages: The accounts, with their windows.
            now: The moment on the providers' clock.
            ahead: How far that is ahead of this machine's.

        Raises:
            HistoryError: It cannot be read.
        """
        if self._read_at is not None and timedelta(0) <= now - self._read_at < _EVERY:
            return None
        self._read_at = now
        spans = [past_span(window.duration_s) for usage in usages for window in usage.windows]
        if not spans:
            return None
        present = {usage.account.id for usage in usages}
        histories = store.read([usage.account for usage in usages], now - max(spans), now, now - past_span(None))
        clock = LocalClock(ahead_s=ahead.total_seconds())
        self._known = {
            (history.account.id, window.title): self._proven((history.account.id, window.title), window, now, clock)
            for history in histories
            if history.account.id in present
            for window in history.windows
        }
        return {key: past for key, (_, past) in self._known.items() if past is not None}

    def _proven(
        self, key: tuple[str, str], window: WindowHistory, now: datetime, clock: LocalClock
    ) -> tuple[datetime | None, PastUse | None]:
        """Return when the last cycle ended, and what that has left to go by: tried anew when another one has."""
        ended_at = next((cycle.ended_at for cycle in reversed(window.cycles) if cycle.ended_at is not None), None)
        known = self._known.get(key)
        if known is not None and known[0] == ended_at:
            return known
        return ended_at, proven_past_use(window, now, clock)
