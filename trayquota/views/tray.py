"""Snapshot, moment and look → the whole view."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.model import AccountState
from trayquota.core.text import clean, format_age
from trayquota.views.labels import (
    account_label,
    failure_label,
    needs_user,
    percent_text,
    state_label,
    state_lines,
    whole_percent,
    window_label,
    window_summary,
)
from trayquota.views.tray_view import Action, ActionKind, IconSpec, Level, MenuItem, Placeholder, TrayView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trayquota.core.model import AccountUsage, Lowest, QuotaWindow, Snapshot
    from trayquota.views.labels import DisplayOptions

MOST_INLINE = 8
"""With more accounts than this each gets a submenu."""
_MOST_LINES = 20
_ROW_WIDTH = 76
_SEPARATOR = MenuItem(separator=True)
_SESSION_S = 24 * 3600


def tray_view(
    snapshot: Snapshot,
    now: datetime,
    look: DisplayOptions,
    *,
    settings: MenuItem | None = None,
    problem: str | None = None,
) -> TrayView:
    """Return what the tray shows for ``snapshot`` at ``now``.

    Args:
        snapshot: The accounts.
        now: The moment.
        look: How things are shown.
        settings: A submenu with the settings, where there are any to make.
        problem: What is wrong with the settings.
    """
    snapshot = with_display_names(snapshot, look)
    lowest = snapshot.lowest(now, look.ignored_windows)
    return TrayView(
        icon=icon_spec(snapshot, lowest, look, now),
        headline=_headline(snapshot, lowest, now, look),
        lines=(*_lines(snapshot, now, look), _updated(snapshot, now)),
        brief=tuple(_brief(each, now, look) for each in _ranked(snapshot, now, look)),
        menu=tuple(_menu(snapshot, now, look, settings, problem)),
        needs_attention=any(needs_user(each) for each in snapshot.accounts),
    )


def with_display_names(snapshot: Snapshot, look: DisplayOptions) -> Snapshot:
    """Return the snapshot with the names that are to be shown."""
    return anonymized(snapshot) if look.hide_names else snapshot


def anonymized(snapshot: Snapshot) -> Snapshot:
    """Return the same with numbers for names, for when others can see the screen."""
    seen: Counter[str] = Counter()
    usages = []
    for usage in snapshot.accounts:
        seen[usage.account.provider] += 1
        account = replace(usage.account, name=f"account {seen[usage.account.provider]}")
        usages.append(replace(usage, account=account))
    return replace(snapshot, accounts=tuple(usages))


def icon_spec(snapshot: Snapshot, lowest: Lowest | None, look: DisplayOptions, now: datetime) -> IconSpec:
    """Return what decides the picture."""
    attention = any(needs_user(each) for each in snapshot.accounts)
    if lowest is None:
        return IconSpec(placeholder=_mark(snapshot, attention=attention), style=look.style)
    percent = whole_percent(lowest.remaining_percent)
    return IconSpec(
        percent=percent,
        level=level(lowest.remaining_percent, look),
        stale=lowest.usage.state is AccountState.STALE,
        attention=attention,
        bars=_bars(lowest.usage, now, look) if look.style == "bar" else (None, None),
        style=look.style,
    )


def level(remaining: float, look: DisplayOptions) -> Level:
    """Return the level of a remaining percent by the person's thresholds."""
    if remaining <= 0:
        return Level.EMPTY
    if remaining < look.critical_percent:
        return Level.CRITICAL
    return Level.LOW if remaining < look.low_percent else Level.PLENTY


def tooltip(shown: TrayView) -> str:
    """Return the tooltip for trays with room: the headline, then a line per account."""
    return "\n".join((shown.headline, *shown.lines))


def tooltip_within(shown: TrayView, limit: int) -> str:
    """Return a tooltip of at most ``limit`` UTF-16 units, as Windows counts them.

    The headline comes first, then as many accounts as fit, those that need the user and then the most constrained
    first, then how many are left out.
    """
    text = tooltip(shown)
    if _units(text) <= limit:
        return text
    kept = [_cut(shown.headline, limit)]
    for done, words in enumerate(shown.brief):
        left = len(shown.brief) - done - 1
        rest = [f"+{left} more"] if left else []
        if _units("\n".join((*kept, words, *rest))) > limit:
            more = f"+{left + 1} more"
            return "\n".join((*kept, more)) if _units("\n".join((*kept, more))) <= limit else "\n".join(kept)
        kept.append(words)
    return "\n".join(kept)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, limit: int) -> str:
    while _units(text) > limit:
        text = text[:-2].rstrip() + "…" if limit > 0 else ""
    return text


def _mark(snapshot: Snapshot, *, attention: bool) -> Placeholder:
    states = {each.state for each in snapshot.accounts}
    if not states - {AccountState.DISABLED, AccountState.UNSUPPORTED}:
        return Placeholder.NO_ACCOUNTS
    if AccountState.PENDING in states:
        return Placeholder.LOADING
    return Placeholder.ATTENTION if attention else Placeholder.UNKNOWN


def _bars(usage: AccountUsage, now: datetime, look: DisplayOptions) -> tuple[int | None, int | None]:
    """Return the account's lowest short and its lowest long window."""

    def lowest(*, long: bool) -> int | None:
        known = [
            each.remaining_percent
            for each in usage.live_windows(now, look.ignored_windows)
            if (each.window.duration_s is None or each.window.duration_s > _SESSION_S) == long
        ]
        return whole_percent(min(known)) if known else None

    return lowest(long=False), lowest(long=True)


