"""Snapshot → the table of ``status`` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.text import format_age
from trayquota.core.translation import _
from trayquota.views.advice import advise, find_next, next_mark
from trayquota.views.display_names import SEPARATOR, header_parts, with_display_names
from trayquota.views.labels import extra_lines, state_lines, window_label, window_subject
from trayquota.views.percents import BAR_CELLS, LEVEL_STYLES, amount_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.views.labels import DisplayOptions


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
            title.append(f"{SEPARATOR}{next_mark()}", style="not bold green")
        yield title
        for window in usage.windows if usage.counts else ():
            yield Text("  ").append(_window_text(usage, window, now, options))
        for line in extra_lines(usage, now, options):
            yield Text(f"  {line}", style="dim")
        for line in state_lines(usage, now, options):
            yield Text(f"  {line}", style="yellow" if usage.failure else "dim")
    lowest = snapshot.lowest(now, options.ignored_windows)
    if lowest is not None:
        subject = window_subject(lowest.usage.account, lowest.window.title, options)
        amount = amount_text(lowest.remaining_percent, options)
        form = _("{amount} at the most: {subject}") if options.shows_used else _("{amount} at the least: {subject}")
        yield Text()
        yield Text(form.format(amount=amount, subject=subject))
    # Who is next is marked in the list.
    relief = "" if advice.next_id else advice.line
    for line in filter(None, (relief, *advice.lapses)):
        yield Text(line)
    if snapshot.updated_at is not None:
        age = format_age((now - snapshot.updated_at).total_seconds())
        yield Text(_("Updated {age}").format(age=age), style="dim")


def _window_text(usage: AccountUsage, window: QuotaWindow, now: datetime, options: DisplayOptions) -> Text:
    """Return the row of a window, its bar in the colour of its level."""
    from rich.text import Text

    text = Text(window_label(window, now, usage.updated_at, options))
    remaining = None if window.has_reset(now, usage.updated_at) else window.remaining_percent
    if remaining is not None:
        text.stylize(LEVEL_STYLES[options.level(remaining)], 0, BAR_CELLS)
    return text
