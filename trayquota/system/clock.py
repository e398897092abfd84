"""This machine's clock, and its time zone, which may change meanwhile: a journey, or new rules for summer time."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

_DAY_S = 86400


def utc_now() -> datetime:
    """Return the time, aware, UTC."""
    return datetime.now(UTC)


def avoid_impossible_time_zone() -> None:
    """Go by UTC where the environment names a zone a day or more away from it, in which Python cannot reckon."""
    if sys.platform != "win32" and abs(time.localtime().tm_gmtoff) >= _DAY_S:
        os.environ["TZ"] = "UTC"
        time.tzset()


def reload_time_zone() -> None:
    """Take over the time zone in force now. Windows gives programs the one that they started with."""
    if sys.platform != "win32":
        time.tzset()
