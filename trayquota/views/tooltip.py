"""Snapshot → the lines of the tooltip, and as many of them as a tray has room for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from trayquota.core.model import AccountState
from trayquota.core.text import format_age, joined
from trayquota.core.translation import _, shown
from trayquota.views.icon import placeholder
from trayquota.views.labels import (
    LEAST_NAME_CHARS,
    account_label,
    by_urgency,
    failure_label,
    lowest_label,
    needs_user,
    state_label,
    updated_label,
    window_subject,
    window_summary,
)
from trayquota.views.percents import amount_text
from trayquota.views.tray_context import NO_LIMITS, TrayLimits
from trayquota.views.tray_view import Placeholder
from trayquota.views.utf16_text import fit_lines, more_text, utf16_units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from trayquota.core.model import AccountUsage, LiveWindow, Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import TrayView

_MAX_ACCOUNT_LINES = 20


def headline(snapshot: Snapshot, lowest: LiveWindow | None, now: datetime, options: DisplayOptions) -> str:
    """Return the one thing that matters; ``lowest`` is the window that the icon shows, if it shows one."""
    if lowest is not None:
        text = amount_text(lowest.remaining_percent, options)
        if lowest.usage.state is AccountState.STALE and lowest.usage.updated_at is not None:
            age = format_age((now - lowest.usage.updated_at).total_seconds())
            # Translators: as in "42% left 5 min ago"
            text = _("{amount} {age}").format(amount=text, age=age)
        window = window_subject(lowest.usage.account, lowest.window.title, options)
        return _("{subject}: {text}").format(subject=text, text=window)
    for usage in snapshot.accounts:
        if needs_user(usage) and usage.failure is not None:
            problem = failure_label(usage.failure, now, options)
            return _("{subject}: {text}").format(subject=account_label(usage.account, options), text=problem)
    match placeholder(snapshot, attention=False):
        case Placeholder.LOADING:
            return _("Asking for quotas…")
        case Placeholder.NO_ACCOUNTS:
            return _("No accounts to ask")
        case _:
            return _("Quotas unknown")


def tooltip_lines(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Iterator[str]:
    """Yield what follows the headline: the sources' notice, a line per account, and how old it all is."""
    if snapshot.notice:
        yield shown(snapshot.notice)
    usages = by_urgency(snapshot.accounts, now, options)
    listed = usages if len(usages) <= _MAX_ACCOUNT_LINES else usages[: _MAX_ACCOUNT_LINES - 1]
    for usage in listed:
        yield _account_line(usage, now, options)
    if len(listed) < len(usages):
        yield more_text(len(usages) - len(listed))
    yield updated_label(snapshot, now)


def brief_lines(
    snapshot: Snapshot, now: datetime, options: DisplayOptions, max_chars: int | None = None
) -> Iterator[str]:
    """Yield a short text per account, of at most ``max_chars`` characters by shortening the name."""
    for usage in by_urgency(snapshot.accounts, now, options):
        rest = lowest_label(usage, now, options)
        line = f"{account_label(usage.account, options)} {rest}"
        if max_chars is not None and len(line) > max_chars:
            name_chars = max_chars - len(options.provider_title(usage.account.provider)) - len(rest) - 2
            line = f"{account_label(usage.account, options, max(LEAST_NAME_CHARS, name_chars))} {rest}"
        yield line


def tooltip(view: TrayView, limits: TrayLimits = NO_LIMITS) -> str:
    """Return the tooltip: the headline, what to do next, then as much of all accounts as the tray shows.

    Where lines are too many or too long there is a short one per account, those that need the user and then the most
    constrained first, then how many are left out. Empty where the person wants none.
    """
    if not view.has_tooltip:
        return ""
    # On Windows' few characters the accounts come first; the menu has the advice.
    advice = (view.advice,) if view.advice else ()
    full = (view.headline, *advice, *view.lines)
    if (limit := limits.tooltip_utf16_units) is not None:
        text = "\n".join(full)
        return text if utf16_units(text) <= limit else fit_lines("\n".join((view.headline, *view.brief)), limit)
    if _fits(full[1:], limits):
        return "\n".join(full)
    for count in range(len(view.brief), -1, -1):
        lines = (*advice, *view.brief[:count], *_last_lines(view, len(view.brief) - count))
        if _fits(lines, limits):
            return "\n".join((view.headline, *lines))
    return view.headline


def _last_lines(view: TrayView, left_out: int) -> list[str]:
    """Return what follows the short lines: how many accounts are left out, and the age."""
    age = list(view.lines[-1:])
    return [" · ".join([more_text(left_out), *age])] if left_out else age


def _fits(lines: Sequence[str], limits: TrayLimits) -> bool:
    if limits.tooltip_lines is None:
        return True
    width = limits.tooltip_chars
    rows = sum(1 if width is None else max(1, len(textwrap.wrap(line, width))) for line in lines)
    return rows <= limits.tooltip_lines


def _account_line(usage: AccountUsage, now: datetime, options: DisplayOptions) -> str:
    windows = usage.windows if usage.counts else ()
    summaries = joined(window_summary(window, now, usage.updated_at, options) for window in windows)
    parts = (summaries, state_label(usage, now, options))
    text = " · ".join(part for part in parts if part)
    return _("{subject}: {text}").format(subject=account_label(usage.account, options), text=text)
