"""What the tests of the store share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from insides import state_file
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Account, QuotaWindow
from trayquota.core.person import person
from trayquota.store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
ADA = "claude-ada@example.com.json"


def record(account_id: str = ADA, **fields: object) -> AccountRecord:
    """An account whose last try, a minute ago, was good."""
    polled = NOW - timedelta(minutes=1)
    account = Account(account_id, "claude", "ada@example.com", person=person(name="ada@example.com"))
    return replace(AccountRecord(account, polled, polled, (QuotaWindow("5-hour", 58.0),)), **fields)


def path_of(store: StateStore) -> Path:
    return state_file(store)


def write_state(store: StateStore, content: bytes) -> None:
    path_of(store).parent.mkdir(exist_ok=True)
    path_of(store).write_bytes(content)


def restarted(store: StateStore) -> StateStore:
    """Return the store that the next start, or another process, has."""
    return StateStore(path_of(store))
