"""What a proxy takes turns with: the accounts of one provider that it has."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from trayquota.core.model import AccountState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.core.model import Account, AccountUsage


def rotation_of(account: Account) -> tuple[str, str, str, str]:
    """Return what accounts have in common that a proxy takes turns with."""
    return account.provider, account.source, account.server, account.folder


def serves(usage: AccountUsage) -> bool:
    """Whether a proxy can use an account, as far as that is known; its quota may be at an end."""
    return not usage.account.paused and usage.state is not AccountState.EXPIRED


def last_in_rotation(usages: Iterable[AccountUsage]) -> frozenset[str]:
    """Return the ids of the accounts whose proxy has no other of their provider that serves."""
    usages = list(usages)
    counts = Counter(rotation_of(usage.account) for usage in usages if serves(usage))
    return frozenset(
        usage.account.id
        for usage in usages
        if not usage.account.paused and counts[rotation_of(usage.account)] <= serves(usage)
    )
