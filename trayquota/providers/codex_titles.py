"""What Codex's windows and plans are called.

Titles by length as nikships/droidproxy has them; steipete/CodexBar 2592, nguyenphutrong/quotio 356 and
lidge-jun/opencodex 315 are what a title by the slot gets wrong. Plans: steipete/CodexBar.
"""

from __future__ import annotations

import math

_PLANS = {
    "pro": "Pro 20x",
    "prolite": "Pro 5x",
    "k12": "K-12",
    "edu": "Education",
    "self_serve_business_usage_based": "Business",
    "enterprise_cbp_usage_based": "Enterprise",
}
_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_SHORTEST_S = 5 * _MINUTE_S
"""No quota starts afresh faster; a shorter length is taken for a wrong one."""
_SLACK_S = 10 * _MINUTE_S


def plan_title(plan: str | None) -> str | None:
    """Return a plan's name for people; a new one is shown as it came, a little tidied."""
    words = (plan or "").replace("_", " ").replace("-", " ").split()
    if not words or [word.lower() for word in words] == ["unknown"]:
        return None
    line = " ".join(words)
    return _PLANS.get("_".join(words).lower()) or line[:1].upper() + line[1:]


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