def _headline(snapshot: Snapshot, lowest: Lowest | None, now: datetime, look: DisplayOptions) -> str:
    if lowest is not None:
        words = f"{percent_text(lowest.remaining_percent)} left"
        if lowest.usage.state is AccountState.STALE and lowest.usage.updated_at is not None:
            words += f" {format_age((now - lowest.usage.updated_at).total_seconds())}"
        return f"{words}: {account_label(lowest.usage.account, look)}, {lowest.window.title}"
    for usage in snapshot.accounts:
        if needs_user(usage) and usage.failure is not None:
            return f"{account_label(usage.account, look)}: {failure_label(usage.failure, now, look)}"
    match _mark(snapshot, attention=False):
        case Placeholder.LOADING:
            return "Asking for quotas…"
        case Placeholder.NO_ACCOUNTS:
            return "No accounts to ask"
        case _:
            return "Quotas unknown"


def _ranked(snapshot: Snapshot, now: datetime, look: DisplayOptions) -> list[AccountUsage]:
    """Return the accounts, those that need the user first, then the most constrained."""

    def rank(usage: AccountUsage) -> tuple[int, float]:
        if needs_user(usage):
            return (0, 0.0)
        left = _least(usage, now, look)
        return (1, left) if left is not None else (2, 0.0)

    return sorted(snapshot.accounts, key=rank)


def _least(usage: AccountUsage, now: datetime, look: DisplayOptions) -> float | None:
    return min((each.remaining_percent for each in usage.live_windows(now, look.ignored_windows)), default=None)


def _brief(usage: AccountUsage, now: datetime, look: DisplayOptions) -> str:
    left = _least(usage, now, look)
    words = percent_text(left) if left is not None else state_label(usage, now, look)
    return f"{account_label(usage.account, look)} {words}"


def _lines(snapshot: Snapshot, now: datetime, look: DisplayOptions) -> Iterator[str]:
    if snapshot.notice:
        yield snapshot.notice
    shown = snapshot.accounts
    if len(shown) > _MOST_LINES:
        kept = {each.account.id for each in _ranked(snapshot, now, look)[: _MOST_LINES - 1]}
        shown = tuple(each for each in shown if each.account.id in kept)
    for usage in shown:
        yield _line(usage, now, look)
    if len(shown) < len(snapshot.accounts):
        yield f"+{len(snapshot.accounts) - len(shown)} more"


def _line(usage: AccountUsage, now: datetime, look: DisplayOptions) -> str:
    parts = [window_summary(each, now) for each in usage.windows] if usage.counts else []
    extra = state_label(usage, now, look)
    words = ", ".join(parts)
    if extra:
        words = f"{words} · {extra}" if words else extra
    return f"{account_label(usage.account, look)}: {words}"


def _updated(snapshot: Snapshot, now: datetime) -> str:
    if snapshot.refreshing:
        return "Refreshing…"
    if snapshot.updated_at is None:
        return "Not updated yet"
    return f"Updated {format_age((now - snapshot.updated_at).total_seconds())}"


def _menu(
    snapshot: Snapshot, now: datetime, look: DisplayOptions, settings: MenuItem | None, problem: str | None
) -> Iterator[MenuItem]:
    if problem:
        yield from _text_rows(problem)
    if snapshot.notice:
        yield from _text_rows(snapshot.notice)
    nested = len(snapshot.accounts) > MOST_INLINE
    for usage in snapshot.accounts:
        lines = (row for line in state_lines(usage, now, look) for row in _text_rows(line))
        rows = (*_window_rows(usage, now, look), *lines)
        header = _header(usage, now, look, nested=nested)
        if nested:
            yield MenuItem(header, children=rows)
        else:
            yield MenuItem(
                header,
                Action(ActionKind.OPEN_FOLDER, usage.account.folder),
                enabled=usage.state is not AccountState.DISABLED,
            )
            yield from (MenuItem("  " + row.label, row.action, row.enabled) for row in rows)
    if snapshot.accounts or snapshot.notice or problem:
        yield _SEPARATOR
    yield MenuItem("Refresh now", Action(ActionKind.REFRESH), default=True)
    yield MenuItem(_updated(snapshot, now), enabled=False)
    yield _SEPARATOR
    yield MenuItem("Open credentials folder", Action(ActionKind.OPEN_FOLDER))
    if settings is not None:
        yield settings
    yield MenuItem("Quit", Action(ActionKind.QUIT))


def _header(usage: AccountUsage, now: datetime, look: DisplayOptions, *, nested: bool) -> str:
    account = usage.account
    parts = [look.provider_title(account.provider), account.name]
    if account.plan:
        parts.append(account.plan)
    if nested:
        left = _least(usage, now, look)
        parts.append(percent_text(left) if left is not None else state_label(usage, now, look))
    return clean(" · ".join(parts), 200)


def _window_rows(usage: AccountUsage, now: datetime, look: DisplayOptions) -> Iterator[MenuItem]:
    page = look.usage_page(usage.account.provider)
    action = Action(ActionKind.OPEN_PAGE, page) if page else None
    windows: tuple[QuotaWindow, ...] = usage.windows if usage.counts else ()
    for window in windows:
        yield MenuItem(window_label(window, now, look), action, enabled=action is not None)


def _text_rows(text: str) -> Iterator[MenuItem]:
    for line in textwrap.wrap(text, _ROW_WIDTH):
        yield MenuItem(line, enabled=False)
