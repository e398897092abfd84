"""What to tell the person, and what has been told already.

Each thing is told once per window and cycle; what was told is part of the state that survives restarts. Only fresh
values speak.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from trayquota.core.model import State
from trayquota.core.pace import pace
from trayquota.core.text import duration
from trayquota.core.words import account_name, failure_words, needs_user, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.core.words import Look

_LEAST_CYCLE_S = 300.0
_DEFICIT_PERCENT = 6.0
"""So much more than evenly used makes a forecast worth a message."""
_REARM_PERCENT = 10.0
_MOST_LINES = 6


class Severity(IntEnum):
    """The worst that was told of a window in its cycle."""

    NONE = 0
    LOW = 1
    CRITICAL = 2
    EMPTY = 3


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of a window, or with ``severity`` alone of an account's login.

    Attributes:
        severity: The worst that was told.
        resets_at: Which cycle that was about; ``None`` when the provider names no reset.
        forecast: It was told that the window runs out before its reset.
    """

    severity: Severity = Severity.NONE
    resets_at: datetime | None = None
    forecast: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """One message.

    Attributes:
        title: One line.
        body: A line per thing to tell; may be empty.
    """

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class _News:
    rank: int
    line: str


def alerts(
    told: Mapping[str, Told], snapshot: Snapshot, now: datetime, look: Look
) -> tuple[dict[str, Told], Notice | None]:
    """Return what has been told after this snapshot, and the one message that tells what is new.

    Args:
        told: What was told before, by account and window.
        snapshot: The accounts now; one that is still refreshing is not complete and tells nothing.
        now: The moment.
        look: The thresholds and words.
    """
    after = dict(told)
    if snapshot.refreshing:
        return after, None
    news: list[_News] = []
    for usage in snapshot.accounts:
        news += _of_login(after, usage, now, look)
        if usage.state is State.OK:
            for window in usage.windows:
                news += _of_window(after, usage, window, now, look)
    return after, _notice(news)


def _of_login(told: dict[str, Told], usage: AccountUsage, now: datetime, look: Look) -> Iterator[_News]:
    key = f"{usage.account.id}\n"
    if needs_user(usage) and usage.failure is not None:
        if key not in told:
            told[key] = Told(Severity.CRITICAL)
            words = failure_words(usage.failure, now, look)
            yield _News(Severity.EMPTY, f"{account_name(usage.account, look)}: {words}")
    elif usage.state in {State.OK, State.DISABLED}:
        told.pop(key, None)


def _of_window(
    told: dict[str, Told], usage: AccountUsage, window: QuotaWindow, now: datetime, look: Look
) -> Iterator[_News]:
    remaining = window.remaining_percent
    if remaining is None or window.has_reset(now):
        return
    key = f"{usage.account.id}\n{window.title}"
    before = told.get(key, Told(resets_at=window.resets_at))
    name = f"{account_name(usage.account, look)}, {window.title}"
    severity = _severity(remaining, look)
    if _is_new_cycle(before, window, remaining, look):
        if before.severity > Severity.NONE and severity is Severity.NONE:
            yield _News(Severity.NONE, f"{name}: has reset, {percent_text(remaining)} left")
        before = Told()
    after = replace(before, severity=max(before.severity, severity), resets_at=window.resets_at or before.resets_at)
    if severity > before.severity:
        words = "nothing left" if severity is Severity.EMPTY else f"{percent_text(remaining)} left"
        yield _News(severity, f"{name}: {words}{_until_reset(window, now)}")
    elif not before.forecast and severity is Severity.NONE:
        line = _forecast(window, name, now)
        if line:
            after = replace(after, forecast=True)
            yield _News(Severity.NONE, line)
    told[key] = after


def _severity(remaining: float, look: Look) -> Severity:
    if remaining <= 0:
        return Severity.EMPTY
    if remaining < look.critical_percent:
        return Severity.CRITICAL
    return Severity.LOW if remaining < look.low_percent else Severity.NONE


def _is_new_cycle(before: Told, window: QuotaWindow, remaining: float, look: Look) -> bool:
    """Return whether the window has started afresh since; resets jitter, so a little later is the same one."""
    if before.resets_at is None or window.resets_at is None:
        return before.severity > Severity.NONE and remaining >= look.low_percent + _REARM_PERCENT
    tolerance_s = max((window.duration_s or 0) / 2, _LEAST_CYCLE_S)
    return abs(window.resets_at - before.resets_at) >= timedelta(seconds=tolerance_s)


def _forecast(window: QuotaWindow, name: str, now: datetime) -> str | None:
    expectation = pace(window, now)
    if expectation is None or expectation.runs_out_at is None or window.used_percent is None:
        return None
    if window.used_percent - expectation.expected_used_percent <= _DEFICIT_PERCENT:
        return None
    runs_out = duration((expectation.runs_out_at - now).total_seconds())
    return f"{name}: runs out in {runs_out} at this pace{_until_reset(window, now)}"


def _until_reset(window: QuotaWindow, now: datetime) -> str:
    if window.resets_at is None:
        return ""
    return f", resets in {duration((window.resets_at - now).total_seconds())}"


def _notice(news: list[_News]) -> Notice | None:
    if not news:
        return None
    lines = [each.line for each in sorted(news, key=lambda each: -each.rank)]
    if len(lines) == 1:
        title, _, body = lines[0].partition(": ")
        return Notice(title, body[:1].upper() + body[1:])
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"+{len(lines) - _MOST_LINES + 1} more"]
    return Notice(f"{len(news)} quotas and logins to look at", "\n".join(lines))
