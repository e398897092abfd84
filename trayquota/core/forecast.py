"""Used so far against time so far: does a window last until its reset?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from trayquota.core.model import QuotaWindow
    from trayquota.core.past_use_forecast import PastUse, PastUseForecast
    from trayquota.core.work_time import WorkTime

_DAY_S = 24 * 3600
TOO_EARLY_PERCENT = 3.0
"""Below this share of the window's time a forecast would be noise."""


class Forecast(Struct, frozen=True):
    """A forecast from an even use.

    Attributes:
        expected_used_percent: 0–100: what would be used by now if it were used evenly.
        runs_out_at: When it runs out at the pace so far; ``None`` when it lasts until the reset.
        is_by_work_time: It is used evenly in the person's work time, and not at all in between.
    """

    expected_used_percent: float
    runs_out_at: datetime | None
    is_by_work_time: bool = False


def window_forecast(window: QuotaWindow, now: datetime, work_time: WorkTime | None = None) -> Forecast | None:
    """Return the forecast at ``now``, ``None`` when there is no ground for one.

    That is: use, reset or length unknown, the reset passed or further off than the window is long, nothing left,
    or under three percent of the time gone.

    Args:
        window: What is forecast.
        now: The moment.
        work_time: The person's. Only windows of more than a day go by it: shorter ones are used while they work.
    """
    used, resets_at, length_s = window.used_percent, window.resets_at, window.duration_s
    if used is None or resets_at is None or not length_s:
        return None
    until_s = (resets_at - now).total_seconds()
    elapsed_s = length_s - until_s
    if not 0 < until_s <= length_s or used >= 100:
        return None
    if work_time is not None and length_s > _DAY_S:
        elapsed_work_s = work_time.seconds(now - timedelta(seconds=elapsed_s), now)
        all_work_s = elapsed_work_s + work_time.seconds(now, resets_at)
        if all_work_s > 0:
            return _by_work_time(used, elapsed_work_s, all_work_s, now, resets_at, work_time)
    expected = elapsed_s / length_s * 100
    if expected < TOO_EARLY_PERCENT:
        return None
    left_s = even_left_s(used, elapsed_s)
    return Forecast(expected, None if left_s >= until_s else now + timedelta(seconds=left_s))


def past_use_forecast(
    window: QuotaWindow, now: datetime, past_use: PastUse | None, work_time: WorkTime | None
) -> PastUseForecast | None:
    """Return the forecast from the person's own use, ``None`` when there is no ground for one.

    Work time that the person has set goes before it: what it is better than is an even use at any time.
    """
    if past_use is None or (work_time is not None and (window.duration_s or 0) > _DAY_S):
        return None
    return past_use.forecast(window, now)


def _by_work_time(  # noqa: PLR0913, PLR0917 - one step of the above
    used: float, elapsed_s: float, all_s: float, now: datetime, resets_at: datetime, work_time: WorkTime
) -> Forecast | None:
    """Return the forecast with the work time that is gone, and all of the window's, in place of its time."""
    expected = elapsed_s / all_s * 100
    if expected < TOO_EARLY_PERCENT:
        return None
    runs_out_at = work_time.moment_after(now, even_left_s(used, elapsed_s), resets_at)
    return Forecast(min(expected, 100.0), runs_out_at, is_by_work_time=True)


def even_left_s(used_percent: float, elapsed_s: float) -> float:
    """Return for how many seconds a window lasts that is used as evenly as before; infinity when it is not used."""
    return (100 - used_percent) * elapsed_s / used_percent if used_percent > 0 else float("inf")
