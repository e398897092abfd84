"""Claude: the usage endpoint behind ``/usage``, and refreshing its logins.

Neither endpoint is documented by its vendor, and every field may be missing, null or of another type tomorrow. Requests
as public clients send them: usage and profile in steipete/CodexBar, ClaudeOAuthUsageFetcher.swift, and
robinebers/openusage; the token endpoint in router-for-me/CLIProxyAPI (JSON there, a form in nikships/droidproxy; both
are taken). Agents: anthropics/claude-code, issue 30930; router-for-me/CLIProxyAPI sends ``axios/1.15.2``.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from msgspec.structs import replace

from trayquota.core.credential import is_token
from trayquota.core.errors import FetchError, TokenRefreshError
from trayquota.core.model import Usage
from trayquota.providers.answers import no_windows, read_json, retry_after_s
from trayquota.providers.base import Identity, Provider, ProxySignIn, RefreshedTokens, Request, Response
from trayquota.providers.quota_windows import unique_windows
from trayquota.providers.values import fields, first, number, parse_json, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Send
    from trayquota.providers.claude_usage import Profile

_CLIENT_ID = "9d1c250a-e61b-44d9-88ed-5944d1962f5e"
# The two endpoints want different agents: the usage endpoint answers 429 for good to any but the command-line
# client's, the token endpoint answers 429 to just that one.
_USAGE_AGENT = "claude-code/2.1.69"
_REFRESH_AGENT = "axios/1.15.2"
_DEFAULT_LIFETIME_S = 3600.0
_LONGEST_LIFETIME_S = 366 * 86400.0


class Claude(Provider):
    """Anthropic's subscriptions. What reads answers is imported with the first one: identifying accounts needs none."""

    name: ClassVar[str] = "claude"
    title: ClassVar[str] = "Claude"
    usage_page: ClassVar[str] = "https://claude.ai/settings/usage"
    sign_in: ClassVar[ProxySignIn | None] = ProxySignIn(
        "anthropic", "claude", ("claude.ai", "claude.com", "anthropic.com")
    )
    can_refresh: ClassVar[bool] = True

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return whose login it is. One person may have a file for each of several organizations."""
        return Identity(
            user_id=text(source.get("account_uuid")),
            organization_id=text(source.get("organization_uuid")),
            organization=text(source.get("organization_name")),
        )

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
        response = send.rarely(Request("GET", "https://api.anthropic.com/api/oauth/profile", headers))
        if response is None:
            return usage
        profile = self.read_profile(response)
        return replace(usage, plan=profile.plan, organization=profile.organization)

    def read_usage(self, response: Response) -> Usage:
        """Return the windows in a usage answer, and the reset credits where it has them."""
        from trayquota.providers.claude_usage import read_reset_credits, read_windows

        answer = fields(read_json(response, self.title))
        windows = read_windows(answer, response.received_at)
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), reset_credits=read_reset_credits(answer, response.received_at))

    def read_signals(self, signals: Mapping[str, str], observed_at: datetime) -> Usage | None:  # noqa: ARG002 - resets are moments
        """Return the windows that the headers of a model's answer state."""
        from trayquota.providers.claude_headers import read_header_windows

        windows = unique_windows(read_header_windows(signals))
        return Usage(windows) if windows else None

    def read_profile(self, response: Response) -> Profile:
        """Return the plan and the organization; nothing of them for an answer that is none."""
        from trayquota.providers.claude_usage import Profile, read_profile

        try:
            return read_profile(fields(read_json(response, self.title)))
        except FetchError:
            return Profile()

    def refresh_request(self, refresh_token: str) -> Request:
        """Return the form that exchanges a single-use refresh token for a new pair."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": _CLIENT_ID}
        body = "&".join(f"{key}={form_encoded(value)}" for key, value in form.items())
        return Request(
            "POST",
            "https://platform.claude.com/v1/oauth/token",
            {
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                "User-Agent": _REFRESH_AGENT,
            },
            body.encode("ascii"),
            is_irreversible=True,
        )

    def read_refresh(self, response: Response) -> RefreshedTokens:
        """Return the new pair of any good answer that names a refresh token or a usable access token.

        A whole pair counts whatever the status: the old one is spent then.

        Without ``expires_in`` the access token lives an hour; one that is unusable is left out.
        """
        answer = _token_fields(response.body)
        is_good = 200 <= response.status < 300
        if not is_good and not _is_pair(response.body):
            raise _refusal(response, answer)
        access, refresh = answer.get("access_token"), answer.get("refresh_token")
        access_token = access if isinstance(access, str) and is_token(access) else ""
        refresh_token = refresh if isinstance(refresh, str) and refresh else None
        if not (access_token or refresh_token):
            raise TokenRefreshError
        lifetime_s = number(answer.get("expires_in")) or 0.0
        lifetime_s = min(lifetime_s, _LONGEST_LIFETIME_S) if lifetime_s > 0 else _DEFAULT_LIFETIME_S
        return RefreshedTokens(access_token, refresh_token, lifetime_s if access_token else 0.0)


PROVIDER = Claude()


def form_encoded(value: str) -> str:
    """Return ``value`` for a form body: only letters, digits and ``- . _ ~`` stay as they are."""
    return quote(value, safe="-._~")


def _token_fields(body: bytes) -> Mapping[str, object]:
    """Return the fields of an answer; of one that is no whole JSON, or of another form, the tokens in it.

    When they came, the old pair is spent, so whatever came counts.
    """
    answer: Mapping[str, object] = {}
    with contextlib.suppress(ValueError):
        answer = fields(parse_json(body))
    if answer.get("refresh_token") or answer.get("error"):
        return answer
    found: dict[str, object] = {}
    for key, value in re.findall(rb'"(access|refresh)_?[tT]oken"\s*:\s*("(?:[^"\\]|\\.)*")', body):
        with contextlib.suppress(ValueError):
            found[f"{key.decode()}_token"] = parse_json(value)
    return {**found, **answer}


def _is_pair(body: bytes) -> bool:
    """Whether an answer is a new pair and names no error."""
    answer: Mapping[str, object] = {}
    with contextlib.suppress(ValueError):
        answer = fields(parse_json(body))
    return is_token(answer.get("access_token")) and bool(text(answer.get("refresh_token"))) and not answer.get("error")


def _refusal(response: Response, answer: Mapping[str, object]) -> TokenRefreshError:
    if response.status in {400, 401}:
        return TokenRefreshError(final=_error_code(answer) == "invalid_grant")
    if response.status == 429:
        return TokenRefreshError(wait_s=_pause_s(response))
    return TokenRefreshError(server_fault=response.status >= 500)


def _error_code(answer: Mapping[str, object]) -> object:
    error = answer.get("error")
    return first(fields(error), "type", "code") if isinstance(error, dict) else error


def _pause_s(response: Response) -> float:
    """Return the pause that a 429 of the token endpoint asks for, held to 5 s … 5 min."""
    in_ms = number(response.headers.get("retry-after-ms"))
    seconds = in_ms / 1000 if in_ms is not None else retry_after_s(response)
    return min(max(seconds, 5.0), 300.0)
