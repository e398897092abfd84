"""What can be done with one account, as rows of its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NATIVE
from trayquota.core.urls import management_page
from trayquota.views.tray_view import MenuItem, OpenFolder, OpenPage, Rename, SetPaused

if TYPE_CHECKING:
    from trayquota.core.model import Account


def home_row(account: Account) -> MenuItem:
    """Return what opens the place that an account comes from."""
    if account.server:
        return MenuItem("Open its proxy's page", OpenPage(management_page(account.server)), key=f"{account.id} home")
    return MenuItem("Open its folder", OpenFolder(account.folder), key=f"{account.id} home")


def action_rows(account: Account, *, is_last: bool) -> tuple[MenuItem, ...]:
    """Return the rows that change something about an account; with ``is_last`` it is paused after a question alone."""
    rename = MenuItem("Rename…", Rename(account.id), key=f"{account.id} name")
    return (rename,) if account.source == NATIVE else (rename, _pause_row(account, is_last=is_last))


def _pause_row(account: Account, *, is_last: bool) -> MenuItem:
    key, change = f"{account.id} pause", SetPaused(account.id, paused=not account.paused)
    if account.paused:
        return MenuItem("Resume", change, key=key)
    if is_last:
        anyway = MenuItem("It is the last one of its provider: pause it anyway", change, key=f"{key} anyway")
        return MenuItem("Pause…", children=(anyway,), key=key)
    return MenuItem("Pause", change, key=key)
