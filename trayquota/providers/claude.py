"""Claude: the usage endpoint behind ``/usage``, and the renewal of its logins.

Neither endpoint is documented by its vendor; both are known from programs that use them, and every field may
be missing, null or of another type tomorrow.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from msgspec.structs import replace

from trayquota.core.credential import is_token
from trayquota.core.model import QuotaWindow, Usage
from trayquota.providers.answers import no_windows, read_json, retry_after_s
from trayquota.providers.base import FetchError, Provider, RefreshedTokens, Request, Response, TokenRefreshError
from trayquota.providers.values import (
    fields,
    first,
    instant,
    items,
    number,
    parse_json,
    percent,
    text,
)
from trayquota.providers.windows import scoped_title, unique_windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Send

_HOUR_S = 3600
_WEEK_S = 7 * 24 * _HOUR_S
_BUCKETS = (
    ("five_hour", "5-hour", 5 * _HOUR_S),
    ("seven_day", "Weekly", _WEEK_S),
    ("seven_day_opus", "Weekly (Opus)", _WEEK_S),
    ("seven_day_sonnet", "Weekly (Sonnet)", _WEEK_S),
    ("seven_day_oauth_apps", "Weekly (OAuth Apps)", _WEEK_S),
    ("seven_day_cowork", "Weekly (Cowork)", _WEEK_S),
    ("seven_day_omelette", "Weekly (Omelette)", _WEEK_S),
)
_KINDS = {"claude_max": "Max", "claude_pro": "Pro", "claude_team": "Team", "claude_enterprise": "Enterprise"}
_CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
# The two endpoints want different agents: the usage endpoint answers 429 for good to any but the command-line
# client's, the token endpoint answers 429 to just that one.
_USAGE_AGENT = "claude-code/2.1.69"
_TOKEN_AGENT = "axios/1.15.2"  # noqa: S105 - a program's name
_DEFAULT_LIFETIME_S = 3600.0
_LONGEST_LIFETIME_S = 366 * 86400.0


class Claude(Provider):
    """Anthropic's subscriptions."""

    name: ClassVar[str] = "claude"
    title: ClassVar[str] = "Claude"
    usage_page: ClassVar[str] = "https://claude.ai/settings/usage"
    can_refresh: ClassVar[bool] = True

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return all windows of the account, now and then with the plan, which only the profile names."""
        headers = {
            "Authorization": f"Bearer {login.access_token}",
            "anthropic-beta": "oauth-2025-04-20",
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": _USAGE_AGENT,
        }
        usage = self.read_usage(send(Request("GET", "https://api.anthropic.com/api/oauth/usage", headers)))
        profile = send.rarely(Request("GET", "https://api.anthropic.com/api/oauth/profile", headers))
        return replace(usage, plan=self.read_plan(profile)) if profile else usage

    def read_usage(self, response: Response) -> Usage:
        """Return the named buckets, the model limits of ``limits[]`` and extra usage.

        ``utilization`` and ``percent`` are stated in percent: 1.0 is one percent.
        """
        answer = fields(read_json(response, self.title))
        windows = list(_buckets(answer))
        taken = {_slug(window.title) for window in windows}
        windows += (each for each in _scoped(answer) if _slug(each.title) not in taken)
        windows += _extra(answer)
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows))

    def read_plan(self, response: Response) -> str | None:
        """Return ``Max 20x``, ``Pro``, ``Team``, …; the tier's factor is part of the rate limit's name."""
        try:
            answer = fields(read_json(response, self.title))
        except FetchError:
            return None
        account, organization = fields(answer.get("account")), fields(answer.get("organization"))
        kind = _KINDS.get(str(organization.get("organization_type")))
        if account.get("has_claude_max") is True:
            kind = "Max"
        elif account.get("has_claude_pro") is True:
            kind = "Pro"
        elif kind is None and account.get("has_claude_max") is False and account.get("has_claude_pro") is False:
            kind = "Free"
        tier = re.search(r"_(\d{1,3}x)$", str(organization.get("rate_limit_tier")))
        return f"{kind} {tier[1]}" if kind and tier else kind

    def refresh_request(self, refresh_token: str) -> Request:
        """Return the form that trades a single-use refresh token for a new pair."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": _CLIENT_ID}
        body = "&".join(f"{key}={form_encoded(value)}" for key, value in form.items())
        return Request(
            "POST",
            "https://platform.claude.com/v1/oauth/token",
            {
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": _TOKEN_AGENT,
            },
            body.encode("ascii"),
        )

    def read_refresh(self, response: Response) -> RefreshedTokens:
        """Return the new pair; without ``expires_in`` it lives an hour."""
        try:
            answer = fields(parse_json(response.body))
        except ValueError:
            answer = {}
        if response.status in {400, 401}:
            raise TokenRefreshError(final=_error_code(answer) == "invalid_grant")
        if response.status == 429:
            raise TokenRefreshError(wait_s=_pause_s(response))
        if response.status >= 500:
            raise TokenRefreshError(server_fault=True)
        access = answer.get("access_token")
        refresh = answer.get("refresh_token")
        if response.status != 200 or not is_token(access):
            raise TokenRefreshError
        lifetime_s = number(answer.get("expires_in")) or 0.0
        return RefreshedTokens(
            str(access),
            str(refresh) if is_token(refresh) else None,
            min(lifetime_s, _LONGEST_LIFETIME_S) if lifetime_s > 0 else _DEFAULT_LIFETIME_S,
        )


