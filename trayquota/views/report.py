"""A snapshot as text: the JSON document of the contract, and a table for people."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

from trayquota.core.forecast import window_forecast
from trayquota.core.model import AccountState
from trayquota.core.text import format_age
from trayquota.views.labels import bar_text, percent_text, state_lines, window_label
from trayquota.views.tray import with_display_names

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console
    from rich.text import Text

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.views.labels import DisplayOptions

SCHEMA = 1


def document(snapshot: Snapshot, now: datetime) -> str:
    """Return the JSON document for ``snapshot`` at ``now``."""
    lowest = snapshot.lowest(now)
    content = {
        "schema": SCHEMA,
        "generated_at": _instant(now.replace(microsecond=0)),
        "lowest": lowest
        and {
            "account": lowest.usage.account.id,
            "window": lowest.window.title,
            "remaining_percent": _number(lowest.remaining_percent),
        },
        "accounts": [
            _account(each, now) for each in sorted(snapshot.accounts, key=lambda usage: usage.account.sort_key)
        ],
    }
    return json.dumps(content, indent=2)


def is_fresh(snapshot: Snapshot) -> bool:
    """Whether every account that can be asked has fresh values."""
    return all(
        each.state in {AccountState.OK, AccountState.DISABLED, AccountState.UNSUPPORTED} for each in snapshot.accounts
    )


def print_table(snapshot: Snapshot, now: datetime, look: DisplayOptions, console: Console) -> None:
    """Print ``snapshot`` for people."""
    from rich.text import Text

    snapshot = with_display_names(snapshot, look)
    for usage in snapshot.accounts:
        account = usage.account
        title = Text(f"{look.provider_title(account.provider)} · {account.name}", style="bold")
        if account.plan:
            title.append(f" · {account.plan}", style="not bold")
        console.print(title)
        for window in usage.windows if usage.counts else ():
            console.print(Text("  ").append(_styled(window, now, look)))
        for line in state_lines(usage, now, look):
            console.print(Text(f"  {line}", style="yellow" if usage.failure else "dim"))
    lowest = snapshot.lowest(now, look.ignored_windows)
    if lowest is not None:
        name = f"{look.provider_title(lowest.usage.account.provider)} {lowest.usage.account.name}"
        console.print(
            Text(f"\n{percent_text(lowest.remaining_percent)} left at the least: {name}, {lowest.window.title}")
        )
    if snapshot.updated_at is not None:
        console.print(Text(f"Updated {format_age((now - snapshot.updated_at).total_seconds())}", style="dim"))


def _styled(window: QuotaWindow, now: datetime, look: DisplayOptions) -> Text:
    from rich.text import Text

    text = Text(window_label(window, now, look))
    remaining = None if window.has_reset(now) else window.remaining_percent
    if remaining is not None:
        style = "red" if remaining < look.critical_percent else "yellow" if remaining < look.low_percent else "green"
        text.stylize(style, 0, len(bar_text(remaining)))
    return text


def _account(usage: AccountUsage, now: datetime) -> dict[str, object]:
    failure = usage.failure
    # Nothing known and nothing wrong, as before a first refresh, is for scripts the same as an error without a reason.
    state = AccountState.ERROR if usage.state is AccountState.PENDING else usage.state
    return {
        "id": usage.account.id,
        "provider": usage.account.provider,
        "name": usage.account.name,
        "plan": usage.account.plan,
        "state": state.value,
        "error": failure
        and {"kind": failure.kind.value, "message": failure.message, "retry_at": _instant(failure.retry_at)},
        "updated_at": _instant(usage.updated_at),
        "windows": [_window(each, now) for each in usage.windows],
    }


def _window(window: QuotaWindow, now: datetime) -> dict[str, object]:
    forecast = window_forecast(window, now)
    return {
        "title": window.title,
        "used_percent": _number(window.used_percent),
        "remaining_percent": _number(window.remaining_percent),
        "resets_at": _instant(window.resets_at),
        "duration_seconds": window.duration_s,
        "pace": forecast
        and {
            "expected_used_percent": round(forecast.expected_used_percent, 1),
            "runs_out_at": _instant(forecast.runs_out_at and forecast.runs_out_at.replace(microsecond=0)),
        },
    }


def _number(value: float | None) -> float | None:
    return None if value is None else round(float(value), 4)


def _instant(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"
