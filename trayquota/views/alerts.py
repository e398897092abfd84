"""What to tell the person, and what has been told already.

Each thing is told once per window and cycle; what was told is part of the state that survives restarts. Only fresh
values speak. A cycle is known by its reset; as answers flap and jitter, the latest reset that was named stands for it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.forecast import window_forecast
from trayquota.core.model import AccountState
from trayquota.core.redacted import RedactedRepr
from trayquota.core.text import format_duration
from trayquota.views.labels import account_label, failure_label, needs_user, percent_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.views.labels import DisplayOptions

_JITTER = timedelta(minutes=5)
"""So much the resets that a provider names for one and the same cycle may differ."""
_LONGEST_CYCLE = timedelta(days=32)
"""Of a window whose length is unknown; a reset further off is no ground to stay silent until then."""
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


class AlertState(Struct, frozen=True):
    """What was told of a window, or with ``severity`` alone of an account's login.

    Attributes:
        severity: The worst that was told.
        resets_at: Which cycle that was about; ``None`` when the provider names no reset.
        forecast: It was told that the window runs out before its reset.
    """

    severity: Severity = Severity.NONE
    resets_at: datetime | None = None
    forecast: bool = False


class Alert(RedactedRepr, Struct, frozen=True):
    """One message.

    Attributes:
        title: One line.
        body: A line per thing to tell; may be empty.
        provider: Whose page tells more.
    """

    repr_fields = ("provider",)

    title: str
    body: str
    provider: str = ""


class _AlertLine(RedactedRepr, Struct, frozen=True):
    repr_fields = ("rank", "words", "provider", "advice")

    rank: int
    subject: str
    words: str
    provider: str
    advice: str = ""


def alerts(
    told: Mapping[str, AlertState], snapshot: Snapshot, now: datetime, look: DisplayOptions
) -> tuple[dict[str, AlertState], Alert | None]:
    """Return what has been told after this snapshot, and the one message that tells what is new.

    Args:
        told: What was told before, by account and window.
        snapshot: The accounts now; one that is still refreshing is not complete and tells nothing.
        now: The moment.
        look: The thresholds and words.
    """
    if snapshot.refreshing:
        return dict(told), None
    after = _still_of_use(told, snapshot, now)
    news: list[_AlertLine] = []
    for usage in snapshot.accounts:
        news += _of_login(after, usage, now, look)
        if usage.state is AccountState.OK:
            for window in usage.windows:
                news += _of_window(after, usage, window, now, look)
    return after, _notice(news)


def _still_of_use(told: Mapping[str, AlertState], snapshot: Snapshot, now: datetime) -> dict[str, AlertState]:
    """Return what was told, without the cycles that are over of accounts that are gone."""
    ids = {usage.account.id for usage in snapshot.accounts}
    return {
        key: each
        for key, each in told.items()
        if each.resets_at is None or each.resets_at > now or key.rpartition("\n")[0] in ids
    }


def _of_login(
    told: dict[str, AlertState], usage: AccountUsage, now: datetime, look: DisplayOptions
) -> Iterator[_AlertLine]:
    key, failure = f"{usage.account.id}\n", usage.failure
    if needs_user(usage):
        if key not in told:
            told[key] = AlertState(Severity.CRITICAL)
            words = failure_label(failure, now, look) if failure else "login expired"
            advice = failure.message if failure else ""
            yield _AlertLine(Severity.EMPTY, account_label(usage.account, look), words, usage.account.provider, advice)
    elif usage.state in {AccountState.OK, AccountState.DISABLED}:
        told.pop(key, None)


def _of_window(
    told: dict[str, AlertState], usage: AccountUsage, window: QuotaWindow, now: datetime, look: DisplayOptions
) -> Iterator[_AlertLine]:
    remaining = window.remaining_percent
    if remaining is None or window.has_reset(now) or window.title in look.ignored_windows:
        return
    key = f"{usage.account.id}\n{window.title}"
    before = told.get(key, AlertState())
    subject = f"{account_label(usage.account, look)}, {window.title}"
    severity = _severity(remaining, look)
    if _is_new_cycle(before, window, remaining, now, look):
        if before.severity > Severity.NONE and severity is Severity.NONE:
            yield _AlertLine(severity, subject, f"has reset, {percent_text(remaining)} left", usage.account.provider)
        before = AlertState()
    worst = max(before.severity, severity)
    forecast = "" if before.forecast or worst is Severity.EMPTY else _forecast(window, now)
    told[key] = AlertState(worst, _latest(before.resets_at, _cycle_end(window, now)), before.forecast or bool(forecast))
    left = _left(remaining) if severity > before.severity else ""
    if left or forecast:
        parts = (left, forecast, _until_reset(window, now))
        yield _AlertLine(severity, subject, ", ".join(each for each in parts if each), usage.account.provider)


def _severity(remaining: float, look: DisplayOptions) -> Severity:
    if remaining <= 0:
        return Severity.EMPTY
    if remaining < look.critical_percent:
        return Severity.CRITICAL
    return Severity.LOW if remaining < look.low_percent else Severity.NONE


def _is_new_cycle(
    before: AlertState, window: QuotaWindow, remaining: float, now: datetime, look: DisplayOptions
) -> bool:
    """Return whether the window has started afresh since.

    A later reset alone does not say so, for some windows slide along with their use: the known cycle has to be over
    as well, or much of the quota back. An earlier reset is a late answer about what was before.
    """
    is_over = before.resets_at is None or before.resets_at <= now + _JITTER
    is_back = remaining >= min(look.low_percent + _REARM_PERCENT, (look.low_percent + 100) / 2)
    end = _cycle_end(window, now)
    if before.resets_at is None or end is None:
        return is_over and is_back
    return end - before.resets_at >= _tolerance(window) and (is_over or is_back)


def _tolerance(window: QuotaWindow) -> timedelta:
    return max(timedelta(seconds=window.duration_s or 0) / 2, _JITTER)


def _cycle_end(window: QuotaWindow, now: datetime) -> datetime | None:
    """Return the reset, ``None`` for one that is unknown or too far off to be believed."""
    length = timedelta(seconds=window.duration_s) if window.duration_s else _LONGEST_CYCLE
    if window.resets_at is None or window.resets_at - now > length + _tolerance(window):
        return None
    return window.resets_at


def _latest(*moments: datetime | None) -> datetime | None:
    return max((each for each in moments if each is not None), default=None)


def _forecast(window: QuotaWindow, now: datetime) -> str:
    expectation = window_forecast(window, now)
    if expectation is None or expectation.runs_out_at is None or window.used_percent is None:
        return ""
    if window.used_percent - expectation.expected_used_percent <= _DEFICIT_PERCENT:
        return ""
    return f"runs out in {format_duration((expectation.runs_out_at - now).total_seconds())} at this pace"


def _left(remaining: float) -> str:
    return "nothing left" if remaining <= 0 else f"{percent_text(remaining)} left"


def _until_reset(window: QuotaWindow, now: datetime) -> str:
    if window.resets_at is None:
        return ""
    return f"resets in {format_duration((window.resets_at - now).total_seconds())}"


def _notice(news: list[_AlertLine]) -> Alert | None:
    if not news:
        return None
    if len(news) == 1:
        words = news[0].words
        return Alert(news[0].subject, news[0].advice or words[:1].upper() + words[1:], news[0].provider)
    news = sorted(news, key=lambda each: -each.rank)
    lines = [f"{each.subject}: {each.words}" for each in news]
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"+{len(lines) - _MOST_LINES + 1} more"]
    return Alert(f"{len(news)} updates on your quotas and logins", "\n".join(lines), news[0].provider)
