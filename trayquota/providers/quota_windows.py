"""What an answer's windows have to be to be shown: titled within bounds, distinct, not too many.

Titles by length as nikships/droidproxy has them; steipete/CodexBar 2592, nguyenphutrong/quotio 356 and
lidge-jun/opencodex 315 are what a title by the slot gets wrong.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.text import TITLE_LIMIT, clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.model import QuotaWindow

MOST_WINDOWS = 40
"""What an answer names beyond these nobody could read in a menu."""
_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_SHORTEST_S = 5 * _MINUTE_S
"""No quota starts afresh faster; a shorter length is taken for a wrong one."""
_SLACK_S = 10 * _MINUTE_S


def window_title(length_s: float | None, slot_title: str, resets_in_s: float | None = None) -> str:
    """Return a window's title by its length; the slot's own when the length is missing.

    Halves are rounded away from zero: two and a half hours are a ``3-hour`` window. A window without a length whose
    reset is further away than its slot's title allows is called by the shortest title that fits.
    """
    if length_s is None or length_s <= 0:
        return _title_by_reset(slot_title, resets_in_s)
    minutes = _rounded(length_s / _MINUTE_S)
    if length_s >= _SHORTEST_S and minutes < 60:
        return f"{minutes}-minute"
    if length_s <= _DAY_S:
        return f"{max(1, _rounded(length_s / _HOUR_S))}-hour"
    days = length_s / _DAY_S
    if 6 <= days <= 8:
        return "Weekly"
    if 27 <= days <= 32:
        return "Monthly"
    return f"{_rounded(days)}-day"


def _title_by_reset(slot_title: str, resets_in_s: float | None) -> str:
    spans = {"5-hour": 5 * _HOUR_S, "Weekly": 8 * _DAY_S, "Monthly": 32 * _DAY_S}
    if resets_in_s is None or slot_title not in spans:
        return slot_title
    fitting = (title for title, longest_s in spans.items() if resets_in_s <= longest_s + _SLACK_S)
    title = next(fitting, "Other")
    return title if spans.get(title, math.inf) > spans[slot_title] else slot_title


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def scoped_title(title: str, scope: str) -> str:
    """Return ``Weekly (Opus)``; a long scope is shortened within its parentheses."""
    return f"{title} ({clean(scope, TITLE_LIMIT - len(title) - len(' ()'))})"


def title_scope(title: str) -> str | None:
    """Return what stands in the parentheses of :func:`scoped_title`; ``None`` where there are none."""
    return title.removesuffix(")").partition(" (")[2] or None


def unique_windows(windows: Iterable[QuotaWindow]) -> tuple[QuotaWindow, ...]:
    """Return the first windows; a title that comes again is counted: ``Weekly``, ``Weekly 2``.

    A window is known by its title, in the lowest of ``status --json`` and in what has been notified.
    """
    seen: Counter[str] = Counter()
    result = []
    for window in islice(windows, MOST_WINDOWS):
        seen[window.title] += 1
        count = seen[window.title]
        title = window.title if count == 1 else f"{clean(window.title, TITLE_LIMIT - 3)} {count}"
        result.append(replace(window, title=title))
    return tuple(result)
