"""What the person is notified of, and what they were notified of already.

Each thing is notified of once per window and cycle; what was is part of the state that survives restarts. Only fresh
values count. A cycle is known by its reset; as answers flap and jitter, the latest reset that was named stands for it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.forecast import window_forecast
from trayquota.core.model import AccountState, Instant, Level
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
_MAX_LINES = 6


class AlertKey(RedactedRepr, Struct, frozen=True):
    """What an alert is about.

    Attributes:
        account_id: The account.
        window: The title of its window; ``None`` for its login.
    """

    repr_fields = ("window",)

    account_id: str
    window: str | None = None


class AlertState(Struct, frozen=True):
    """What the person was notified of, for one window in its cycle, or for one account's login.

    Attributes:
        level: The worst level they were notified of.
        resets_at: The end of the cycle; ``None`` when the provider names no reset.
        forecast: Whether they were notified that the window runs out before its reset.
    """

    level: Level = Level.PLENTY
    resets_at: Instant | None = None
    forecast: bool = False


class Alert(RedactedRepr, Struct, frozen=True):
    """One notification.

    Attributes:
        title: One line.
        body: A line per event; may be empty.
        provider: The one whose page shows more.
        needs_user: A login needs the person.
    """

    repr_fields = ("provider", "needs_user")

    title: str
    body: str
    provider: str = ""
    needs_user: bool = False


class _AlertLine(RedactedRepr, Struct, frozen=True):
    """One event.

    Attributes:
        level: The highest comes first.
        subject: The account, and which of its windows.
        text: What happened.
        provider: The account's.
        advice: What to do, in place of ``text`` where there is room.
        needs_user: The login needs the person.
    """

    repr_fields = ("level", "text", "provider", "advice", "needs_user")

    level: Level
    subject: str
    text: str
    provider: str
    advice: str = ""
    needs_user: bool = False


def check_alerts(
    states: Mapping[AlertKey, AlertState], snapshot: Snapshot, now: datetime, options: DisplayOptions
) -> tuple[dict[AlertKey, AlertState], Alert | None]:
    """Return the states after this snapshot, and the one notification of all that is new in it.

    Args:
        states: What the person was notified of before.
        snapshot: The accounts now; one that is still refreshing is not complete and changes nothing.
        now: The moment.
        options: The thresholds, and how things are named.
    """
    if snapshot.refreshing:
        return dict(states), None
    after = _still_needed(states, snapshot, now)
    lines: list[_AlertLine] = []
    for usage in snapshot.accounts:
        lines += _check_login(after, usage, now, options)
        if usage.state is AccountState.OK:
            for window in usage.windows:
                lines += _check_window(after, usage, window, now, options)
    return after, _alert(lines)


def _still_needed(
    states: Mapping[AlertKey, AlertState], snapshot: Snapshot, now: datetime
) -> dict[AlertKey, AlertState]:
    """Return the states without the cycles that are over of accounts that are gone."""
    ids = {usage.account.id for usage in snapshot.accounts}
    return {
        key: state
        for key, state in states.items()
        if state.resets_at is None or state.resets_at > now or key.account_id in ids
    }


def _check_login(
    states: dict[AlertKey, AlertState], usage: AccountUsage, now: datetime, options: DisplayOptions
) -> Iterator[_AlertLine]:
    key, failure = AlertKey(usage.account.id), usage.failure
    if needs_user(usage):
        if key not in states:
            states[key] = AlertState(Level.CRITICAL)
            text = failure_label(failure, now, options) if failure else "login expired"
            advice = failure.message if failure else ""
            subject, provider = account_label(usage.account, options), usage.account.provider
            yield _AlertLine(Level.EMPTY, subject, text, provider, advice, needs_user=True)
    elif usage.state in {AccountState.OK, AccountState.DISABLED}:
        states.pop(key, None)


def _check_window(
    states: dict[AlertKey, AlertState],
    usage: AccountUsage,
    window: QuotaWindow,
    now: datetime,
    options: DisplayOptions,
) -> Iterator[_AlertLine]:
    remaining = window.remaining_percent
    if remaining is None or window.has_reset(now) or window.title in options.ignored_windows:
        return
    key = AlertKey(usage.account.id, window.title)
    before = states.get(key, AlertState())
    subject = f"{account_label(usage.account, options)}, {window.title}"
    level = options.level(remaining)
    if _is_new_cycle(before, window, remaining, now, options):
        if before.level > Level.PLENTY and level is Level.PLENTY:
            yield _AlertLine(level, subject, f"has reset, {percent_text(remaining)} left", usage.account.provider)
        before = AlertState()
    worst = max(before.level, level)
    forecast = "" if before.forecast or worst is Level.EMPTY else _forecast_text(window, now)
    states[key] = AlertState(
        worst, _latest(before.resets_at, _cycle_end(window, now)), before.forecast or bool(forecast)
    )
    left = _remaining_text(remaining) if level > before.level else ""
    if left or forecast:
        parts = (left, forecast, _reset_text(window, now))
        yield _AlertLine(level, subject, ", ".join(part for part in parts if part), usage.account.provider)


def _is_new_cycle(
    before: AlertState, window: QuotaWindow, remaining: float, now: datetime, options: DisplayOptions
) -> bool:
    """Return whether the window has started afresh since.

    A later reset alone does not prove it, for some windows slide along with their use: the known cycle has to be over
    as well, or much of the quota back. An earlier reset is a late answer about what was before.
    """
    is_over = before.resets_at is None or before.resets_at <= now + _JITTER
    is_back = remaining >= min(options.low_percent + _REARM_PERCENT, (options.low_percent + 100) / 2)
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
    return max((moment for moment in moments if moment is not None), default=None)


def _forecast_text(window: QuotaWindow, now: datetime) -> str:
    forecast = window_forecast(window, now)
    if forecast is None or forecast.runs_out_at is None or window.used_percent is None:
        return ""
    if window.used_percent - forecast.expected_used_percent <= _DEFICIT_PERCENT:
        return ""
    return f"runs out in {format_duration((forecast.runs_out_at - now).total_seconds())} at this pace"


def _remaining_text(remaining: float) -> str:
    return "nothing left" if remaining <= 0 else f"{percent_text(remaining)} left"


def _reset_text(window: QuotaWindow, now: datetime) -> str:
    if window.resets_at is None:
        return ""
    return f"resets in {format_duration((window.resets_at - now).total_seconds())}"


def _alert(lines: list[_AlertLine]) -> Alert | None:
    if not lines:
        return None
    if len(lines) == 1:
        line = lines[0]
        body = line.advice or line.text[:1].upper() + line.text[1:]
        return Alert(line.subject, body, line.provider, line.needs_user)
    lines = sorted(lines, key=lambda line: -line.level)
    texts = [f"{line.subject}: {line.text}" for line in lines]
    if len(texts) > _MAX_LINES:
        texts = [*texts[: _MAX_LINES - 1], f"+{len(texts) - _MAX_LINES + 1} more"]
    needs_user = any(line.needs_user for line in lines)
    return Alert(f"{len(lines)} updates on your quotas and logins", "\n".join(texts), lines[0].provider, needs_user)
