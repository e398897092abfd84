"""GitHub Copilot: the endpoint that editors read their allowance from.

Requests and fields as public clients send and read them: steipete/CodexBar, CopilotUsageFetcher.swift;
jc01rho/CLIProxyAPIPlus, internal/auth/copilot/token.go and api_tools.go.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import get_json
from trayquota.providers.quota_windows import unique_windows
from trayquota.providers.values import fields, instant, number, percent, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_HEADERS = {
    "Editor-Version": "vscode/1.96.2",
    "Editor-Plugin-Version": "copilot-chat/0.26.7",
    "User-Agent": "GitHubCopilotChat/0.26.7",
    "X-Github-Api-Version": "2025-04-01",
}
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_TITLES = (("premium_interactions", "Premium"), ("chat", "Chat"), ("completions", "Completions"))


class Copilot(Provider):
    """GitHub's Copilot. Its token has no end, and nothing to refresh it with."""

    name: ClassVar[str] = "copilot"
    title: ClassVar[str] = "GitHub Copilot"
    usage_page: ClassVar[str] = "https://github.com/settings/copilot/features"

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the enterprise's own domain, when there is one that can be one."""
        domain = (text(source.get("enterprise_domain"), 300) or "").lower()
        return Identity(extra={"domain": domain if _DOMAIN.fullmatch(domain) else "", "asked_domain": domain})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the allowances of the month that are limited."""
        domain = login.extra.get("domain", "")
        if login.extra.get("asked_domain") and not domain:
            raise fetch_error(
                FailureKind.REFUSED,
                "The file names an enterprise domain that is none. Nothing was sent; sign in again.",
            )
        host = f"api.{domain}" if domain else "api.github.com"
        headers = _HEADERS | {"Authorization": f"token {login.access_token}"}
        return self.read(send(get_json(f"https://{host}/copilot_internal/user", login, headers)))

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer; a plan without any limit has none, which is no error."""
        if (spent := spent_usage(response)) is not None:
            return spent
        if response.status in {403, 404} and not response.is_html:
            raise fetch_error(
                FailureKind.REFUSED,
                "GitHub Copilot has no seat for this account (HTTP {status}).",
                status=response.status,
            )
        answer = fields(read_json(response, self.title))
        windows = (*_snapshots(answer), *_free(answer))
        plan = text(answer.get("copilot_plan"))
        if not windows and plan is None:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), plan.replace("_", " ").title() if plan else None)


PROVIDER = Copilot()


def _snapshots(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield the limited ones of a paid plan; an entitlement of 0 is a placeholder, whatever percent stands by it."""
    snapshots = fields(answer.get("quota_snapshots"))
    resets_at = instant(answer.get("quota_reset_date_utc")) or instant(answer.get("quota_reset_date"))
    for key, name in _TITLES:
        quota = fields(snapshots.get(key))
        entitlement = number(quota.get("entitlement"))
        if not quota or quota.get("unlimited") is True or entitlement == 0:
            continue
        remaining, left_percent = number(quota.get("remaining")), number(quota.get("percent_remaining"))
        if entitlement is not None and entitlement > 0 and remaining is not None:
            used = percent(100 * (1 - remaining / entitlement))
        else:
            used = None if left_percent is None else percent(100 - left_percent)
        is_credits = key == "premium_interactions" and answer.get("token_based_billing") is True
        yield QuotaWindow(f"Monthly ({'AI credits' if is_credits else name})", used, resets_at)


def _free(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield the free plan's: what is left of each in ``limited_user_quotas``, of so many in ``monthly_quotas``."""
    left, total = fields(answer.get("limited_user_quotas")), fields(answer.get("monthly_quotas"))
    resets_at = instant(answer.get("limited_user_reset_date"))
    for key, name in _TITLES:
        amount, limit = number(left.get(key)), number(total.get(key))
        if amount is not None and limit is not None and limit > 0:
            yield QuotaWindow(f"Monthly ({name})", percent(100 * (1 - amount / limit)), resets_at)
