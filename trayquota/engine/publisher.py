"""Publishing snapshots: when a refresh begins, now and then while results come in, and at the last one."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from trayquota.core.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trayquota.core.model import AccountUsage

    SnapshotSink = Callable[[Snapshot], None]
    """Hears of snapshots, on the engine's thread. Quick; what it raises is logged and harms no other sink."""

_PARTIAL_S = 0.5


class SnapshotPublisher:
    """Gives each snapshot to all sinks, in their order. For one thread."""

    def __init__(
        self,
        sinks: Iterable[SnapshotSink],
        monotonic: Callable[[], float],
        do: Callable[[Callable[[], object]], None],
    ) -> None:
        """Publish nothing yet.

        Args:
            sinks: Hear of snapshots.
            monotonic: The monotonic clock; seconds.
            do: Runs an action; whatever goes wrong in it must not come out.
        """
        self._sinks = tuple(sinks)
        self._monotonic = monotonic
        self._do = do
        self._published_s = -math.inf
        self.dirty = False
        """Whether there is something to publish."""
        self.snapshot = Snapshot()
        """The one published last."""

    def delay_left_s(self) -> float:
        """Return how long the next snapshot waits while more results are awaited; negative when it does not."""
        return self._published_s + _PARTIAL_S - self._monotonic()

    def publish(self, usages: Callable[[], tuple[AccountUsage, ...]], notice: str | None, *, refreshing: bool) -> None:
        """Publish a snapshot, if it is dirty and its time has come."""
        in_the_middle = refreshing and self.snapshot.refreshing
        if not self.dirty or (in_the_middle and self.delay_left_s() > 0):
            return
        self.dirty = False
        self._published_s = self._monotonic()
        snapshot = self.snapshot = Snapshot(usages(), refreshing, notice)
        for sink in self._sinks:
            self._do(partial(sink, snapshot))
