"""Grok: the billing endpoint of xAI's subscriptions.

Requests and fields as public clients send and read them: steipete/CodexBar, GrokCreditsProxyFetcher.swift and issue
3181; router-for-me/Cli-Proxy-API-Management-Center, src/utils/quota/constants.ts. Plans such as Heavy and Build leave
the percent out although something was used, so a percent that is missing is unknown, never 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider, ProxySignIn
from trayquota.providers.json_requests import get_json
from trayquota.providers.quota_windows import unique_windows
from trayquota.providers.values import fields, first, instant, percent, share, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Request, Send

_BILLING = "https://cli-chat-proxy.grok.com/v1/billing"
_HEADERS = {
    "x-xai-token-auth": "xai-grok-cli",  # without it the endpoint answers 404 or 426
    "x-grok-client-version": "0.2.91",
    "x-grok-client-identifier": "grok-shell",
    "x-grok-client-mode": "billing",
    "User-Agent": "grok-pager/0.2.91 grok-shell/0.2.91 (linux; x86_64)",
}
_PERIODS = {
    "USAGE_PERIOD_TYPE_WEEKLY": ("Weekly", 7 * 86400),
    "USAGE_PERIOD_TYPE_MONTHLY": ("Monthly", 30 * 86400),
}


class Grok(Provider):
    """xAI's Grok. The program that wrote the file refreshes its login."""

    name: ClassVar[str] = "grok"
    title: ClassVar[str] = "Grok"
    usage_page: ClassVar[str] = "https://grok.com/?_s=usage"
    sign_in: ClassVar[ProxySignIn | None] = ProxySignIn("xai", "xai", ("x.ai", "grok.com"))
    refreshed_by: ClassVar[str] = "CLIProxyAPI"

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return whose account it is, and whether the file holds the key of an API account."""
        subject = text(source.get("sub"), 200)
        return Identity(account_id=subject, extra={"is_api": "1" if source.get("using_api") is True else ""})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the credits of the period; what they lack is taken from the older bill."""
        if login.extra.get("is_api"):
            return Usage((), "API")
        headers = _HEADERS | ({"x-userid": login.account_id} if login.account_id else {})
        response = send(get_json(f"{_BILLING}?format=credits", login, headers))
        if (spent := spent_usage(response)) is not None:
            return spent
        config = _config(read_json(response, self.title))
        windows = list(_credits(config))
        if all(window.used_percent is None for window in windows):
            windows += self._bill(get_json(_BILLING, login, headers), send)
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), _plan(config))

    def _bill(self, request: Request, send: Send) -> list[QuotaWindow]:
        """Return the month of the older bill, which is in cents; nothing where it has no limit or no answer."""
        try:
            config = _config(read_json(send(request), self.title))
        except FetchError as error:
            if error.failure.kind in {FailureKind.RATE_LIMITED, FailureKind.LOGIN_EXPIRED}:
                raise
            return []
        return list(_month(config))


PROVIDER = Grok()


def _config(answer: object) -> Mapping[str, object]:
    return fields(fields(answer).get("config"))


def _credits(config: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield the one window of the period; ``productUsage`` only splits it."""
    period = fields(first(config, "currentPeriod", "current_period"))
    title, length_s = _PERIODS.get(str(period.get("type")), ("Credits", None))
    resets_at = instant(period.get("end")) or instant(first(config, "billingPeriodEnd", "billing_period_end"))
    used = percent(first(config, "creditUsagePercent", "credit_usage_percent"))
    if used is None:
        used = share(
            _amount(first(config, "onDemandUsed", "on_demand_used")),
            _amount(first(config, "onDemandCap", "on_demand_cap")),
        )
    if used is not None or period:
        yield QuotaWindow(title, used, resets_at, length_s)


def _month(config: Mapping[str, object]) -> Iterator[QuotaWindow]:
    used = share(_amount(config.get("used")), _amount(first(config, "monthlyLimit", "monthly_limit")))
    if used is not None:
        resets_at = instant(first(config, "billingPeriodEnd", "billing_period_end"))
        yield QuotaWindow("Monthly", used, resets_at)


def _amount(value: object) -> object:
    """Return money in cents out of ``{"val": 3000}``."""
    return fields(value).get("val")


def _plan(config: Mapping[str, object]) -> str | None:
    tier = text(first(config, "subscriptionTier", "subscription_tier"))
    return {"SUPERGROK": "SuperGrok", "SUPERGROK_HEAVY": "SuperGrok Heavy"}.get(tier or "", tier)
