"""Which accounts each icon is about, where there are several icons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.model import NEVER_POLLED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.core.model import Snapshot

MOST_ICONS = 5


def icon_groups(snapshot: Snapshot, icons: str, pinned: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the ids of the accounts that each icon is about: every account is in one of them.

    Args:
        snapshot: The accounts.
        icons: ``one``, ``providers``: one for each provider, or ``pinned``: one for each pinned account, and one for
            the others.
        pinned: The ids of accounts.
    """
    shown = {usage.account.id: usage.account.provider for usage in snapshot.accounts if usage.state not in NEVER_POLLED}
    groups: list[tuple[str, ...]] = []
    if icons == "providers":
        # By name: an icon must not change places with another when the order of accounts changes with their figures.
        providers = sorted(set(shown.values()))
        groups = [tuple(key for key, each in shown.items() if each == provider) for provider in providers]
    elif icons == "pinned":
        groups = [(account_id,) for account_id in dict.fromkeys(pinned) if account_id in shown]
    has_others = bool(set(shown).difference(*groups)) or len(groups) > MOST_ICONS
    first = groups[: MOST_ICONS - 1] if has_others else groups[:-1]
    # What has no icon of its own is in the last one, with the accounts that are never polled.
    grouped = {key for group in first for key in group}
    return [*first, tuple(usage.account.id for usage in snapshot.accounts if usage.account.id not in grouped)]
