"""Codex: the usage endpoint of a ChatGPT subscription.

The endpoint is not documented by its vendor; it is known from programs that use it, and every field may be
missing, null or of another type tomorrow. Logins are never renewed here: their refresh tokens belong to the
program that wrote the file, and using one twice can sign the person out everywhere.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.model import QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json
from trayquota.providers.base import Identity, Provider, Request, Response
from trayquota.providers.generic import guess_windows
from trayquota.providers.values import (
    after,
    fields,
    first,
    instant,
    items,
    jwt_claims,
    number,
    percent,
    text,
    whole,
)
from trayquota.providers.windows import scoped_title, unique_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Send

_SLOTS = (
    ("primary_window", "primaryWindow", "5-hour"),
    ("secondary_window", "secondaryWindow", "Weekly"),
    ("tertiary_window", "tertiaryWindow", "Other"),
)
_PLANS = {
    "pro": "Pro 20x",
    "prolite": "Pro 5x",
    "free_workspace": "Free workspace",
    "k12": "K-12",
}
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S
_ACCOUNT_HEADER = "ChatGPT-Account-Id"


class Codex(Provider):
    """OpenAI's subscriptions."""

    name: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex"
    usage_page: ClassVar[str] = "https://chatgpt.com/codex/settings/usage"

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return what the file and the claims of its tokens tell; nothing is verified, nothing trusted."""
        identity = jwt_claims(source.get("id_token"))
        access = jwt_claims(source.get("access_token"))
        auth = fields(identity.get("https://api.openai.com/auth"))
        auth_access = fields(access.get("https://api.openai.com/auth"))
        profile = fields(access.get("https://api.openai.com/profile"))
        account_id = (
            text(source.get("account_id"))
            or text(source.get("chatgpt_account_id"))
            or text(auth.get("chatgpt_account_id"))
            or text(auth_access.get("chatgpt_account_id"))
        )
        plan = text(auth.get("chatgpt_plan_type")) or text(auth_access.get("chatgpt_plan_type"))
        return Identity(
            email=text(identity.get("email"), 100) or text(profile.get("email"), 100),
            plan=plan_title(plan),
            account_id=account_id if account_id and account_id.isascii() else None,
            expires_at=instant(access.get("exp")),
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return all windows and the plan; the account id is left out of the request when unknown."""
        headers = {
            "Authorization": f"Bearer {login.access_token}",
            "Accept": "application/json",
            "User-Agent": "codex-cli",
        }
        if login.account_id:
            headers[_ACCOUNT_HEADER] = login.account_id
        return self.read_usage(send(Request("GET", "https://chatgpt.com/backend-api/wham/usage", headers)))

    def read_usage(self, response: Response) -> Usage:
        """Return the main, additional, code-review and spend limits, in this order.

        ``used_percent`` is stated in percent: 1.0 is one percent.
        """
        data = read_json(response, self.title)
        answer = fields(data)
        rate_limit = first(answer, "rate_limit", "rateLimit")
        headers = {slot: response.headers.get(f"x-codex-{slot}-used-percent") for slot in ("primary", "secondary")}
        windows = list(_windows(rate_limit, response.received_at, headers=headers))
        windows += _extra_limits(answer, response.received_at)
        if not windows and not isinstance(rate_limit, dict):
            windows += guess_windows(data, response.received_at)
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), plan_title(text(first(answer, "plan_type", "planType"))))


PROVIDER = Codex()


def plan_title(plan: str | None) -> str | None:
    """Return a plan's name for people; a new one is shown as it came, a little tidied."""
    words = " ".join((plan or "").replace("_", " ").replace("-", " ").split())
    if plan is None or not words or words.lower() == "unknown":
        return None
    return _PLANS.get(plan.lower()) or words[:1].upper() + words[1:]


def window_title(length_s: float | None, slot_title: str) -> str:
    """Return a window's title by its length; the slot's own when the length is missing.

    Halves are rounded away from zero: two and a half hours are a ``3-hour`` window.
    """
    if length_s is None or length_s <= 0:
        return slot_title
    if length_s <= _DAY_S:
        return f"{max(1, _rounded(length_s / _HOUR_S))}-hour"
    days = length_s / _DAY_S
    if 6 <= days <= 8:
        return "Weekly"
    if 27 <= days <= 32:
        return "Monthly"
    return f"{_rounded(days)}-day"


def _rounded(value: float) -> int:
    return math.floor(value + 0.5)


def _windows(
    limit: object,
    received_at: datetime,
    *,
    name: str | None = None,
    headers: Mapping[str, str | None] | None = None,
) -> Iterator[QuotaWindow]:
    source = fields(limit)
    for snake, camel, slot_title in _SLOTS:
        window = fields(first(source, snake, camel))
        if not window:
            continue
        length_s = whole(first(window, "limit_window_seconds", "limitWindowSeconds"))
        used = percent(first(window, "used_percent", "usedPercent"))
        if used is None and headers:
            used = percent(headers.get(snake.split("_", 1)[0]))
        resets_at = _reset(window, received_at)
        if used is None and resets_at is None:
            continue
        title = window_title(length_s, slot_title)
        yield QuotaWindow(scoped_title(title, name) if name else title, used, resets_at, length_s)


def _reset(window: Mapping[str, object], received_at: datetime) -> datetime | None:
    """Return the reset: the stated moment, else the stated distance from the answer's arrival."""
    return instant(first(window, "reset_at", "resetAt")) or after(
        first(window, "reset_after_seconds", "resetAfterSeconds"), received_at
    )


def _extra_limits(answer: Mapping[str, object], received_at: datetime) -> Iterator[QuotaWindow]:
    for each in items(first(answer, "additional_rate_limits", "additionalRateLimits")):
        extra = fields(each)
        name = text(first(extra, "limit_name", "limitName")) or text(first(extra, "metered_feature", "meteredFeature"))
        yield from _windows(first(extra, "rate_limit", "rateLimit"), received_at, name=name or "Additional")
    review = first(answer, "code_review_rate_limit", "codeReviewRateLimit")
    yield from _windows(review, received_at, name="Code review")
    yield from _spend_limit(answer, received_at)


def _spend_limit(answer: Mapping[str, object], received_at: datetime) -> Iterator[QuotaWindow]:
    control = fields(first(answer, "spend_control", "spendControl"))
    spend = fields(first(control, "individual_limit", "individualLimit"))
    limit, spent = number(spend.get("limit")), number(spend.get("used"))
    used = percent(first(spend, "used_percent", "usedPercent"))
    remaining = percent(first(spend, "remaining_percent", "remainingPercent"))
    if used is None and remaining is not None:
        used = 100.0 - remaining
    if used is None and limit and limit > 0 and spent is not None:
        used = percent(spent / limit * 100)
    if used is not None:
        yield QuotaWindow("Spend limit", used, _reset(spend, received_at))
