"""The history → charts for a terminal, a few lines each.

Drawn here and not by plotext, the usual library: its charts bring frames, axes and a palette of their own where this
takes three rows of the block characters that the bars are made of, in the colours of the levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.history import lowest_remaining
from trayquota.core.translation import _, ngettext, pgettext
from trayquota.views.labels import account_label
from trayquota.views.percents import LEVEL_STYLES, percent_number, shown_share
from trayquota.views.sparklines import BLOCKS
from trayquota.views.window_titles import shown_title

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from trayquota.core.history import AccountHistory, WindowHistory
    from trayquota.views.labels import DisplayOptions

_ROWS = 3
_MARGIN = 6
_LEAST_COLUMNS = 10
_WIDTH = 100
"""At most so many columns, for a chart that is wider is no clearer."""


def print_charts(
    histories: Sequence[AccountHistory], start: datetime, now: datetime, options: DisplayOptions, console: Console
) -> None:
    """Print a chart of each window: how much was left, or used, from ``start`` to ``now``."""
    from rich.padding import Padding
    from rich.text import Text

    # A terminal that does not know its width may say 0, of which nothing would be printed.
    console.width = max(console.width, _MARGIN + _LEAST_COLUMNS)
    columns = min(console.width, _WIDTH) - _MARGIN
    for number, history in enumerate(histories):
        if number:
            console.print()
        console.print(Text(account_label(history.account, options), style="bold"))
        for window in history.windows:
            console.print(Padding(Text(window_summary(window)), (0, 0, 0, 2), expand=False))
            for line in _chart(window, start, now, columns, options):
                console.print(line)
            console.print(Text(" " * _MARGIN + _axis(start, columns, options), style="dim"))


def window_summary(window: WindowHistory) -> str:
    """Return ``Weekly: 12 cycles ended, on average 64% used, 36% left unused``."""
    ended = [cycle for cycle in window.cycles if cycle.ended_at is not None]
    if not ended:
        return _("{window}: no cycle has ended yet").format(window=shown_title(window.title))
    used = round(sum(cycle.used_percent for cycle in ended) / len(ended))
    form = ngettext(
        "{window}: {count} cycle ended, on average {used} used, {unused} left unused",
        "{window}: {count} cycles ended, on average {used} used, {unused} left unused",
        len(ended),
    )
    return form.format(
        window=shown_title(window.title),
        count=len(ended),
        used=percent_number(used),
        unused=percent_number(100 - used),
    )


def now_mark() -> str:
    """Return what stands at the present on an axis of time."""
    return pgettext("on an axis of time", "now")


def _chart(window: WindowHistory, start: datetime, now: datetime, columns: int, options: DisplayOptions) -> list[Text]:
    from rich.text import Text

    values = lowest_remaining(window.samples, start, now, columns)
    lines = []
    for row in reversed(range(_ROWS)):
        label = {_ROWS - 1: "100%", 0: "0%"}.get(row, "")
        line = Text(f"{label:>{_MARGIN - 1}} ", style="dim")
        for value in values:
            if value is None:
                line.append(" ")
            else:
                line.append(_cell(shown_share(value, options), row), style=LEVEL_STYLES[options.level(value)])
        line.rstrip()
        lines.append(line)
    return lines


def _cell(value: float, row: int) -> str:
    """Return a column's character in one of the rows; what is known to be nothing is a thin line at the bottom."""
    eighths = round(value / 100 * _ROWS * 8) - row * 8
    return BLOCKS[max(1 if row == 0 else 0, min(8, eighths))]


def _axis(start: datetime, columns: int, options: DisplayOptions) -> str:
    from rich.cells import cell_len

    first = options.clock_format.day(start.astimezone(options.zone))
    now = now_mark()
    return f"{first}{' ' * (columns - cell_len(first) - cell_len(now))}{now}"
