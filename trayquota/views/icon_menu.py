"""The submenus that have a row for each account: what the icon shows, and how accounts are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NEVER_POLLED
from trayquota.core.translation import _
from trayquota.views.display_names import with_display_names
from trayquota.views.icon_subject import LOWEST, NEXT, account_choice
from trayquota.views.labels import account_label
from trayquota.views.menu import paged
from trayquota.views.tray_view import MenuItem, Rename, SetSetting
from trayquota.views.window_titles import shown_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.views.labels import DisplayOptions


def icon_menu(snapshot: Snapshot, options: DisplayOptions, max_rows: int) -> tuple[MenuItem, ...]:
    """Return at most ``max_rows`` rows: the lowest of all, the next account, and each account with its windows."""
    shown = [usage for usage in with_display_names(snapshot, options).accounts if usage.state not in NEVER_POLLED]
    return (
        _choice(_("The lowest of all"), LOWEST, options),
        _choice(_("The account to use next"), NEXT, options),
        *paged([_account_item(usage, options) for usage in shown], max_rows - 2),
    )


def rename_menu(snapshot: Snapshot, options: DisplayOptions, max_rows: int) -> tuple[MenuItem, ...]:
    """Return at most ``max_rows`` rows, for the name of each account."""
    accounts = [usage.account for usage in with_display_names(snapshot, options).accounts]
    rows = [MenuItem(f"{account_label(account, options)}…", Rename(account.id), key=account.id) for account in accounts]
    return paged(rows, max_rows)


def pin_menu(
    snapshot: Snapshot, options: DisplayOptions, pinned: tuple[str, ...], max_rows: int
) -> tuple[MenuItem, ...]:
    """Return at most ``max_rows`` rows, which pin and unpin each account."""
    rows = []
    for usage in with_display_names(snapshot, options).accounts:
        account_id = usage.account.id
        is_pinned = account_id in pinned
        after = tuple(key for key in pinned if key != account_id) if is_pinned else (*pinned, account_id)
        label = account_label(usage.account, options)
        rows.append(MenuItem(label, SetSetting("pinned", after), checked=is_pinned, key=account_id))
    return paged(rows, max_rows)


def _account_item(usage: AccountUsage, options: DisplayOptions) -> MenuItem:
    account = usage.account
    label = account_label(account, options)
    if len(usage.windows) < 2:
        return _choice(label, account_choice(account.id), options, key=account.id)
    return MenuItem(label, children=tuple(_account_choices(usage, options)), key=account.id)


def _account_choices(usage: AccountUsage, options: DisplayOptions) -> Iterator[MenuItem]:
    account_id = usage.account.id
    yield _choice(_("The lowest of this account"), account_choice(account_id), options)
    for window in usage.windows:
        yield _choice(shown_title(window.title), account_choice(account_id, window.title), options)


def _choice(label: str, value: str, options: DisplayOptions, key: str = "") -> MenuItem:
    is_chosen = options.icon_shows == value
    return MenuItem(label, SetSetting("icon_shows", value), checked=is_chosen, radio=True, key=key)
