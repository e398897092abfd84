"""What the icon is about: the lowest of all, the account to use next, or an account or window of the person's choice.

The setting ``icon_shows`` holds ``lowest``, ``next``, an account's id, or an id and a window's title.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import NEVER_POLLED
from trayquota.core.next_account import Demand, applying, relief
from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from trayquota.core.model import AccountUsage, LiveWindow, Snapshot
    from trayquota.core.next_account import Candidate
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


def icon_subject(
    snapshot: Snapshot, candidate: Candidate | None, now: datetime, options: DisplayOptions
) -> IconSubject:
    """Return what the icon is about by the setting; ``candidate`` is the account to use next.

    Without an account to use next it is the one that is back first, and where that is unknown, or the chosen account is
    gone or disabled, the lowest of all. Of an account's empty windows it is the one that holds it up longest.
    """
    if options.icon_shows == NEXT:
        demand = Demand(ignored=options.ignored_windows)
        found = candidate or relief(snapshot.accounts, now, demand)
        if found is not None:
            titles = {window.title for window in applying(found.usage, demand)}
            return _of_account(snapshot, found.usage, _least(found.usage, now, titles))
    elif options.icon_shows != LOWEST:
        chosen = {usage.account.id: usage for usage in snapshot.accounts if usage.state not in NEVER_POLLED}
        if usage := chosen.get(options.icon_shows):
            return _of_account(snapshot, usage, _lowest(usage, now, options.ignored_windows))
        account_id, _, title = options.icon_shows.rpartition(_BEFORE_TITLE)
        if usage := chosen.get(account_id):
            return _of_account(snapshot, usage, _least(usage, now, {title}))
    lowest = snapshot.lowest(now, options.ignored_windows)
    return IconSubject(snapshot, lowest and _lowest(lowest.usage, now, options.ignored_windows))


def account_choice(account_id: str, title: str | None = None) -> str:
    """Return the setting's value for an account, or for one of its windows."""
    return account_id if title is None else f"{account_id}{_BEFORE_TITLE}{title}"


def _of_account(snapshot: Snapshot, usage: AccountUsage, window: LiveWindow | None) -> IconSubject:
    return IconSubject(replace(snapshot, accounts=(usage,)), window)


def _least(usage: AccountUsage, now: datetime, titles: set[str]) -> LiveWindow | None:
    others = {window.title for window in usage.windows} - titles
    return _lowest(usage, now, others)


def _lowest(usage: AccountUsage, now: datetime, ignored: Container[str]) -> LiveWindow | None:
    """Return the window with the least left; of several empty ones for all work, the one that resets last."""
    lowest = usage.lowest(now, ignored)
    if lowest is None or lowest.remaining_percent > 0:
        return lowest
    empty = [
        live
        for live in usage.live_windows(now, ignored)
        if live.remaining_percent <= 0 and live.window.scope is None and live.window.resets_at is not None
    ]
    return max(empty, key=lambda live: live.window.resets_at or now, default=lowest)
