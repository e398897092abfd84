"""What the tests of the store share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Account, QuotaWindow
from trayquota.store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
KEY = "claude-ada@example.com.json"


def known(**more: object) -> AccountRecord:
    """An account whose last try, a minute ago, was good."""
    asked = NOW - timedelta(minutes=1)
    base = AccountRecord(
        Account(KEY, "claude", "ada@example.com"), "person", asked, asked, (QuotaWindow("5-hour", 58.0),)
    )
    return replace(base, **more)


def path_of(store: StateStore) -> Path:
    return store._path


def put(store: StateStore, content: bytes) -> None:
    path_of(store).parent.mkdir(exist_ok=True)
    path_of(store).write_bytes(content)


def again(store: StateStore) -> StateStore:
    return StateStore(path_of(store))
