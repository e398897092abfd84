"""Snapshot → the rows of the menu."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from trayquota.core.model import AccountState
from trayquota.core.text import clean
from trayquota.views.display_names import SEPARATOR, header_parts
from trayquota.views.labels import extra_lines, lowest_label, state_lines, updated_label, window_label
from trayquota.views.tray_view import MenuItem, OpenFolder, OpenPage, Quit, Refresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from trayquota.core.model import AccountUsage, Snapshot
from trayquota.views.labels import DisplayOptions

MAX_INLINE_ACCOUNTS = 8
"""With more accounts than this each gets a submenu."""
_ROW_CHARS = 76
_HEADER_CHARS = 200
_SEPARATOR = MenuItem(separator=True)


def menu_items(
    snapshot: Snapshot, now: datetime, options: DisplayOptions, settings: MenuItem | None, problem: str | None
) -> Iterator[MenuItem]:
    """Yield the rows of the whole menu.

    Args:
        snapshot: The accounts.
        now: The moment.
        options: How things are shown.
        settings: A submenu with the settings, where there are any to make.
        problem: What is wrong with the settings.
    """
    if problem:
        yield from _text_rows(problem)
    if snapshot.notice:
        yield from _text_rows(snapshot.notice)
    yield from _account_items(snapshot, now, options)
    if snapshot.accounts or snapshot.notice or problem:
        yield _SEPARATOR
    yield MenuItem("Refresh now", Refresh(), default=True)
    yield MenuItem(updated_label(snapshot, now), enabled=False)
    yield _SEPARATOR
    yield MenuItem("Open credentials folder", OpenFolder())
    if settings is not None:
        yield settings
    yield MenuItem("Quit", Quit())


def _account_items(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> Iterator[MenuItem]:
    are_nested = len(snapshot.accounts) > MAX_INLINE_ACCOUNTS
    for usage in snapshot.accounts:
        texts = (*extra_lines(usage, now, options), *state_lines(usage, now, options))
        lines = (row for text in texts for row in _text_rows(text))
        rows = (*_window_rows(usage, now, options), *lines)
        if are_nested:
            yield MenuItem(_header(usage, options, lowest_label(usage, now, options)), children=rows)
        else:
            is_enabled = usage.state is not AccountState.DISABLED
            yield MenuItem(_header(usage, options), OpenFolder(usage.account.folder), enabled=is_enabled)
            yield from (MenuItem("  " + row.label, row.action, row.enabled) for row in rows)


def _header(usage: AccountUsage, options: DisplayOptions, *more: str) -> str:
    parts = (options.provider_title(usage.account.provider), *header_parts(usage.account), *more)
    return clean(SEPARATOR.join(parts), _HEADER_CHARS)


def _window_rows(usage: AccountUsage, now: datetime, options: DisplayOptions) -> Iterator[MenuItem]:
    page = options.usage_page(usage.account.provider)
    action = OpenPage(page) if page else None
    for window in usage.windows if usage.counts else ():
        yield MenuItem(window_label(window, now, usage.updated_at, options), action, enabled=action is not None)


def _text_rows(text: str) -> Iterator[MenuItem]:
    for line in textwrap.wrap(text, _ROW_CHARS):
        yield MenuItem(line, enabled=False)
