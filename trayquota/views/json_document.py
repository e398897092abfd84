"""Snapshot → the JSON document of ``status --json``, schema 1."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING

from trayquota.core.forecast import window_forecast
from trayquota.core.model import AccountState
from trayquota.core.next_account import Demand, next_account
from trayquota.core.provider_clock import with_local_resets

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from trayquota.core.model import AccountUsage, QuotaWindow, Snapshot
    from trayquota.core.work_time import WorkTime

SCHEMA = 1


def json_document(
    snapshot: Snapshot, now: datetime, ignored: Collection[str] = (), work_time: WorkTime | None = None
) -> str:
    """Return the JSON document for ``snapshot`` at ``now``.

    Args:
        snapshot: The accounts.
        now: The moment.
        ignored: Titles of windows that do not count for the next account; for the lowest all do.
        work_time: The person's, which the pace of longer windows goes by; ``None`` for at any time.
    """
    # Resets are stated as the provider does; what is reckoned from them goes by its time.
    local = with_local_resets(snapshot)
    lowest, candidate = local.lowest(now), next_account(local.accounts, now, Demand(ignored=ignored))
    document = {
        "schema": SCHEMA,
        "generated_at": instant_text(now.replace(microsecond=0)),
        "lowest": lowest
        and {
            "account": lowest.usage.account.id,
            "window": lowest.window.title,
            "remaining_percent": number(lowest.remaining_percent),
        },
        "next": candidate and {"account": candidate.usage.account.id},
        "accounts": [
            _account(usage, now + snapshot.clock_offset, work_time)
            for usage in sorted(snapshot.accounts, key=lambda usage: usage.account.sort_key)
        ],
    }
    return json.dumps(document, indent=2)


def _account(usage: AccountUsage, provider_now: datetime, work_time: WorkTime | None) -> dict[str, object]:
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
        and {"kind": failure.kind.value, "message": failure.message, "retry_at": instant_text(failure.retry_at)},
        "updated_at": instant_text(usage.updated_at),
        "windows": [_window(window, provider_now, work_time) for window in usage.windows],
        "source": usage.account.source,
        "paused": usage.account.paused,
        "organization": usage.account.organization,
        "subscription_ends_at": instant_text(usage.account.subscription_ends_at),
        "credits": usage.credits
        and {"balance": number(usage.credits.balance), "unlimited": usage.credits.is_unlimited},
        "reset_credits": usage.reset_credits
        and {
            "available": usage.reset_credits.available,
            "expires_at": instant_text(usage.reset_credits.expires_at),
        },
    }


def _window(window: QuotaWindow, now: datetime, work_time: WorkTime | None) -> dict[str, object]:
    forecast = window_forecast(window, now, work_time)
    return {
        "title": window.title,
        "used_percent": number(window.used_percent),
        "remaining_percent": number(window.remaining_percent),
        "resets_at": instant_text(window.resets_at),
        "duration_seconds": window.duration_s,
        "pace": forecast
        and {
            "expected_used_percent": round(forecast.expected_used_percent, 1),
            "runs_out_at": instant_text(forecast.runs_out_at and forecast.runs_out_at.replace(microsecond=0)),
        },
    }


def number(value: float | None) -> float | None:
    """Return a number without the noise of its arithmetic; unknown stays ``None``."""
    return None if value is None else round(float(value), 4)


def instant_text(moment: datetime | None) -> str | None:
    """Return an instant as documents have it: UTC with ``Z``, in whole seconds unless it has a fraction."""
    if moment is None:
        return None
    precision = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=precision) + "Z"