PROVIDER = Claude()


def form_encoded(value: str) -> str:
    """Return ``value`` for a form body: only letters, digits and ``- . _ ~`` stay as they are."""
    return quote(value, safe="-._~")


def _buckets(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    for key, title, length_s in _BUCKETS:
        bucket = fields(answer.get(key))
        used = percent(bucket.get("utilization"))
        if used is not None:
            yield QuotaWindow(title, used, instant(bucket.get("resets_at")), length_s)


def _scoped(answer: Mapping[str, object]) -> list[QuotaWindow]:
    """Return the limits of single models; ``session`` and ``weekly_all`` repeat the buckets.

    ``is_active`` marks the limit that binds at the moment. Most valid limits are not active, so it decides
    only between two entries for the same model.
    """
    found: dict[str, tuple[bool, QuotaWindow]] = {}
    for each in items(answer.get("limits")):
        limit = fields(each)
        scope = fields(limit.get("scope"))
        model = fields(scope.get("model"))
        name = text(model.get("display_name")) or text(model.get("id")) or text(scope.get("surface"))
        used = percent(limit.get("percent"))
        if limit.get("kind") != "weekly_scoped" or name is None or used is None or _slug(name) == "allmodels":
            continue
        window = QuotaWindow(scoped_title("Weekly", name), used, instant(limit.get("resets_at")), _WEEK_S)
        active = limit.get("is_active") is True
        if _slug(name) not in found or (active and not found[_slug(name)][0]):
            found[_slug(name)] = (active, window)
    return [window for _, window in found.values()]


def _extra(answer: Mapping[str, object]) -> list[QuotaWindow]:
    """Return paid extra usage as a window when it has a limit; ``spend`` is its newer twin."""
    extra = fields(answer.get("extra_usage"))
    limit = number(extra.get("monthly_limit")) or 0.0
    if extra.get("is_enabled") is True and limit > 0:
        used = percent(extra.get("utilization"))
        if used is None:
            used = _share(number(extra.get("used_credits")), limit)
        return [QuotaWindow("Extra usage", used)]
    spend = fields(answer.get("spend"))
    limit = _amount(spend.get("limit")) or 0.0
    if spend.get("enabled") is True and limit > 0:
        used = _share(_amount(spend.get("used")), limit)
        return [QuotaWindow("Extra usage", percent(spend.get("percent")) if used is None else used)]
    return []


def _amount(value: object) -> float | None:
    """Return money out of {amount_minor, exponent} in major units."""
    money = fields(value)
    minor, exponent = number(money.get("amount_minor")), number(first(money, "exponent", "decimal_places"))
    if minor is None:
        return None
    return float(minor / 10 ** (exponent if exponent is not None and 0 <= exponent <= 6 else 2))


def _share(used: float | None, limit: float) -> float | None:
    return None if used is None else percent(used / limit * 100)


def _slug(title: str) -> str:
    return "".join(each for each in title.casefold() if each.isalnum())


def _error_code(answer: Mapping[str, object]) -> object:
    error = answer.get("error")
    return first(fields(error), "type", "code") if isinstance(error, dict) else error


def _pause_s(response: Response) -> float:
    """Return the pause that a 429 of the token endpoint asks for, held to 5 s … 5 min."""
    in_ms = number(response.headers.get("retry-after-ms"))
    seconds = in_ms / 1000 if in_ms is not None else retry_after_s(response)
    return min(max(seconds, 5.0), 300.0)
