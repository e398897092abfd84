"""What the person is notified of, and what they were notified of already.

Each thing is notified of once per window and cycle; what was is part of the state that survives restarts. Only fresh
values count. A cycle is known by its reset; as answers flap and jitter, the latest reset that was named stands for it.
Where the provider names none, a cycle is taken to last as long as the window, from the first notification on. Nothing
is kept of windows without a notification, nor of cycles that are over.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.forecast import window_forecast
from trayquota.core.model import AccountState, Level
from trayquota.core.next_account import lapses
from trayquota.core.text import format_duration, joined
from trayquota.core.translation import _, ngettext, shown
from trayquota.views.advice import lapse_text
from trayquota.views.alert import AlertKind, AlertLine, alert_of
from trayquota.views.alert_state import AlertKey, AlertState
from trayquota.views.labels import account_label, failure_label, needs_user, window_subject
from trayquota.views.percents import amount_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.core.next_account import Lapse
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions

_JITTER = timedelta(minutes=5)
"""So much the resets that a provider names for one and the same cycle may differ."""
_LONGEST_CYCLE = timedelta(days=32)
"""Of a window whose length is unknown; a reset further off is no ground to stay silent until then."""
_DEFICIT_PERCENT = 6.0
"""A forecast is notified of when so much more is used than evenly."""
_REARM_PERCENT = 10.0


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
    after = _still_needed(_taken_over(states, snapshot), snapshot, now)
    lines: list[AlertLine] = []
    for usage in snapshot.accounts:
        lines += _check_login(after, usage, now, options)
        if usage.state is AccountState.OK:
            for window in usage.windows:
                lines += _check_window(after, usage, window, now, options)
    if options.notifies_lapses:
        for lapse in lapses(snapshot.accounts, now, options.ignored_windows):
            lines += _check_lapse(after, lapse, now, options)
    headline = ngettext(
        "{count} update on your quotas and logins", "{count} updates on your quotas and logins", len(lines)
    )
    return after, alert_of(lines, headline)


def snoozed(states: Mapping[AlertKey, AlertState], keys: Iterable[AlertKey]) -> dict[AlertKey, AlertState]:
    """Return the states after which nothing more is notified of these windows until they have reset.

    That they have reset is notified of then.
    """
    found = {key: states[key] for key in keys if key in states}
    return {**states, **{key: replace(state, level=Level.EMPTY, forecast=True) for key, state in found.items()}}


def _taken_over(states: Mapping[AlertKey, AlertState], snapshot: Snapshot) -> Mapping[AlertKey, AlertState]:
    """Return the states with those of an account that goes on in another place under its id there.

    It is the same one where the provider's own id of it is known: an e-mail may have accounts of several providers.
    """
    accounts = [usage.account for usage in snapshot.accounts]
    ids = {account.id for account in accounts}
    ids_now = {account.person.tag: account.id for account in accounts if account.person.account}
    moved = {key for key in states if key.account_id not in ids and key.person in ids_now}
    if not moved:
        return states
    taken_over = {replace(key, account_id=ids_now[key.person]): states[key] for key in moved}
    return taken_over | {key: state for key, state in states.items() if key not in moved}


def _still_needed(
    states: Mapping[AlertKey, AlertState], snapshot: Snapshot, now: datetime
) -> dict[AlertKey, AlertState]:
    """Return the states without other persons' and without cycles that are over, unless their window is still there."""
    tags = {usage.account.id: usage.account.person.tag for usage in snapshot.accounts}
    shown = {(usage.account.id, window.title) for usage in snapshot.accounts for window in usage.windows}
    kept = {}
    for key, state in states.items():
        tag = tags.get(key.account_id, key.person)
        is_of_use = not state.is_over(now) or (key.account_id, key.window) in shown
        if key.person in {"", tag} and is_of_use:
            kept[replace(key, person=tag)] = state
    return kept


def _check_login(
    states: dict[AlertKey, AlertState], usage: AccountUsage, now: datetime, options: DisplayOptions
) -> Iterator[AlertLine]:
    key, failure = AlertKey(usage.account.id, person=usage.account.person.tag), usage.failure
    if needs_user(usage):
        if key not in states:
            states[key] = AlertState(Level.CRITICAL)
            text = failure_label(failure, now, options) if failure else _("login expired")
            advice = shown(failure.message) if failure else ""
            subject, provider = account_label(usage.account, options), usage.account.provider
            yield AlertLine(AlertKind.LOGIN, key, Level.EMPTY, subject, text, provider, advice)
    elif usage.state in {AccountState.OK, AccountState.DISABLED}:
        states.pop(key, None)


