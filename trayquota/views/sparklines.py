"""What was left over time, in a few characters: ``▇▆▅▃▁█``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from trayquota.core.history import WindowHistory

BLOCKS = " ▁▂▃▄▅▆▇█"
"""By eighths."""
LONG_SPAN, SHORT_SPAN = timedelta(days=7), timedelta(days=1)
"""What is drawn; the short one of a window that has several cycles a day."""
_PARTS = 8
_TURNED = str.maketrans(BLOCKS[1:], BLOCKS[:0:-1])


def sparkline(window: WindowHistory, now: datetime) -> str:
    """Return how much was left of a window in each eighth of the last day or week, up to ``now``."""
    from trayquota.core.history import lowest_remaining  # the first menu needs none of it

    is_short = window.duration_s is not None and window.duration_s < SHORT_SPAN.total_seconds()
    start = now - (SHORT_SPAN if is_short else LONG_SPAN)
    return spark_text(lowest_remaining(window.samples, start, now, _PARTS)).strip()


def turned(line: str) -> str:
    """Return the same line for what was used."""
    return line.translate(_TURNED)


def spark_text(values: Sequence[float | None]) -> str:
    """Return one character for each percent left; a space where it is not known."""
    return "".join(" " if value is None else BLOCKS[1 + min(7, int(value * 8 / 100))] for value in values)
