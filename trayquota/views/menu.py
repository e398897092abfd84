"""Snapshot → the rows of the menu, no more of them than the tray has room for."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import AccountState
from trayquota.core.rotation import last_in_rotation
from trayquota.core.text import clean, shorten_middle
from trayquota.core.translation import _, shown
from trayquota.views.account_menu import action_rows, home_row, with_sign_in
from trayquota.views.advice import next_mark
from trayquota.views.display_names import SEPARATOR, header_parts
from trayquota.views.labels import by_urgency, extra_lines, lowest_label, state_lines, updated_label, window_label
from trayquota.views.sparklines import turned
from trayquota.views.tray_view import Arrangement, MenuItem, OpenFolder, OpenHistory, OpenPage, Quit, Refresh

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_context import TrayContext

MAX_ACCOUNTS_IN_ORDER = 5
"""More accounts than this are ordered by need."""
_ROW_CHARS = 76
_NAME_CHARS = 48
_HEADER_CHARS = 200
_SEPARATOR = MenuItem(separator=True)


class AccountRows(Struct, frozen=True):
    """One account's rows, which stand in the menu itself or in a submenu.

    Attributes:
        header: Who it is, and a submenu of what can be done with it.
        nested: The row that opens the others as a submenu.
        rows: Its windows and what else there is to say.
    """

    header: MenuItem
    nested: MenuItem
    rows: tuple[MenuItem, ...]

    @property
    def inline(self) -> tuple[MenuItem, ...]:
        """All as rows of the menu itself."""
        return (self.header, *(replace(row, label=f"  {row.label}") for row in self.rows))


def menu_items(
    snapshot: Snapshot,
    accounts: Mapping[str, AccountRows],
    arrangement: Arrangement,
    now: datetime,
    context: TrayContext,
) -> Iterator[MenuItem]:
    """Yield the rows of the whole menu.

    Args:
        snapshot: The accounts.
        accounts: Their rows, by account id.
        arrangement: Where each account is.
        now: The moment.
        context: What else there is in the menu, and how many rows there may be.
    """
    notes = [*_note_rows(snapshot, context), *_advice_rows(context)]
    yield from notes
    for account_id in arrangement.inline:
        yield from accounts[account_id].inline
    yield from (accounts[account_id].nested for account_id in arrangement.nested)
    if arrangement.more:
        rest = [accounts[account_id].nested for account_id in arrangement.more]
        yield MenuItem(_("More accounts"), children=paged(rest, context.limits.menu_rows), key="more")
    if snapshot.accounts or notes:
        yield _SEPARATOR
    yield MenuItem(_("Refresh now"), Refresh(), default=True)
    yield MenuItem(updated_label(snapshot, now), enabled=False, key="updated")
    yield _SEPARATOR
    if context.snooze is not None:
        yield context.snooze
    if context.has_history:
        yield MenuItem(_("History…"), OpenHistory())
    yield MenuItem(_("Open credentials folder"), OpenFolder())
    if context.settings is not None:
        yield context.settings
    yield MenuItem(_("Quit"), Quit())


def account_rows(
    snapshot: Snapshot, now: datetime, options: DisplayOptions, *, next_id: str = ""
) -> dict[str, AccountRows]:
    """Return each account's rows by its id; the one to use next is marked."""
    found, last = {}, last_in_rotation(snapshot.accounts)
    for usage in snapshot.accounts:
        said = with_sign_in(state_lines(usage, now, options), usage, options)
        texts = (*extra_lines(usage, now, options), *said)
        lines = _numbered(usage, [row for text in texts for row in _text_rows(text)])
        rows = (*_window_rows(usage, now, options), *lines)
        account = usage.account
        actions = action_rows(account, is_last=account.id in last)
        mark = (next_mark(),) if account.id == next_id else ()
        found[account.id] = AccountRows(
            MenuItem(
                _header(usage, options, *mark),
                enabled=usage.state is not AccountState.DISABLED or account.paused,
                children=(home_row(account), *actions),
                key=account.id,
            ),
            MenuItem(
                _header(usage, options, lowest_label(usage, now, options), *mark),
                children=(*rows, *actions),
                key=account.id,
            ),
            rows,
        )
    return found