def _check_window(
    states: dict[AlertKey, AlertState],
    usage: AccountUsage,
    window: QuotaWindow,
    now: datetime,
    options: DisplayOptions,
) -> Iterator[AlertLine]:
    remaining = window.remaining_percent
    if remaining is None or window.has_reset(now, usage.updated_at) or window.title in options.ignored_windows:
        return
    key = AlertKey(usage.account.id, window.title, usage.account.person.tag)
    is_kept, before = key in states, states.pop(key, AlertState())
    level = options.level(remaining)
    line = partial(
        AlertLine,
        key=key,
        level=level,
        subject=window_subject(usage.account, window.title, options),
        provider=usage.account.provider,
        remaining_percent=remaining,
        ends_at=window.resets_at,
    )
    if _is_new_cycle(before, window, remaining, now, options):
        if before.level > Level.PLENTY and level is Level.PLENTY:
            text = _("has reset, {amount}").format(amount=amount_text(remaining, options))
            yield line(AlertKind.RESET, text=text)
        # A late answer about the cycle before may follow.
        is_kept, before = before.level > Level.PLENTY or before.forecast, AlertState()
    worst = max(before.level, level)
    forecast = "" if before.forecast or worst is Level.EMPTY else _forecast_text(window, now, options)
    if worst > Level.PLENTY or forecast or is_kept:
        states[key] = _next_state(before, window, worst, now, has_forecast=before.forecast or bool(forecast))
    left = _remaining_text(remaining, options) if level > before.level else ""
    if left or forecast:
        text = joined(part for part in (left, forecast, _reset_text(window, now)) if part)
        kind = AlertKind.FORECAST if not left else AlertKind.EMPTY if level is Level.EMPTY else AlertKind.LOW
        yield line(kind, text=text)


def _check_lapse(
    states: dict[AlertKey, AlertState], lapse: Lapse, now: datetime, options: DisplayOptions
) -> Iterator[AlertLine]:
    account = lapse.usage.account
    what = lapse.window.title if lapse.window else "limit resets" if lapse.reset_credits else "subscription"
    key = AlertKey(account.id, f"lapse of {what}", account.person.tag)
    if key not in states:
        states[key] = AlertState(resets_at=lapse.ends_at)
        text = lapse_text(lapse, now, options)
        yield AlertLine(
            AlertKind.LAPSE,
            key,
            Level.PLENTY,
            account_label(account, options),
            text,
            account.provider,
            ends_at=lapse.ends_at,
        )


def _is_new_cycle(
    before: AlertState, window: QuotaWindow, remaining: float, now: datetime, options: DisplayOptions
) -> bool:
    """Return whether the window has started afresh since.

    A later reset alone does not prove it, for some windows slide along with their use: the known cycle has to be over
    as well, or much of the quota back. An earlier reset is a late answer about what was before.
    """
    is_over = before.is_over(now + _JITTER) or (before.resets_at or before.ends_by) is None
    is_back = remaining >= min(options.low_percent + _REARM_PERCENT, (options.low_percent + 100) / 2)
    end = _cycle_end(window, now)
    if before.resets_at is None or end is None:
        return is_over and is_back
    return end - before.resets_at >= _tolerance(window) and (is_over or is_back)


def _next_state(
    before: AlertState, window: QuotaWindow, level: Level, now: datetime, *, has_forecast: bool
) -> AlertState:
    resets_at = max((end for end in (before.resets_at, _cycle_end(window, now)) if end is not None), default=None)
    ends_by = None if resets_at else before.ends_by or now + _length(window)
    return AlertState(level, resets_at, has_forecast, ends_by)


def _tolerance(window: QuotaWindow) -> timedelta:
    return max(timedelta(seconds=window.duration_s or 0) / 2, _JITTER)


def _length(window: QuotaWindow) -> timedelta:
    return timedelta(seconds=window.duration_s) if window.duration_s else _LONGEST_CYCLE


def _cycle_end(window: QuotaWindow, now: datetime) -> datetime | None:
    """Return the reset, ``None`` for one that is unknown, past, or too far off to be believed."""
    if window.resets_at is None or not now < window.resets_at <= now + _length(window) + _tolerance(window):
        return None
    return window.resets_at


def _forecast_text(window: QuotaWindow, now: datetime, options: DisplayOptions) -> str:
    forecast = window_forecast(window, now, options.work_time)
    if forecast is None or forecast.runs_out_at is None or window.used_percent is None:
        return ""
    if window.used_percent - forecast.expected_used_percent <= _DEFICIT_PERCENT:
        return ""
    left = format_duration((forecast.runs_out_at - now).total_seconds())
    return _("runs out in {time} at this pace").format(time=left)


def _remaining_text(remaining: float, options: DisplayOptions) -> str:
    return _("nothing left") if remaining <= 0 else amount_text(remaining, options)


def _reset_text(window: QuotaWindow, now: datetime) -> str:
    if window.resets_at is None or window.resets_at <= now:
        return ""
    return _("resets in {time}").format(time=format_duration((window.resets_at - now).total_seconds()))
