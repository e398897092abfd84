"""Codex: the usage endpoint of a ChatGPT subscription.

The endpoint is not documented by its vendor, and every field may be missing, null or of another type tomorrow. Requests
as public clients send them: nikships/droidproxy; router-for-me/Cli-Proxy-API-Management-Center,
src/utils/quota/constants.ts; the month of education plans in steipete/CodexBar,
CodexOAuthUsageFetcher.swift. Claims of the tokens: router-for-me/CLIProxyAPI,
internal/auth/codex. Logins are never refreshed here: their refresh tokens belong to the
program that wrote the file, and using one twice can sign the person out everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from msgspec.structs import replace

from trayquota.core.errors import FetchError
from trayquota.providers.answers import no_windows, read_json
from trayquota.providers.base import Identity, Provider, ProxySignIn, Request
from trayquota.providers.codex_titles import plan_title
from trayquota.providers.values import fields, first, instant, jwt_claims, text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.core.model import Usage
    from trayquota.providers.base import Send

_BACKEND = "https://chatgpt.com/backend-api"
_ACCOUNT_HEADER = "ChatGPT-Account-Id"


class Codex(Provider):
    """OpenAI's subscriptions. What reads answers is imported with the first one: identifying accounts needs none."""

    name: ClassVar[str] = "codex"
    title: ClassVar[str] = "Codex"
    usage_page: ClassVar[str] = "https://chatgpt.com/codex/settings/usage"
    sign_in: ClassVar[ProxySignIn | None] = ProxySignIn("codex", "codex", ("openai.com", "chatgpt.com"))

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return what the file and the claims of its tokens say; nothing is verified, nothing trusted."""
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
            user_id=text(auth.get("chatgpt_user_id")) or text(auth_access.get("chatgpt_user_id")),
            organization=text(first(source, "organization_name", "workspace_name")),
            subscription_ends_at=instant(first({**auth_access, **auth}, "chatgpt_subscription_active_until")),
        )

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return all windows, the plan and credits; the account id is left out of the request when unknown.

        Education accounts have their limit in a second answer, and when reset credits lapse is in another.
        """
        from trayquota.providers.codex_usage import (
            has_monthly_usage,
            read_first_expiry,
            read_monthly_usage,
            read_usage,
        )

        headers = {
            "Authorization": f"Bearer {login.access_token}",
            "Accept": "application/json",
            "User-Agent": "codex-cli",
        }
        if login.account_id:
            headers[_ACCOUNT_HEADER] = login.account_id
        response = send(Request("GET", f"{_BACKEND}/wham/usage", headers))
        data = read_json(response, self.title)
        monthly = None
        if login.account_id and has_monthly_usage(data):
            path = f"accounts/{quote(login.account_id, safe='')}/spend-controls/current-user/monthly-usage"
            monthly = read_monthly_usage(self._further(Request("GET", f"{_BACKEND}/{path}", headers), send))
        usage = read_usage(data, response.headers, response.received_at, monthly=monthly)
        if usage is None:
            raise no_windows(self.title)
        if usage.reset_credits is None:
            return usage
        headers |= {"OpenAI-Beta": "codex-1", "originator": "Codex Desktop"}
        listed = self._further(Request("GET", f"{_BACKEND}/wham/rate-limit-reset-credits", headers), send)
        expires_at = read_first_expiry(listed, response.received_at)
        return replace(usage, reset_credits=replace(usage.reset_credits, expires_at=expires_at))

    def read_signals(self, signals: Mapping[str, str], observed_at: datetime) -> Usage | None:
        """Return the windows and the plan that the headers of a model's answer state."""
        from trayquota.providers.codex_usage import read_usage

        return read_usage({}, signals, observed_at)

    def _further(self, request: Request, send: Send) -> object:
        """Return what another answer says; nothing when there is none, for the windows are known already."""
        try:
            return read_json(send(request), self.title)
        except FetchError:
            return None


PROVIDER = Codex()
