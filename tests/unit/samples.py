"""Accounts, windows and snapshots to show, as the design draws them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from trayquota.core.model import Account, AccountState, AccountUsage, Failure, FailureKind, QuotaWindow, Snapshot
from trayquota.providers import provider_title, usage_page
from trayquota.views.labels import DisplayOptions

from .facts import NOW

OPTIONS = DisplayOptions(provider_title=provider_title, usage_page=usage_page, zone=UTC)
ADA = Account("claude-ada@example.com.json", "claude", "ada@example.com", "Max 20x")
CI = Account("claude-ci@example.com.json", "claude", "ci@example.com")
BOB = Account("codex-bob@example.org.json", "codex", "bob@example.org", "Plus")
EXPIRED = Failure(FailureKind.LOGIN_EXPIRED, "Login expired. Sign in again with your proxy's login command.")
OFFLINE = Failure(FailureKind.NETWORK, "No answer within 15 seconds. Check the network connection.")
WEEK_S = 7 * 86400


def span(text: str) -> timedelta:
    """Return a length of time such as ``3d 4h``."""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return timedelta(seconds=sum(int(part[:-1]) * units[part[-1]] for part in text.split()))


def later(text: str) -> datetime:
    return NOW + span(text)


def five_hours(left: float | None, resets_in: str | None = "2h 13m") -> QuotaWindow:
    return QuotaWindow("5-hour", _used(left), later(resets_in) if resets_in else None, 18000)


def weekly(left: float | None, resets_in: str | None = "3d 4h") -> QuotaWindow:
    return QuotaWindow("Weekly", _used(left), later(resets_in) if resets_in else None, WEEK_S)


def usage(
    account: Account = ADA,
    *windows: QuotaWindow,
    state: AccountState = AccountState.OK,
    failure: Failure | None = None,
    age: str = "2m",
) -> AccountUsage:
    """Return an account whose windows came so long ago."""
    return AccountUsage(account, state, windows, failure, NOW - span(age) if windows else None)


def numbered(number: int, *windows: QuotaWindow, state: AccountState = AccountState.OK) -> AccountUsage:
    """Return one of many accounts."""
    return usage(Account(f"claude-{number:03}.json", "claude", f"user{number:03}@example.com"), *windows, state=state)


def passed(window: QuotaWindow) -> QuotaWindow:
    """Return a window whose reset has passed a minute ago."""
    return QuotaWindow(window.title, window.used_percent, NOW - span("1m"), window.duration_s)


def snapshot(*usages: AccountUsage, refreshing: bool = False, notice: str | None = None) -> Snapshot:
    return Snapshot(usages, refreshing, notice)


def _used(left: float | None) -> float | None:
    return None if left is None else 100 - left


DESIGN = snapshot(
    usage(ADA, five_hours(42), weekly(80)),
    usage(CI, state=AccountState.EXPIRED, failure=EXPIRED),
    usage(BOB, five_hours(70, "1h 50m"), weekly(37, "4d")),
)
"""The one in the design."""

A = Account("claude-a.json", "claude", "a@example.com")
B = Account("claude-b.json", "claude", "b@example.com")
C = Account("codex-c.json", "codex", "c@example.com")


def opus(left: float | None, resets_in: str | None = "3d 4h") -> QuotaWindow:
    return replace(weekly(left, resets_in), title="Weekly (Opus)", scope="Opus")


def stale(account: Account, *windows: QuotaWindow) -> AccountUsage:
    return usage(account, *windows, state=AccountState.STALE, age="20m")
