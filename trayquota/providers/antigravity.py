"""Antigravity: the quota summary of Google's coding assistant.

Requests and fields as public clients send and read them: router-for-me/Cli-Proxy-API-Management-Center,
src/utils/quota/constants.ts and builders.ts; robinebers/openusage, AntigravityUsageClient.swift. Third parties' use of
these logins has led to bans, users report; it can be switched off with ``providers_off``.
"""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.core.translation import Message
from trayquota.providers.answers import no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider, ProxySignIn
from trayquota.providers.json_requests import post_json
from trayquota.providers.quota_windows import scoped_title, unique_windows
from trayquota.providers.values import fields, first, fraction, instant, items, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Request, Response, Send

_HOUR_S = 3600
_WEEK_S = 7 * 24 * _HOUR_S
_HOSTS = (
    "daily-cloudcode-pa.googleapis.com",
    "daily-cloudcode-pa.sandbox.googleapis.com",
    "cloudcode-pa.googleapis.com",
)
"""In the order in which they are tried: the first is ahead of the others."""
_LENGTHS = {
    "5h": ("5-hour", 5 * _HOUR_S),
    "five-hour": ("5-hour", 5 * _HOUR_S),
    "five_hour": ("5-hour", 5 * _HOUR_S),
    "weekly": ("Weekly", _WEEK_S),
    "week": ("Weekly", _WEEK_S),
}
_NOT_FOUND = 404
_GEMINI = ("gemini",)
_OTHERS = ("claude", "gpt")


class Antigravity(Provider):
    """Google's Antigravity. The proxy that wrote the file refreshes its login every hour."""

    name: ClassVar[str] = "antigravity"
    title: ClassVar[str] = "Antigravity"
    usage_page: ClassVar[str] = "https://antigravity.google/docs/plans"
    sign_in: ClassVar[ProxySignIn | None] = ProxySignIn("antigravity", "antigravity", ("google.com",))
    refreshed_by: ClassVar[str] = "CLIProxyAPI"
    caution: ClassVar[str] = Message(
        'Antigravity: third parties\' use of these logins has led to bans; providers_off = ["antigravity"] stops it.'
    )

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the project that the login belongs to."""
        return Identity(extra={"project": text(source.get("project_id"), 200) or ""})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the windows of the quota summary, else those of the older list of models; seldom the plan."""
        project = login.extra.get("project")
        body = {"project": project} if project else {}
        response = _first_answer(login, send, "retrieveUserQuotaSummary", body)
        if (spent := spent_usage(response)) is not None:
            return spent
        read = _windows
        if response.status == _NOT_FOUND:
            response, read = _first_answer(login, send, "fetchAvailableModels", body), _pools
        if response.status in {403, _NOT_FOUND} and not response.is_html:
            raise fetch_error(
                FailureKind.REFUSED,
                "Antigravity tells no limits for this account (HTTP {status}).",
                status=response.status,
            )
        windows = tuple(read(fields(read_json(response, self.title))))
        if not windows:
            raise no_windows(self.title)
        return Usage(unique_windows(windows), self._plan(login, send))

    def _plan(self, login: Tokens, send: Send) -> str | None:
        """Return the plan's name, when that request is due and there is an answer."""
        body = {"metadata": {"ideType": "ANTIGRAVITY"}}
        response = send.rarely(_request(login, _HOSTS[0], "loadCodeAssist", body))
        answer = fields(read_json(response, self.title)) if response is not None and response.status == 200 else {}
        tiers = (fields(answer.get(key)) for key in ("paidTier", "currentTier"))
        return next((name for tier in tiers if (name := text(tier.get("name")))), None)


PROVIDER = Antigravity()


def _first_answer(login: Tokens, send: Send, method: str, body: object) -> Response:
    """Return the answer of the first host that knows the method; the most specific one when none does.

    Raises:
        FetchError: No host answered.
    """
    refused: Response | None = None
    unreached: FetchError | None = None
    for host in _HOSTS:
        try:
            response = send(_request(login, host, method, body))
        except FetchError as error:
            unreached = error
            continue
        if response.status != _NOT_FOUND and response.status < 500:
            return response
        if refused is None or response.status == _NOT_FOUND:
            refused = response
    if refused is not None:
        return refused
    raise unreached or no_windows(Antigravity.title)


def _request(login: Tokens, host: str, method: str, body: object) -> Request:
    return post_json(f"https://{host}/v1internal:{method}", login, body, {"User-Agent": _agent()})


def _agent() -> str:
    """Return the agent that the vendor's own command-line client names itself."""
    system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "amd64"
    return f"antigravity/cli/1.0.13 (aidev_client; os_type={system}; arch={machine})"


def _windows(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield a window per bucket with a fraction; one without is no number, and a disabled one limits nobody."""
    root = fields(first(answer, "response", "summary")) or answer
    for group in items(root.get("groups")):
        scope = _scope(text(first(fields(group), "displayName", "display_name")))
        found = (_window(fields(bucket), scope) for bucket in items(fields(group).get("buckets")))
        known = (window for window in found if window is not None)
        yield from sorted(known, key=lambda window: window.duration_s or 0)


def _window(bucket: Mapping[str, object], scope: str | None) -> QuotaWindow | None:
    left = fraction(_stated(bucket))
    if left is None or bucket.get("disabled") is True:
        return None
    stated = text(bucket.get("window")) or ""
    title, length_s = _LENGTHS.get(stated.lower(), (text(bucket.get("displayName")) or stated or "Quota", None))
    resets_at = instant(first(bucket, "resetTime", "reset_time"))
    shown = scoped_title(title, scope) if scope else title
    return QuotaWindow(shown, (1 - left) * 100, resets_at, length_s, scope)


def _stated(bucket: Mapping[str, object]) -> object:
    """Return the fraction that is left; it may be nested under ``remaining`` as protobuf's one-of."""
    nested = fields(bucket.get("remaining"))
    stated = first(bucket, "remainingFraction", "remaining_fraction")
    return first(nested, "remainingFraction", "remaining_fraction", "value") if stated is None else stated


def _scope(name: str | None) -> str | None:
    """Return a group's name without the word that all of them end with."""
    words = (name or "").split()
    if words and words[-1].lower() == "models":
        words.pop()
    return " ".join(words) or None


def _pools(answer: Mapping[str, object]) -> Iterator[QuotaWindow]:
    """Yield the worst model of each pool, from the older list of models.

    A model without a fraction has nothing left there (nguyenphutrong/quotio; robinebers/openusage). Where every
    model is full the list may only prove that the models exist (steipete/CodexBar): then nothing is known.
    """
    models = {str(key): fields(model) for key, model in fields(answer.get("models")).items()}
    quotas = {
        key: fields(model.get("quotaInfo"))
        for key, model in models.items()
        if model.get("isInternal") is not True and model.get("quotaInfo")
    }
    stated = {key: _stated(quota) for key, quota in quotas.items()}
    read = {key: 0.0 if value is None else fraction(value) for key, value in stated.items()}
    fractions = {key: left for key, left in read.items() if left is not None}
    if all(left >= 0.999 for left in fractions.values()):
        return
    for scope, words in (("Gemini", _GEMINI), ("Claude and GPT", _OTHERS)):
        pool = [key for key in fractions if any(word in key.lower() for word in words)]
        if pool:
            worst = min(pool, key=lambda key: fractions[key])
            resets_at = instant(quotas[worst].get("resetTime"))
            yield QuotaWindow(f"5-hour ({scope})", (1 - fractions[worst]) * 100, resets_at, 5 * _HOUR_S, scope)
