"""What forecasts from people's own use go by, read from the history that has just been written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.core.hourly_use import LocalClock
from trayquota.core.past_use_backtest import past_span, proven_past_use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from trayquota.core.model import Account, AccountUsage
    from trayquota.core.past_use_forecast import PastUse
    from trayquota.store.history import HistoryStore
    from trayquota.store.history_reader import WindowReader

_EVERY = timedelta(hours=1)
"""What a forecast goes by lies at least a cycle back, so that nothing is missed meanwhile."""


class PastUses:
    """The past use of each window of which it makes forecasts better. For the thread that writes the history."""

    def __init__(self) -> None:
        """Know of none."""
        self._read_at: datetime | None = None
        self._zone_offset: timedelta | None = None
        self._known: dict[tuple[str, str], tuple[int | None, PastUse | None]] = {}
        """With when the window's last cycle ended: it is tried anew when another one has."""

    def read(
        self, store: HistoryStore, usages: Sequence[AccountUsage], now: datetime, ahead: timedelta
    ) -> Mapping[tuple[str, str], PastUse] | None:
        """Return them by account id and window, ``None`` when it is not yet time to read them again.

        Args:
            store: The history.
            usages: The accounts, with their windows; of others nothing is read.
            now: The moment on the providers' clock.
            ahead: How far that is ahead of this machine's.

        Raises:
            HistoryError: It cannot be read.
        """
        if self._read_at is not None and timedelta(0) <= now - self._read_at < _EVERY:
            return None
        self._read_at = now
        zone_offset = now.astimezone().utcoffset()
        # Hours of the week are of another time zone now, or of summer.
        before = self._known if zone_offset == self._zone_offset else {}
        self._known, self._zone_offset = {}, zone_offset
        wanted = {(usage.account.id, window.title) for usage in usages for window in usage.windows}
        clock = LocalClock(ahead_s=ahead.total_seconds())

        def visit(account: Account, window: WindowReader) -> None:
            key = (account.id, window.title)
            if key not in wanted:
                return
            known, ended_s = before.get(key), window.last_ended_s(now)
            if known is None or known[0] != ended_s:
                history = window.history(now - past_span(window.duration_s), now)
                known = ended_s, proven_past_use(history, now, clock)
            self._known[key] = known

        store.visit_windows([usage.account for usage in usages], visit)
        return {key: past for key, (_, past) in self._known.items() if past is not None}
