"""When a snapshot is fresh as a whole."""

from __future__ import annotations

import pytest

from trayquota.core.model import (
    AccountState,
)

from .samples import snapshot, usage


@pytest.mark.parametrize(
    ("states", "fresh"),
    [
        ((), True),
        ((AccountState.OK, AccountState.DISABLED, AccountState.UNSUPPORTED), True),
        ((AccountState.OK, AccountState.STALE), False),
        ((AccountState.ERROR,), False),
        ((AccountState.EXPIRED,), False),
        ((AccountState.PENDING,), False),
    ],
)
def test_a_snapshot_is_fresh_when_every_account_is_that_can_be(states: tuple[AccountState, ...], fresh: bool) -> None:
    assert snapshot(*(usage(state=each) for each in states)).is_fresh is fresh
