"""Gemini CLI: the quotas per model of Google's Code Assist.

Seen in public clients (steipete/CodexBar, docs/gemini.md; nguyenphutrong/quotio). Consumer accounts were shut off on
2026-06-18; what remains are standard and enterprise ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.core.translation import Message
from trayquota.providers.answers import error_text, no_windows, read_json, spent_usage
from trayquota.providers.base import Identity, Provider
from trayquota.providers.json_requests import post_json
from trayquota.providers.quota_windows import unique_windows
from trayquota.providers.values import fields, first, fraction, instant, items, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Response, Send

_BASE = "https://cloudcode-pa.googleapis.com/v1internal"
_CLIENT = {"metadata": {"ideType": "GEMINI_CLI", "pluginType": "GEMINI"}}
_LENGTH_S = 86400
_FAMILIES = (("flash-lite", "Flash Lite"), ("flash", "Flash"), ("pro", "Pro"))
"""What a model's name holds, the longest first."""
_ORDER = ("Pro", "Flash", "Flash Lite")


class Gemini(Provider):
    """Google's Gemini CLI. The program that wrote the file refreshes its login every hour."""

    name: ClassVar[str] = "gemini"
    title: ClassVar[str] = "Gemini"
    usage_page: ClassVar[str] = "https://aistudio.google.com/usage"
    refreshed_by: ClassVar[str] = Message("Your proxy")

    def identify(self, source: Mapping[str, object]) -> Identity:
        """Return the first of the projects that the file names."""
        project = (text(source.get("project_id"), 200) or "").split(",")[0].strip()
        return Identity(extra={"project": "" if project.upper() == "ALL" else project})

    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return a window per family of models; the plan, and a project that the file does not name, seldom."""
        project = login.extra.get("project", "")
        assist = post_json(f"{_BASE}:loadCodeAssist", login, _CLIENT)
        # Without a project the answer is needed now, else only for the plan's name.
        about = _assist(send.rarely(assist) if project else send(assist))
        project = project or about.project
        body = {"project": project} if project else {}
        response = send(post_json(f"{_BASE}:retrieveUserQuota", login, body))
        if response.status == 403 and any(
            word in error_text(response) for word in ("unsupported_client", "ineligible")
        ):
            raise fetch_error(
                FailureKind.REFUSED,
                "Google has closed Gemini CLI for personal accounts. Use Antigravity instead.",
            )
        if (spent := spent_usage(response)) is not None:
            return spent
        return Usage(self.read(response), about.plan)

    def read(self, response: Response) -> tuple[QuotaWindow, ...]:
        """Return a window per family: its worst model; buckets without a model or a fraction are no numbers."""
        worst: dict[str, tuple[float, Mapping[str, object]]] = {}
        for family, left, bucket in _buckets(read_json(response, self.title)):
            if family not in worst or left < worst[family][0]:
                worst[family] = (left, bucket)
        if not worst:
            raise no_windows(self.title)
        ordered = sorted(worst, key=lambda family: (_ORDER.index(family) if family in _ORDER else len(_ORDER), family))
        return unique_windows(
            QuotaWindow(
                family, (1 - worst[family][0]) * 100, instant(worst[family][1].get("resetTime")), _LENGTH_S, family
            )
            for family in ordered
        )


PROVIDER = Gemini()


class _Assist(Struct, frozen=True):
    """What the vendor's own client requests first: which project is to be used, and what the plan is called."""

    project: str = ""
    plan: str | None = None


def _assist(response: Response | None) -> _Assist:
    if response is None or response.status != 200:
        return _Assist()
    answer = fields(read_json(response, Gemini.title))
    stated = answer.get("cloudaicompanionProject")
    project = text(stated, 200) or text(first(fields(stated), "id", "projectId"), 200)
    tiers = (fields(answer.get(key)) for key in ("paidTier", "currentTier"))
    return _Assist(project or "", next((name for tier in tiers if (name := text(tier.get("name")))), None))


def _buckets(answer: object) -> Iterator[tuple[str, float, Mapping[str, object]]]:
    for item in items(fields(answer).get("buckets")):
        bucket = fields(item)
        model, left = text(bucket.get("modelId")), fraction(bucket.get("remainingFraction"))
        if model is not None and left is not None:
            yield _family(model), left, bucket


def _family(model: str) -> str:
    return next((title for word, title in _FAMILIES if word in model.lower()), model)
