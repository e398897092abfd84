"""When a person uses a window: how much of it goes at each hour of the week."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import tzinfo

    from trayquota.core.history import SampleSeries

HOURS = 168
"""Of a week, from Monday midnight on."""
_HOUR_S = 3600
_LONGEST_GAP_S = 26 * _HOUR_S
"""After a longer time without a sample nobody looked."""
_MONDAY_HOURS = 96
"""The first Monday of 1970 was the fifth of January."""


class UsageProfile(Struct, frozen=True):
    """One week that stands for all.

    Attributes:
        used: Percent points used in each hour of the week, over all weeks.
        watched_s: For how long that hour was watched, over all weeks; seconds.
    """

    used: tuple[float, ...]
    watched_s: tuple[float, ...]

    def rate(self, hour: int) -> float | None:
        """Return the percent points that are used in an hour of the week on average; ``None`` when it is not known."""
        watched_s = self.watched_s[hour]
        return self.used[hour] * _HOUR_S / watched_s if watched_s >= _HOUR_S / 2 else None


def usage_profile(samples: SampleSeries, since: datetime, zone: tzinfo | None = None) -> UsageProfile:
    """Return what is used when, by a person's own clock.

    Args:
        samples: Of one window.
        since: What was earlier does not count.
        zone: The person's time zone; ``None`` is the system's.
    """
    used, watched_s = [0.0] * HOURS, [0.0] * HOURS
    first, offset_s, known_until_s = bisect_left(samples.at_s, since.timestamp()), 0, 0
    for (before_s, before), (at_s, now_used) in pairwise(zip(samples.at_s[first:], samples.used[first:], strict=True)):
        if at_s - before_s > _LONGEST_GAP_S:
            continue
        if at_s >= known_until_s:
            # To look it up takes longer than all the rest; clocks are put forward and back at full hours.
            offset_s, known_until_s = _offset_s(at_s, zone), at_s - at_s % _HOUR_S + _HOUR_S
        from_s, to_s = before_s + offset_s, at_s + offset_s
        # It has happened since the poll before, which found no change; after a reset all of it is new.
        hour = hour_of_week(to_s - 1)
        used[hour] += (now_used - before if now_used >= before else now_used) / 100
        while from_s // _HOUR_S < (to_s - 1) // _HOUR_S:
            until_s = from_s - from_s % _HOUR_S + _HOUR_S
            watched_s[hour_of_week(from_s)] += until_s - from_s
            from_s = until_s
        watched_s[hour] += to_s - from_s
    return UsageProfile(tuple(used), tuple(watched_s))


def hour_of_week(local_s: int) -> int:
    """Return the hour of the week, 0 to 167, of a moment in local seconds since 1970."""
    return (local_s // _HOUR_S - _MONDAY_HOURS) % HOURS


def _offset_s(at_s: int, zone: tzinfo | None) -> int:
    """Return how far a time zone is ahead of UTC at a moment; seconds."""
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset() or timedelta(0)
    return int(offset.total_seconds())
