"""Snapshot → the table of ``status`` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import Level
from trayquota.core.text import format_age
from trayquota.views.advice import NEXT_MARK, advise, find_next
from trayquota.views.display_names import SEPARATOR, header_parts, with_display_names
from trayquota.views.labels import account_label, extra_lines, state_lines, window_label
from trayquota.views.percents import BAR_CELLS, amount_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.views.labels import DisplayOptions

_STYLES = {Level.PLENTY: "green", Level.LOW: "yellow", Level.CRITICAL: "red", Level.EMPTY: "red"}


def print_table(snapshot: Snapshot, now: datetime, options: DisplayOptions, console: Console) -> None:
    """Print ``snapshot`` for people."""
    for line in table_lines(snapshot, now, options):
        console.print(line)


def table_lines(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Iterator[Text]:
    """Yield the table of ``snapshot``, line by line."""
    from rich.text import Text

    snapshot = with_display_names(snapshot, options)
    advice = advise(snapshot, find_next(snapshot, now, options), now, options)
    for usage in snapshot.accounts:
        name, *plan = header_parts(usage.account)
        title = Text(SEPARATOR.join((options.provider_title(usage.account.provider), name)), style="bold")
        title.append("".join(f"{SEPARATOR}{part}" for part in plan), style="not bold")
        if usage.account.id == advice.next_id:
            title.append(f"{SEPARATOR}{NEXT_MARK}", style="not bold green")
        yield title
        for window in usage.windows if usage.counts else ():
            yield Text("  ").append(_window_text(usage, window, now, options))
        for line in extra_lines(usage, now, options):
            yield Text(f"  {line}", style="dim")
        for line in state_lines(usage, now, options):
            yield Text(f"  {line}", style="yellow" if usage.failure else "dim")
    lowest = snapshot.lowest(now, options.ignored_windows)
    if lowest is not None:
        name = account_label(lowest.usage.account, options)
        extreme = "most" if options.shows_used else "least"
        amount = amount_text(lowest.remaining_percent, options)
        yield Text()
        yield Text(f"{amount} at the {extreme}: {name}, {lowest.window.title}")
    # Who is next is marked in the list.
    relief = "" if advice.next_id else advice.line
    for line in filter(None, (relief, *advice.lapses)):
        yield Text(line)
    if snapshot.updated_at is not None:
        yield Text(f"Updated {format_age((now - snapshot.updated_at).total_seconds())}", style="dim")


def _window_text(usage: AccountUsage, window: QuotaWindow, now: datetime, options: DisplayOptions) -> Text:
    """Return the row of a window, its bar in the colour of its level."""
    from rich.text import Text

    text = Text(window_label(window, now, usage.updated_at, options))
    remaining = None if window.has_reset(now, usage.updated_at) else window.remaining_percent
    if remaining is not None:
        text.stylize(_STYLES[options.level(remaining)], 0, BAR_CELLS)
    return text
