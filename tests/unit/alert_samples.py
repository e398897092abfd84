"""Accounts to notify of, and a person who is notified."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from trayquota.core.model import Account, AccountState, AccountUsage, Failure, FailureKind, QuotaWindow, Snapshot
from trayquota.views.alert_state import AlertKey, AlertState
from trayquota.views.alerts import check_alerts
from trayquota.views.labels import DisplayOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.views.alert import Alert

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LENGTH = 5 * HOUR
OPTIONS = DisplayOptions()
ADA = Account("ada.json", "claude", "ada@example.com")
BOB = Account("bob.json", "codex", "bob@example.org")
EXPIRED = Failure(FailureKind.LOGIN_EXPIRED, "Login expired. Sign in again.")
OFFLINE = Failure(FailureKind.NETWORK, "No connection.")


def window(
    left: float | None, resets_in: timedelta | None = HOUR, *, title: str = "5-hour", length: timedelta | None = LENGTH
) -> QuotaWindow:
    """Return a window as it stands at NOW; with an hour of five to go, it lasts unless more than 86 % are used."""
    return QuotaWindow(
        title,
        None if left is None else 100 - left,
        None if resets_in is None else NOW + resets_in,
        None if length is None else int(length.total_seconds()),
    )


def usage(*windows: QuotaWindow, account: Account = ADA, state: AccountState = AccountState.OK) -> AccountUsage:
    return AccountUsage(account, state, windows, OFFLINE if state is AccountState.STALE else None, NOW)


def failing(failure: Failure | None, account: Account = ADA, state: AccountState = AccountState.ERROR) -> AccountUsage:
    return AccountUsage(account, state, (), failure)


def snapshot(*usages: AccountUsage) -> Snapshot:
    return Snapshot(usages)


@dataclass
class Notified:
    """A person and the notifications they got; keeps nothing but what a restart would find."""

    states: Mapping[AlertKey, AlertState] = field(default_factory=dict)
    options: DisplayOptions = OPTIONS

    def alert_for(self, *usages: AccountUsage, after: timedelta = timedelta()) -> Alert | None:
        self.states, alert = check_alerts(self.states, snapshot(*usages), NOW + after, self.options)
        return alert

    def lines_for(self, *usages: AccountUsage, after: timedelta = timedelta()) -> list[str]:
        return lines(self.alert_for(*usages, after=after))


def text_of(alert: Alert | None) -> tuple[str, str] | None:
    return None if alert is None else (alert.title, alert.body)


def lines(alert: Alert | None) -> list[str]:
    if alert is None:
        return []
    if " updates on " in alert.title:
        return alert.body.splitlines()
    return [f"{alert.title}: {alert.body[:1].lower()}{alert.body[1:]}"]


def stored(states: Mapping[AlertKey, AlertState]) -> dict[AlertKey, AlertState]:
    """Return the states after a trip through a file."""
    record = msgspec.json.encode([(key, state) for key, state in states.items()])
    return dict(msgspec.json.decode(record, type=list[tuple[AlertKey, AlertState]]))
