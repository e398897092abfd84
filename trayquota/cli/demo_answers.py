"""What the demo's stand-in answers for one account of each further provider, and what their files say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from trayquota.system.clock import utc_now
from trayquota.tokens.pending_tokens import timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


class DemoAccount(Struct, frozen=True):
    """A sample account.

    Attributes:
        file_type: The ``type`` of its credential file.
        answer: What its provider answers.
        fields: What the file says beside type, e-mail and tokens.
    """

    file_type: str
    answer: Callable[[], object]
    fields: Mapping[str, object] = field(default_factory=dict)


def _in(seconds: float) -> str:
    return timestamp(utc_now() + timedelta(seconds=seconds))


def _unix_in(seconds: float) -> int:
    return round((utc_now() + timedelta(seconds=seconds)).timestamp())


def _antigravity() -> object:
    def group(name: str, short: float, long: float) -> object:
        return {
            "displayName": name,
            "buckets": [
                {"window": "5h", "remainingFraction": short, "resetTime": _in(3 * _HOUR_S)},
                {"window": "weekly", "remainingFraction": long, "resetTime": _in(5 * _DAY_S)},
            ],
        }

    return {"groups": [group("Gemini Models", 0.62, 0.81), group("Claude and GPT models", 0.55, 0.47)]}


def _kimi() -> object:
    return {
        "user": {"membership": {"level": "LEVEL_INTERMEDIATE"}},
        "usages": {
            "limit_5h": {"used_ratio": 0.31, "reset_time": _in(2 * _HOUR_S)},
            "limit_7d": {"used_ratio": 0.44, "reset_time": _in(4 * _DAY_S)},
        },
    }


def _grok() -> object:
    period = {"type": "USAGE_PERIOD_TYPE_WEEKLY", "end": _in(3 * _DAY_S)}
    return {"config": {"currentPeriod": period, "creditUsagePercent": 37.5, "subscriptionTier": "SUPERGROK"}}


def _copilot() -> object:
    quota = {"entitlement": 1500, "remaining": 1125, "unlimited": False}
    return {
        "copilot_plan": "individual_pro",
        "token_based_billing": True,
        "quota_reset_date_utc": _in(9 * _DAY_S),
        "quota_snapshots": {"premium_interactions": quota},
    }


def _gemini() -> object:
    models = {"gemini-3-pro": 0.66, "gemini-3-flash": 0.93}
    return {
        "buckets": [
            {"modelId": model, "remainingFraction": left, "resetTime": _in(11 * _HOUR_S)}
            for model, left in models.items()
        ]
    }


def _kiro() -> object:
    row = {"resourceType": "CREDIT", "usageLimit": 1000, "currentUsage": 280}
    return {
        "nextDateReset": _unix_in(12 * _DAY_S),
        "subscriptionInfo": {"subscriptionTitle": "KIRO PRO"},
        "usageBreakdownList": [row],
    }


def _devin() -> object:
    plan = {
        "planInfo": {"planName": "Pro"},
        "dailyQuotaRemainingPercent": 88,
        "dailyQuotaResetAtUnix": str(_unix_in(8 * _HOUR_S)),
        "weeklyQuotaRemainingPercent": 61,
        "weeklyQuotaResetAtUnix": str(_unix_in(5 * _DAY_S)),
    }
    return {"userStatus": {"planStatus": plan}}


def _cline() -> object:
    limits = [
        {"type": "five_hour", "percentUsed": 12, "resetsAt": _in(4 * _HOUR_S)},
        {"type": "weekly", "percentUsed": 30.5, "resetsAt": _in(6 * _DAY_S)},
    ]
    return {"success": True, "data": {"limits": limits}}


def _cursor() -> object:
    plan = {"totalPercentUsed": 45, "autoPercentUsed": 20, "apiPercentUsed": 25}
    return {"enabled": True, "billingCycleEnd": _in(17 * _DAY_S), "planUsage": plan}


def _meta() -> object:
    window = {"used_percent": 12.5, "resets_at": _unix_in(3 * _HOUR_S), "window_duration_mins": 300}
    weekly = {"used_percent": 40, "resets_at": _unix_in(4 * _DAY_S)}
    return {"subs_tier_name": "Muse Plus", "is_subs_active": True, "subs_usage": {"window": window, "weekly": weekly}}


OTHER_ACCOUNTS: Mapping[str, DemoAccount] = {
    "gil@example.com": DemoAccount("antigravity", _antigravity, {"project_id": "example-project"}),
    "hal@example.com": DemoAccount("kimi", _kimi),
    "ivy@example.com": DemoAccount("xai", _grok),
    "jo@example.com": DemoAccount("github-copilot", _copilot),
    "kai@example.com": DemoAccount("gemini", _gemini, {"project_id": "example-project"}),
    "lea@example.com": DemoAccount("kiro", _kiro),
    "max@example.com": DemoAccount("devin", _devin, {"api_key": "sample-max@example.com"}),
    "nia@example.com": DemoAccount("cline", _cline),
    "ora@example.com": DemoAccount("cursor", _cursor),
    "pia@example.com": DemoAccount("meta", _meta, {"dca_token": "sample-pia@example.com"}),
}
"""By the person's e-mail, which is also in the sample token."""
