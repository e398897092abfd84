"""The names that are shown: the accounts' own, or numbers in their place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from trayquota.core.model import Snapshot
    from trayquota.views.labels import DisplayOptions


def with_display_names(snapshot: Snapshot, options: DisplayOptions) -> Snapshot:
    """Return the snapshot with the names that are to be shown."""
    return anonymized(snapshot) if options.hide_names else snapshot


def anonymized(snapshot: Snapshot) -> Snapshot:
    """Return the same with numbers for names, for when others can see the screen."""
    counts: Counter[str] = Counter()
    usages = []
    for usage in snapshot.accounts:
        counts[usage.account.provider] += 1
        account = replace(usage.account, name=f"account {counts[usage.account.provider]}")
        usages.append(replace(usage, account=account))
    return replace(snapshot, accounts=tuple(usages))
