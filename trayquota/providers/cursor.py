"""Cursor: what is used of a plan in the current month.

Request and fields as public clients send and read them: robinebers/openusage, CursorUsageClient.swift;
nguyenphutrong/quotio, CursorQuotaFetcher.swift (the older summary, for where the newer method is not known).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.core.translation import Message
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import get_json, post_json
from trayquota.providers.quota_windows import scoped_title, unique_windows
from trayquota.providers.values import fields, first, instant, jwt_claims, number, percent, share, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_BASE = "https://api2.cursor.sh"
_NOT_FOUND = 404


class Cursor(Provider):
    """Cursor's subscription. The program that wrote the file refreshes its login."""

    name: ClassVar[str] = "cursor"
    title: ClassVar[str] = "Cursor"
    usage_page: ClassVar[str] = "https://cursor.com/dashboard?tab=usage"
    refreshed_by: ClassVar[str] = Message("Your proxy")

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return whose account it is; the token's own end counts where the file names none."""
        claims = jwt_claims(source.get("access_token"))
        is_key = bool(source.get("apiKey")) and not source.get("access_token")
        return Identity(
            account_id=text(claims.get("sub"), 200),
            expires_at=instant(claims.get("exp")),
            is_supported=not is_key,
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the windows of the month."""
        url = f"{_BASE}/aiserver.v1.DashboardService/GetCurrentPeriodUsage"
        response = send(post_json(url, login, {}, {"Connect-Protocol-Version": "1"}))
        if response.status == _NOT_FOUND:
            response = send(get_json(f"{_BASE}/auth/usage-summary", login))
        return self.read(response)

    def read(self, response: Response) -> Usage:
        """Return the windows of an answer: the plan, its two parts and what is spent on demand."""
        if (spent := spent_usage(response)) is not None:
            return spent
        answer = fields(read_json(response, self.title))
        if answer.get("enabled") is False:
            raise fetch_error(FailureKind.NO_WINDOWS, "Cursor counts no usage for this account.")
        resets_at = instant(answer.get("billingCycleEnd"))
        windows = (*_plan(answer, resets_at), *_on_demand(answer, resets_at))
        if not windows:
            raise no_windows(self.title)
        plan = text(answer.get("membershipType"))
        return Usage(unique_windows(windows), plan.replace("_", " ").title() if plan else None)


PROVIDER = Cursor()


def _plan(answer: Mapping[str, object], resets_at: datetime | None) -> Iterator[QuotaWindow]:
    plan = fields(answer.get("planUsage")) or fields(fields(answer.get("individualUsage")).get("plan"))
    used = percent(plan.get("totalPercentUsed"))
    if used is None:
        used = share(first(plan, "totalSpend", "used"), plan.get("limit"))
    if used is None and (left := share(plan.get("remaining"), plan.get("limit"))) is not None:
        used = 100.0 - left
    for scope, part in (
        (None, used),
        ("Auto", percent(plan.get("autoPercentUsed"))),
        ("API", percent(plan.get("apiPercentUsed"))),
    ):
        if part is not None:
            yield QuotaWindow(scoped_title("Monthly", scope) if scope else "Monthly", part, resets_at, scope=scope)


def _on_demand(answer: Mapping[str, object], resets_at: datetime | None) -> Iterator[QuotaWindow]:
    """Yield what is spent beyond the plan, of the person's own limit or of the team's."""
    spend = fields(answer.get("spendLimitUsage"))
    for kind in ("individual", "pooled"):
        limit, left = number(spend.get(f"{kind}Limit")), number(spend.get(f"{kind}Remaining"))
        used = None if limit is None or left is None else share(limit - left, limit)
        if used is not None:
            yield QuotaWindow("On-demand", used, resets_at, is_extra=True)
            return
    extra = fields(fields(answer.get("individualUsage")).get("onDemand"))
    used = share(extra.get("used"), extra.get("limit"))
    if used is not None:
        yield QuotaWindow("On-demand", used, resets_at, is_extra=True)
