"""When news is told: at the first word of a refresh, now and then while answers come in, and at the last one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trayquota.core.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.core.model import AccountUsage

_PARTIAL_S = 0.5


class SnapshotPublisher:
    """Publishes one snapshot after the other. For one thread."""

    def __init__(self, publish: Callable[[Snapshot], None], monotonic: Callable[[], float]) -> None:
        """Tell ``publish``; ``monotonic`` is a clock of seconds that nobody sets."""
        self._publish = publish
        self._monotonic = monotonic
        self._told_s = -math.inf
        self.dirty = False
        """Whether there is something to tell."""
        self.snapshot = Snapshot()
        """What was told last."""

    def delay_left_s(self) -> float:
        """Return how long news waits while more is on its way; negative when it does not have to."""
        return self._told_s + _PARTIAL_S - self._monotonic()

    def publish(self, usages: Callable[[], tuple[AccountUsage, ...]], notice: str | None, *, refreshing: bool) -> None:
        """Publish the news, if there is any and its time has come."""
        in_the_middle = refreshing and self.snapshot.refreshing
        if not self.dirty or (in_the_middle and self.delay_left_s() > 0):
            return
        self.dirty = False
        self._told_s = self._monotonic()
        self.snapshot = Snapshot(usages(), refreshing, notice)
        self._publish(self.snapshot)
