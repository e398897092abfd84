"""What the tests of the history's file share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, Failure, FailureKind, QuotaWindow
from trayquota.core.person import person
from trayquota.store.history_schema import open_history, transaction
from trayquota.store.history_writer import HistoryWriter

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.store.history import HistoryStore

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADA = Account(
    "claude-ada@example.com.json", "claude", "ada@example.com", person=person(account="a-1", name="ada@example.com")
)
BEA = Account("claude-bea@example.org.json", "claude", "bea@example.org", person=person(name="bea@example.org"))


def usage(used: float | None, at: datetime = NOW, account: Account = ADA, **fields: object) -> AccountUsage:
    window = QuotaWindow("Weekly", used, NOW + 100 * DAY)
    return replace(AccountUsage(account, AccountState.OK, (window,), updated_at=at), **fields)


def failed(kind: FailureKind = FailureKind.NETWORK, account: Account = ADA) -> AccountUsage:
    return AccountUsage(account, AccountState.ERROR, failure=Failure(kind, "No answer."))


def record(store: HistoryStore, *usages: AccountUsage, at: datetime = NOW) -> bool:
    return store.record(usages, at) is not None


def samples(store: HistoryStore, account: Account = ADA, since: datetime | None = None) -> list[tuple[datetime, float]]:
    history = store.read([account], since, NOW)
    return [(sample.at, sample.used_percent) for sample in history[0].windows[0].samples] if history else []


def write_habits(path: Path, weeks: int, account: Account = ADA) -> None:
    """Write weeks up to ``NOW`` in each of which two fifths are used on the first two days, an hour each."""
    with open_history(path) as database, transaction(database):
        for hour in range(weeks * 168):
            at, of_week = NOW - timedelta(hours=weeks * 168 - hour), hour % 168
            if of_week % 24 in {0, 12, 13}:
                used = 40.0 * ((of_week >= 13) + (of_week >= 37))
                window = QuotaWindow("Weekly", used, at + timedelta(hours=168 - of_week), 7 * 86400)
                HistoryWriter(database, at).write([AccountUsage(account, AccountState.OK, (window,), updated_at=at)])
