"""What can be done with one account, as rows of its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NATIVE, FailureKind
from trayquota.core.translation import _, shown
from trayquota.core.urls import is_loopback, management_page
from trayquota.providers.base import SIGN_IN
from trayquota.views.labels import needs_user
from trayquota.views.tray_view import CopyCommand, MenuItem, OpenFolder, OpenPage, Rename, SetPaused, SignIn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.model import Account, AccountUsage
    from trayquota.views.labels import DisplayOptions


def home_row(account: Account) -> MenuItem:
    """Return what opens the place that an account comes from."""
    if account.server:
        return MenuItem(_("Open its proxy's page"), OpenPage(management_page(account.server)), key=f"{account.id} home")
    return MenuItem(_("Open its folder"), OpenFolder(account.folder), key=f"{account.id} home")


def action_rows(account: Account, *, is_last: bool) -> tuple[MenuItem, ...]:
    """Return the rows that change something about an account; with ``is_last`` it is paused after a question alone."""
    rename = MenuItem(_("Rename…"), Rename(account.id), key=f"{account.id} name")
    return (rename,) if account.source == NATIVE else (rename, _pause_row(account, is_last=is_last))


def with_sign_in(lines: tuple[str, ...], usage: AccountUsage, options: DisplayOptions) -> tuple[str | MenuItem, ...]:
    """Return what is said of an account, with a way to sign in again where its login has ended.

    That is a row where a proxy on this machine can do it, for the provider sends the browser to that proxy's localhost;
    else the page of the account's own proxy; else the proxy's own command, which a click copies.
    """
    account, failure = usage.account, usage.failure
    if failure is None or failure.kind is not FailureKind.LOGIN_EXPIRED or not needs_user(usage):
        return lines
    kind = options.proxy_sign_in(account.provider)
    local = _local_proxy(account, options.proxies)
    action: SignIn | OpenPage | CopyCommand
    if kind is not None and local:
        action, words = SignIn(account.id, local), _("Sign in again…")
    elif account.server:
        action, words = OpenPage(management_page(account.server)), _("Sign in again on its proxy's page…")
    elif kind is not None:
        action, words = CopyCommand(kind.command), _("Sign in again, as with: {command}").format(command=kind.command)
    else:
        return lines
    end = shown(SIGN_IN)
    rest = (*(line for line in lines if end not in line),)
    said = next((line.replace(end, words) for line in lines if end in line), words)
    return (*rest, MenuItem(said, action))


def _local_proxy(account: Account, proxies: Iterable[str]) -> str:
    """Return the address of a proxy on this machine that can sign in an account, empty where there is none."""
    if account.server:
        return account.server if is_loopback(account.server) else ""
    return next(filter(is_loopback, proxies), "")


def _pause_row(account: Account, *, is_last: bool) -> MenuItem:
    key, change = f"{account.id} pause", SetPaused(account.id, paused=not account.paused)
    if account.paused:
        # Not the same row as "Pause": a click that comes late must not do the opposite.
        return MenuItem(_("Resume"), change, key=f"{account.id} resume")
    if is_last:
        anyway = MenuItem(_("It is the last one of its provider: pause it anyway"), change, key=f"{key} anyway")
        return MenuItem(_("Pause…"), children=(anyway,), key=key)
    return MenuItem(_("Pause"), change, key=key)
