"""This machine's clock, and its time zone, which may change meanwhile: a journey, or new rules for summer time."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the time, aware, UTC."""
    return datetime.now(UTC)


def reload_time_zone() -> None:
    """Take over the time zone in force now. Windows gives programs the one that they started with."""
    if sys.platform != "win32":
        time.tzset()
