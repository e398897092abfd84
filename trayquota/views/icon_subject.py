"""What the icon is about: the lowest of all, the account to use next, or an account or window of the person's choice.

The setting ``icon_shows`` holds ``lowest``, ``next``, an account's id, or an id and a window's title.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import NEVER_POLLED
from trayquota.core.next_account import Demand, applying, next_account
from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.model import AccountUsage, LiveWindow, Snapshot
    from trayquota.views.labels import DisplayOptions

LOWEST = "lowest"
NEXT = "next"
_BEFORE_TITLE = " / "
"""Between an account's id and a window's title. No file name has a slash."""


class IconSubject(RedactedRepr, Struct, frozen=True):
    """What the icon, and the headline with it, is about.

    Attributes:
        snapshot: The accounts that it is about; without a window they say why.
        window: The window whose remaining percent is shown; ``None`` where nothing is known.
    """

    repr_fields = ()

    snapshot: Snapshot
    window: LiveWindow | None


def icon_subject(snapshot: Snapshot, now: datetime, options: DisplayOptions) -> IconSubject:
    """Return what the icon is about by the setting.

    Without an account to use next, and where the chosen account is gone or disabled, it is the lowest of all.
    """
    if options.icon_shows == NEXT:
        demand = Demand(ignored=options.ignored_windows)
        candidate = next_account(snapshot.accounts, now, demand)
        if candidate is not None:
            titles = {window.title for window in applying(candidate.usage, demand)}
            return _of_account(snapshot, candidate.usage, _least(candidate.usage, now, titles))
    elif options.icon_shows != LOWEST:
        chosen = {usage.account.id: usage for usage in snapshot.accounts if usage.state not in NEVER_POLLED}
        if usage := chosen.get(options.icon_shows):
            return _of_account(snapshot, usage, usage.lowest(now, options.ignored_windows))
        account_id, _, title = options.icon_shows.rpartition(_BEFORE_TITLE)
        if usage := chosen.get(account_id):
            return _of_account(snapshot, usage, _least(usage, now, {title}))
    return IconSubject(snapshot, snapshot.lowest(now, options.ignored_windows))


def account_choice(account_id: str, title: str | None = None) -> str:
    """Return the setting's value for an account, or for one of its windows."""
    return account_id if title is None else f"{account_id}{_BEFORE_TITLE}{title}"


def _of_account(snapshot: Snapshot, usage: AccountUsage, window: LiveWindow | None) -> IconSubject:
    return IconSubject(replace(snapshot, accounts=(usage,)), window)


def _least(usage: AccountUsage, now: datetime, titles: set[str]) -> LiveWindow | None:
    others = {window.title for window in usage.windows} - titles
    return usage.lowest(now, others)
