"""A remaining percent → what is shown of it: what is left, or what is used. All that people read comes through here.

Data for scripts, thresholds and order go by what is left, whatever is shown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trayquota.views.labels import DisplayOptions

BAR_CELLS = 10


def whole_percent(remaining: float) -> int:
    """Return a remaining percent as a whole number that never promises too much; only nothing left is 0."""
    return 0 if remaining <= 0 else max(1, math.floor(remaining + 1e-9))


def shown_number(remaining: float, options: DisplayOptions) -> int:
    """Return the whole number that is shown, 0–100; only nothing left is 100 used."""
    whole = whole_percent(remaining)
    return 100 - whole if options.shows_used else whole


def shown_share(remaining: float, options: DisplayOptions) -> float:
    """Return the same for a chart, not rounded."""
    return 100 - remaining if options.shows_used else remaining


def amount_word(options: DisplayOptions) -> str:
    """Return what a shown percent is of: ``left`` or ``used``."""
    return "used" if options.shows_used else "left"


def percent_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ``42%``, or ``?`` for unknown."""
    return "?" if remaining is None else f"{shown_number(remaining, options)}%"


def amount_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ``42% left`` or ``58% used``."""
    return f"{percent_text(remaining, options)} {amount_word(options)}"


def bar_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ten cells, as many filled as tens of percent are shown; what is left has one until the last percent."""
    filled, empty = options.bar_glyphs[0], options.bar_glyphs[1]
    if remaining is None:
        return empty * BAR_CELLS
    left = 0 if remaining <= 0 else max(1, math.floor(remaining / 100 * BAR_CELLS + 0.5))
    count = BAR_CELLS - left if options.shows_used else left
    return filled * count + empty * (BAR_CELLS - count)