def arrange(
    snapshot: Snapshot,
    accounts: Mapping[str, AccountRows],
    now: datetime,
    options: DisplayOptions,
    room: int,
) -> Arrangement:
    """Return where each account is: as many with all their rows in the menu itself as there is room for.

    Few accounts keep the order of the snapshot. Where they are many, or do not fit, the most constrained come first
    and the rest goes below "More accounts".

    Args:
        snapshot: The accounts.
        accounts: Their rows, by account id.
        now: The moment.
        options: What counts as constrained.
        room: How many rows there are for accounts.
    """
    ids = [usage.account.id for usage in snapshot.accounts]
    fits = sum(len(accounts[account_id].inline) for account_id in ids) <= room
    if len(ids) > MAX_ACCOUNTS_IN_ORDER or not fits:
        ids = [usage.account.id for usage in by_urgency(snapshot.accounts, now, options)]
    if fits:
        return Arrangement(inline=tuple(ids))
    count, left = 0, room - 1
    while count < len(ids) and len(accounts[ids[count]].inline) <= left:
        left -= len(accounts[ids[count]].inline)
        count += 1
    # Where not even the first has room for all its rows, each is a submenu of its own.
    split = count or left
    more = ids[split:]
    if len(more) == 1:
        split, more = split + 1, []
    return Arrangement(tuple(ids[:count]), tuple(ids[count:split]), tuple(more))


def account_room(snapshot: Snapshot, context: TrayContext) -> int:
    """Return how many rows of the menu are left for accounts, at least two."""
    others = (
        4
        + (context.settings is not None)
        + context.has_history
        + (context.snooze is not None)
        + len([*_note_rows(snapshot, context), *_advice_rows(context)])
    )
    return max(2, context.limits.menu_rows - others)


def paged(items: Sequence[MenuItem], size: int) -> tuple[MenuItem, ...]:
    """Return a submenu's rows, below further submenus where they are more than ``size``."""
    if len(items) <= size:
        return tuple(items)
    span = size
    while span * size < len(items):
        span *= size
    starts = range(0, len(items), span)
    pages = (paged(items[start : start + span], size) for start in starts)
    return tuple(
        MenuItem(f"{start + 1}–{min(start + span, len(items))}", children=page, key=f"page {start}")
        for start, page in zip(starts, pages, strict=True)
    )


def _header(usage: AccountUsage, options: DisplayOptions, *more: str) -> str:
    name, *plan = header_parts(usage.account)
    parts = (options.provider_title(usage.account.provider), shorten_middle(name, _NAME_CHARS), *plan, *more)
    return clean(SEPARATOR.join(parts), _HEADER_CHARS)


def _window_rows(usage: AccountUsage, now: datetime, options: DisplayOptions) -> Iterator[MenuItem]:
    page = options.usage_page(usage.account.provider)
    action = OpenPage(page) if page else None
    for window in usage.windows if usage.counts else ():
        key = (usage.account.id, window.title)
        label = window_label(window, now, usage.updated_at, options, options.past_use.get(key))
        if drawn := options.sparklines.get(key):
            label = f"{label} · {turned(drawn) if options.shows_used else drawn}"
        yield MenuItem(label, action, enabled=action is not None, key=f"{usage.account.id} {window.title}")


def _numbered(usage: AccountUsage, rows: Sequence[MenuItem]) -> Iterator[MenuItem]:
    for number, row in enumerate(rows):
        yield replace(row, key=f"{usage.account.id} text {number}")


def _note_rows(snapshot: Snapshot, context: TrayContext) -> Iterator[MenuItem]:
    for note in filter(None, (context.problem, snapshot.notice)):
        yield from _text_rows(shown(note))


def _advice_rows(context: TrayContext) -> Iterator[MenuItem]:
    advice = context.advice
    if advice.line:
        yield MenuItem(clean(advice.line, _HEADER_CHARS), enabled=False, key="next")
    if advice.lapses:
        rows = [MenuItem(clean(line, _HEADER_CHARS), enabled=False) for line in advice.lapses]
        yield MenuItem(_("Lapses soon"), children=paged(rows, context.limits.menu_rows), key="lapses")


def _text_rows(text: str | MenuItem) -> Iterator[MenuItem]:
    if isinstance(text, MenuItem):
        yield text
        return
    for line in textwrap.wrap(text, _ROW_CHARS):
        yield MenuItem(line, enabled=False)
