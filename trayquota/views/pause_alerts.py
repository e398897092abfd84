"""The notifications of accounts that are paused and resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.translation import _, shown
from trayquota.views.alert import Alert
from trayquota.views.clock_format import format_moment
from trayquota.views.display_names import with_display_names
from trayquota.views.labels import account_label

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions


def changed_alert(
    account_id: str, until: datetime | None, snapshot: Snapshot, now: datetime, options: DisplayOptions
) -> Alert:
    """Return what is said of an account that the program has paused by itself, or resumed.

    Args:
        account_id: The account.
        until: When what has run out starts afresh, on this machine's clock; ``None`` for one that is resumed.
        snapshot: The accounts.
        now: The moment.
        options: How things are named.
    """
    label, provider = named(account_id, snapshot, options)
    if until is None:
        title = _("{account} is resumed").format(account=label)
        return Alert(title, _("What had run out has started afresh."), provider)
    moment = format_moment(until, now, options.clock_format, options.zone)
    title = _("{account} is paused").format(account=label)
    return Alert(title, _("Nothing is left of it. It is resumed {moment}.").format(moment=moment), provider)


def failed_alert(
    account_id: str,
    problem: str,
    snapshot: Snapshot,
    options: DisplayOptions,
    *,
    paused: bool,
) -> Alert:
    """Return what is said of an account that was not paused, or not resumed."""
    label, provider = named(account_id, snapshot, options)
    title = _("{account} was not paused") if paused else _("{account} was not resumed")
    return Alert(title.format(account=label), shown(problem), provider)


def named(account_id: str, snapshot: Snapshot, options: DisplayOptions) -> tuple[str, str]:
    """Return what an account is called, and its provider."""
    for usage in with_display_names(snapshot, options).accounts:
        if usage.account.id == account_id:
            return account_label(usage.account, options), usage.account.provider
    return _("An account"), ""
