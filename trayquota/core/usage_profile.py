"""When a person uses a window: how much of it goes at each hour of the week."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import tzinfo

    from trayquota.core.history import SampleSeries

HOURS = 168
"""Of a week, from Monday midnight on."""
_HOUR_S, _DAY_S = 3600, 86400
_LONGEST_GAP_S = 26 * _HOUR_S
"""After a longer time without a sample nobody looked."""
_MONDAY_DAYS = 4
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
    since_s, offsets = since.timestamp(), _Offsets(zone)
    before_s, before = 0, 0
    for index, (at_s, now_used) in enumerate(zip(samples.at_s, samples.used, strict=True)):
        if index and before_s >= since_s and at_s - before_s <= _LONGEST_GAP_S:
            local_s = at_s + offsets.at(at_s)
            # It has happened since the poll before, which found no change; after a reset all of it is new.
            hour = hour_of_week(local_s - 1)
            used[hour] += (now_used - before if now_used >= before else now_used) / 100
            _watch(watched_s, local_s - (at_s - before_s), local_s)
        before_s, before = at_s, now_used
    return UsageProfile(tuple(used), tuple(watched_s))


def hour_of_week(local_s: float) -> int:
    """Return the hour of the week, 0 to 167, of a moment in local seconds since 1970."""
    days, rest_s = divmod(int(local_s), _DAY_S)
    return (days - _MONDAY_DAYS) % 7 * 24 + rest_s // _HOUR_S


def _watch(watched_s: list[float], from_s: float, to_s: float) -> None:
    while from_s < to_s:
        until_s = min(to_s, from_s // _HOUR_S * _HOUR_S + _HOUR_S)
        watched_s[hour_of_week(from_s)] += until_s - from_s
        from_s = until_s


class _Offsets:
    """A time zone's distance from UTC, looked up once an hour."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._hour, self._offset_s = -1, 0.0

    def at(self, at_s: int) -> float:
        if at_s // _HOUR_S != self._hour:
            self._hour = at_s // _HOUR_S
            offset = datetime.fromtimestamp(at_s, UTC).astimezone(self._zone).utcoffset() or timedelta(0)
            self._offset_s = offset.total_seconds()
        return self._offset_s
