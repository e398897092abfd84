"""What the tests of the store share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.model import Account, QuotaWindow
from trayquota.store.state import Known, Store

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
KEY = "claude-ada@example.com.json"


def known(**more: object) -> Known:
    """An account whose last try, a minute ago, was good."""
    asked = NOW - timedelta(minutes=1)
    base = Known(Account(KEY, "claude", "ada@example.com"), "person", asked, asked, (QuotaWindow("5-hour", 58.0),))
    return replace(base, **more)


def path_of(store: Store) -> Path:
    return store._path


def put(store: Store, content: bytes) -> None:
    path_of(store).parent.mkdir(exist_ok=True)
    path_of(store).write_bytes(content)


def again(store: Store) -> Store:
    return Store(path_of(store))
