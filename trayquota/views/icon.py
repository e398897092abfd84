"""Snapshot → what decides the icon's picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NEVER_POLLED, AccountState, Level
from trayquota.core.text import format_short_duration
from trayquota.views.labels import needs_user
from trayquota.views.percents import shown_number
from trayquota.views.tray_view import IconSpec, Placeholder

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import AccountUsage, LiveWindow, Snapshot
    from trayquota.views.icon_subject import IconSubject
    from trayquota.views.labels import DisplayOptions

_SESSION_S = 24 * 3600
"""The longest a window of the bar for sessions lasts."""


def icon_spec(snapshot: Snapshot, subject: IconSubject, options: DisplayOptions, now: datetime) -> IconSpec:
    """Return what decides the picture of ``subject``, and whether an account of ``snapshot`` needs the user."""
    attention = any(needs_user(usage) for usage in snapshot.accounts)
    lowest = subject.window
    color = options.plain_color if options.style == "plain" else ""
    if lowest is None:
        is_it = any(needs_user(usage) for usage in subject.snapshot.accounts)
        mark = placeholder(subject.snapshot, attention=is_it)
        return IconSpec(placeholder=mark, attention=attention and not is_it, style=options.style, color=color)
    is_stale = lowest.usage.state is AccountState.STALE
    level = options.level(lowest.remaining_percent)
    return IconSpec(
        percent=shown_number(lowest.remaining_percent, options),
        level=level,
        stale=is_stale,
        attention=attention,
        bars=_bars(lowest.usage, now, options) if options.style == "bar" else (None, None),
        style=options.style,
        countdown=_countdown(lowest, now, options),
        color=color,
        is_calm=options.is_calm and level is Level.PLENTY and not is_stale and options.style != "bar",
    )


def placeholder(snapshot: Snapshot, *, attention: bool) -> Placeholder:
    """Return what stands for a snapshot without a number; ``attention``: an account needs the user."""
    states = {usage.state for usage in snapshot.accounts}
    if not states - NEVER_POLLED:
        return Placeholder.NO_ACCOUNTS
    if AccountState.PENDING in states:
        return Placeholder.LOADING
    return Placeholder.ATTENTION if attention else Placeholder.UNKNOWN


def _countdown(live: LiveWindow, now: datetime, options: DisplayOptions) -> str:
    """Return the time to the reset of an empty window; empty where there is a number to show, or no reset is known."""
    resets_at = live.window.resets_at
    is_empty = options.level(live.remaining_percent) is Level.EMPTY
    if not options.icon_counts_down or not is_empty or resets_at is None or resets_at <= now:
        return ""
    return format_short_duration((resets_at - now).total_seconds())


def _bars(usage: AccountUsage, now: datetime, options: DisplayOptions) -> tuple[int | None, int | None]:
    """Return the account's lowest short and its lowest long window."""

    def lowest(*, long: bool) -> int | None:
        percents = [
            live.remaining_percent
            for live in usage.live_windows(now, options.ignored_windows)
            if (live.window.duration_s is None or live.window.duration_s > _SESSION_S) == long
        ]
        return shown_number(min(percents), options) if percents else None

    return lowest(long=False), lowest(long=True)
