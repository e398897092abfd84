"""Kiro: the usage limits of Amazon's coding assistant.

Requests and fields as public clients send and read them: jc01rho/CLIProxyAPIPlus, internal/auth/kiro/aws.go and
codewhisperer_client.go (the endpoint of a region); steipete/CodexBar, KiroUsageLimitsAPI.swift (the older endpoint,
for where the newer one is not known).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlencode

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.core.translation import Message
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import get_json, post_json
from trayquota.providers.quota_windows import unique_windows
from trayquota.providers.values import fields, first, instant, items, number, share, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_DEFAULT_REGION = "us-east-1"
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]{2,12}){1,2}-\d{1,2}")
_ARN = re.compile(r"arn:aws[a-z-]{0,12}:codewhisperer:([^:]*):[^:\s]*:\S+")
_AGENT = "aws-sdk-js/1.0.0 KiroIDE"
_SECONDS_UNTIL = 4102444800
"""A reset beyond this, the year 2100 in seconds, is in milliseconds."""
_NOT_FOUND = 404


class Kiro(Provider):
    """Amazon's Kiro. The program that wrote the file refreshes its login every hour."""

    name: ClassVar[str] = "kiro"
    title: ClassVar[str] = "Kiro"
    usage_page: ClassVar[str] = "https://app.kiro.dev/account/usage"
    refreshed_by: ClassVar[str] = Message("Your proxy")

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the profile, and the region in its name, where requests go."""
        profile = text(source.get("profile_arn"), 400) or ""
        stated = _ARN.fullmatch(profile)
        return Identity(extra={"profile": profile, "region": stated[1] if stated else _DEFAULT_REGION})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the credits of the month, from the region's endpoint, else from the older one."""
        profile, region = login.extra.get("profile", ""), login.extra.get("region", _DEFAULT_REGION)
        if not _REGION.fullmatch(region):
            raise fetch_error(
                FailureKind.REFUSED, "The file names a region that is none. Nothing was sent; sign in again."
            )
        scope = {"profileArn": profile} if profile else {"isEmailRequired": "true"}
        query = urlencode({"origin": "AI_EDITOR", "resourceType": "AGENTIC_REQUEST"} | scope)
        url = f"https://q.{region}.amazonaws.com/getUsageLimits?{query}"
        response = send(get_json(url, login, {"User-Agent": _AGENT, "x-amz-user-agent": _AGENT}))
        if response.status == _NOT_FOUND:
            headers = {
                "Content-Type": "application/x-amz-json-1.0",
                "X-Amz-Target": "AmazonCodeWhispererService.GetUsageLimits",
                "User-Agent": _AGENT,
            }
            body = {"profileArn": profile} if profile else {}
            url = f"https://codewhisperer.{_DEFAULT_REGION}.amazonaws.com/"
            response = send(post_json(url, login, body, headers))
        return self.read(response)

    def read(self, response: Response) -> Usage:
        """Return the month's credits, and the overage where it is switched on and has a cap."""
        if (spent := spent_usage(response)) is not None:
            return spent
        answer = fields(read_json(response, self.title))
        windows = tuple(_windows(answer))
        if not windows:
            raise no_windows(self.title)
        plan = text(fields(answer.get("subscriptionInfo")).get("subscriptionTitle"))
        return Usage(unique_windows(windows), plan.title() if plan and plan.isupper() else plan)


PROVIDER = Kiro()


def _windows(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield what the row of credits says; of several rows nobody knows which one limits, so all are unknown."""
    rows = [fields(row) for row in items(answer.get("usageBreakdownList"))]
    rows_of_credits = [row for row in rows if row.get("resourceType") == "CREDIT"] or rows[:1]
    if not rows_of_credits:
        return
    row = rows_of_credits[0]
    resets_at = _moment(first(row, "nextDateReset")) or _moment(answer.get("nextDateReset"))
    limit = first(row, "usageLimitWithPrecision", "usageLimit")
    used = number(first(row, "currentUsageWithPrecision", "currentUsage"))
    stated = first(row, "currentOveragesWithPrecision", "currentOverages")
    overage = 0.0 if stated is None else number(stated)
    if used is None or overage is None or len(rows_of_credits) > 1 or not 0 <= overage <= used:
        used = overage = None
    own = None if used is None or overage is None else used - overage
    yield QuotaWindow("Monthly", share(own, limit), resets_at)
    cap = number(first(row, "overageCapWithPrecision", "overageCap"))
    is_on = fields(answer.get("overageConfiguration")).get("overageStatus") == "ENABLED"
    if is_on and cap is not None and cap > 0:
        yield QuotaWindow("Overage", share(overage, cap), resets_at, is_extra=True)


def _moment(value: object) -> datetime | None:
    seconds = number(value)
    if seconds is None:
        return instant(value)
    return instant(seconds / 1000 if seconds > _SECONDS_UNTIL else seconds)
