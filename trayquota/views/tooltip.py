"""Snapshot → the lines of the tooltip, and as many of them as a tray has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import AccountState
from trayquota.core.text import format_age
from trayquota.views.fit import fit_lines, utf16_units
from trayquota.views.icon import placeholder
from trayquota.views.labels import (
    account_label,
    failure_label,
    lowest_label,
    needs_user,
    percent_text,
    state_label,
    updated_label,
    window_summary,
)
from trayquota.views.tray_view import Placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trayquota.core.model import AccountUsage, LiveWindow, Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import TrayView

_MAX_ACCOUNT_LINES = 20


def headline(snapshot: Snapshot, lowest: LiveWindow | None, now: datetime, options: DisplayOptions) -> str:
    """Return the one thing that matters; ``lowest`` is the snapshot's most constrained window."""
    if lowest is not None:
        text = f"{percent_text(lowest.remaining_percent)} left"
        if lowest.usage.state is AccountState.STALE and lowest.usage.updated_at is not None:
            text += f" {format_age((now - lowest.usage.updated_at).total_seconds())}"
        return f"{text}: {account_label(lowest.usage.account, options)}, {lowest.window.title}"
    for usage in snapshot.accounts:
        if needs_user(usage) and usage.failure is not None:
            return f"{account_label(usage.account, options)}: {failure_label(usage.failure, now, options)}"
    match placeholder(snapshot, attention=False):
        case Placeholder.LOADING:
            return "Asking for quotas…"
        case Placeholder.NO_ACCOUNTS:
            return "No accounts to ask"
        case _:
            return "Quotas unknown"


def tooltip_lines(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Iterator[str]:
    """Yield what follows the headline: the folder's notice, a line per account, and how old it all is."""
    if snapshot.notice:
        yield snapshot.notice
    shown = snapshot.accounts
    if len(shown) > _MAX_ACCOUNT_LINES:
        kept = {usage.account.id for usage in _by_urgency(snapshot, now, options)[: _MAX_ACCOUNT_LINES - 1]}
        shown = tuple(usage for usage in shown if usage.account.id in kept)
    for usage in shown:
        yield _account_line(usage, now, options)
    if len(shown) < len(snapshot.accounts):
        yield f"+{len(snapshot.accounts) - len(shown)} more"
    yield updated_label(snapshot, now)


def brief_lines(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Iterator[str]:
    """Yield a short text per account, those that need the user first, then the most constrained."""
    for usage in _by_urgency(snapshot, now, options):
        yield f"{account_label(usage.account, options)} {lowest_label(usage, now, options)}"


def tooltip(view: TrayView) -> str:
    """Return the tooltip for trays with room: the headline, then a line per account."""
    return "\n".join((view.headline, *view.lines))


def tooltip_within(view: TrayView, limit: int) -> str:
    """Return a tooltip of at most ``limit`` UTF-16 units, as Windows counts them.

    The headline comes first, then as many accounts as fit, those that need the user and then the most constrained
    first, then how many are left out.
    """
    text = tooltip(view)
    if utf16_units(text) <= limit:
        return text
    return fit_lines("\n".join((view.headline, *view.brief)), limit)


def _by_urgency(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> list[AccountUsage]:
    """Return the accounts, those that need the user first, then the most constrained."""

    def rank(usage: AccountUsage) -> tuple[int, float]:
        if needs_user(usage):
            return (0, 0.0)
        lowest = usage.lowest(now, options.ignored_windows)
        return (2, 0.0) if lowest is None else (1, lowest.remaining_percent)

    return sorted(snapshot.accounts, key=rank)


def _account_line(usage: AccountUsage, now: datetime, options: DisplayOptions) -> str:
    windows = usage.windows if usage.counts else ()
    summaries = ", ".join(window_summary(window, now, usage.updated_at) for window in windows)
    parts = (summaries, state_label(usage, now, options))
    return f"{account_label(usage.account, options)}: {' · '.join(part for part in parts if part)}"
