"""The system's time zone, which may change while the program runs: a journey, or new rules for summer time."""

from __future__ import annotations

import sys
import time


def reload_time_zone() -> None:
    """Take over the time zone in force now. Windows gives programs the one that they started with."""
    if sys.platform != "win32":
        time.tzset()
