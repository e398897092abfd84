"""A remaining percent → what is shown of it: what is left, or what is used. All that people read comes through here.

Data for scripts, thresholds and order go by what is left, whatever is shown.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from trayquota.core.model import Level
from trayquota.core.translation import _

if TYPE_CHECKING:
    from trayquota.views.labels import DisplayOptions

BAR_CELLS = 10
LEVEL_STYLES = {Level.PLENTY: "green", Level.LOW: "yellow", Level.CRITICAL: "red", Level.EMPTY: "red"}
"""The colours of bars in a terminal, as rich calls them."""
FIGURE_SPACE = "\u2007"
"""As wide as a digit, so that percents line up in a proportional font."""


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


def percent_number(number: int) -> str:
    """Return a whole percent as text: ``42%``."""
    # Translators: as short as it can be, for it stands in columns
    return _("{number}%").format(number=number)


def percent_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ``42%``, or ``?`` for unknown."""
    return "?" if remaining is None else percent_number(shown_number(remaining, options))


def percent_column(remaining: float | None, options: DisplayOptions) -> str:
    """Return the same as wide as the longest one, in a proportional font as well."""
    return percent_text(remaining, options).rjust(len(percent_number(100)), FIGURE_SPACE)


def amount_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ``42% left`` or ``58% used``."""
    form = _("{percent} used") if options.shows_used else _("{percent} left")
    return form.format(percent=percent_text(remaining, options))


def bar_text(remaining: float | None, options: DisplayOptions) -> str:
    """Return ten cells, as many filled as tens of percent are shown; what is left has one until the last percent."""
    filled, empty = options.bar_glyphs[0], options.bar_glyphs[1]
    if remaining is None:
        return empty * BAR_CELLS
    left = 0 if remaining <= 0 else max(1, math.floor(remaining / 100 * BAR_CELLS + 0.5))
    count = BAR_CELLS - left if options.shows_used else left
    return filled * count + empty * (BAR_CELLS - count)
