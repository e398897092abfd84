"""The notification of windows that a provider has reset before their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import Level
from trayquota.core.translation import _, ngettext
from trayquota.views.alert import AlertKind, AlertLine, alert_of
from trayquota.views.alert_state import AlertKey
from trayquota.views.labels import window_subject
from trayquota.views.percents import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.history import EarlyReset
    from trayquota.core.model import AccountUsage, Snapshot
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions


def early_reset_alert(resets: Iterable[EarlyReset], snapshot: Snapshot, options: DisplayOptions) -> Alert | None:
    """Return the one notification of all of them; ``None`` when there is nothing to notify of.

    That a window has reset which was low is notified of in any case, early or not.
    """
    usages = {usage.account.id: usage for usage in snapshot.accounts}
    lines = [
        _line(reset, usages[reset.account_id], options)
        for reset in resets
        if reset.account_id in usages
        and options.level(100 - reset.used_percent) is Level.PLENTY
        and reset.title not in options.ignored_windows
    ]
    headline = ngettext("{count} window reset before its time", "{count} windows reset before their time", len(lines))
    return alert_of(lines, headline)


def _line(reset: EarlyReset, usage: AccountUsage, options: DisplayOptions) -> AlertLine:
    account = usage.account
    window = next((window for window in usage.windows if window.title == reset.title), None)
    return AlertLine(
        AlertKind.EARLY_RESET,
        AlertKey(account.id, reset.title, account.person.tag),
        Level.PLENTY,
        window_subject(account, reset.title, options),
        _("reset before its time, with {amount}").format(amount=amount_text(100 - reset.used_percent, options)),
        account.provider,
        remaining_percent=window.remaining_percent if window else None,
        ends_at=window.resets_at if window else None,
    )
