"""The notification of windows that a provider has reset before their time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import Level
from trayquota.views.alerts import Alert
from trayquota.views.labels import account_label
from trayquota.views.percents import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.history import EarlyReset
    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions

_MAX_LINES = 6


def early_reset_alert(resets: Iterable[EarlyReset], snapshot: Snapshot, options: DisplayOptions) -> Alert | None:
    """Return the one notification of all of them; ``None`` when there is nothing to notify of.

    That a window has reset which was low is notified of in any case, early or not.
    """
    accounts = {usage.account.id: usage.account for usage in snapshot.accounts}
    lines = []
    for reset in resets:
        account, left = accounts.get(reset.account_id), 100 - reset.used_percent
        if account and options.level(left) is Level.PLENTY and reset.title not in options.ignored_windows:
            subject = f"{account_label(account, options)}, {reset.title}"
            lines.append((account.provider, subject, f"reset before its time, with {amount_text(left, options)}"))
    if not lines:
        return None
    provider, subject, text = lines[0]
    if len(lines) == 1:
        return Alert(subject, text[:1].upper() + text[1:], provider)
    texts = [f"{subject}: {text}" for _, subject, text in lines]
    if len(texts) > _MAX_LINES:
        texts = [*texts[: _MAX_LINES - 1], f"+{len(texts) - _MAX_LINES + 1} more"]
    return Alert(f"{len(lines)} windows reset before their time", "\n".join(texts), provider)
