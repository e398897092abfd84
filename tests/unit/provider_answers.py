"""Asking a provider with prepared answers, and what the newer samples say of each."""

from __future__ import annotations

import json
from collections import deque
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trayquota.core.credential import Tokens
from trayquota.providers import find_provider

from . import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.errors import FetchError
    from trayquota.core.model import QuotaWindow, Usage
    from trayquota.providers.base import Provider, Request, Response

FOLDER = Path(__file__).parents[1] / "fixtures" / "facts-2"
TOKEN = "token-of-the-file"
DOWN = facts.answer({"error": "down"}, 503)
NOT_FOUND = facts.answer(b"", 404)


class Answers:
    """Stands for :class:`trayquota.providers.base.Send`: gives one prepared answer after the other.

    Args:
        answers: What to answer, in turn; an error is raised.
        rare: What to answer to what is asked rarely; ``None`` when it is not due.
    """

    def __init__(self, *answers: Response | FetchError, rare: Response | None = None) -> None:
        """See the class."""
        self._left = deque(answers)
        self._rare = rare
        self.requests: list[Request] = []
        self.rare_requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self._left.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def rarely(self, request: Request) -> Response | None:
        self.rare_requests.append(request)
        return self._rare

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.requests]


def provider(name: str) -> Provider:
    found = find_provider(name)
    assert found is not None
    return found


def login_of(name: str, **fields: object) -> Tokens:
    """Return the login of a file that says ``fields``."""
    identity = provider(name).identify({"type": name, **fields})
    return Tokens(identity.access_token or TOKEN, account_id=identity.account_id, extra=identity.extra)


def usage(name: str, *answers: object, **fields: object) -> Usage:
    """Return what a provider makes of answers with status 200."""
    send = Answers(*(facts.answer(answer) for answer in answers))
    return provider(name).fetch(login_of(name, **fields), send)


def sample(name: str) -> Any:
    """Return a newer sample: what is asked, answered and expected."""
    return json.loads((FOLDER / f"{name}.json").read_bytes())


def assert_expected(found: Usage, expected: Mapping[str, Any]) -> None:
    """Hold a usage to what a newer sample expects of it."""
    assert [described(window) for window in found.windows] == expected["windows"]
    if "plan" in expected:
        assert found.plan == expected["plan"]


def described(window: QuotaWindow) -> dict[str, object]:
    resets_at = window.resets_at and window.resets_at.replace(microsecond=0)
    return {
        "title": window.title,
        "used_percent": window.used_percent,
        "resets_at": resets_at and resets_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "duration_seconds": window.duration_s,
    }


def assert_request(request: Request, expected: Mapping[str, Any]) -> None:
    """Hold a request to what a newer sample says of it."""
    assert (request.method, request.url) == (expected["method"], expected["url"])
    headers = {name: value for name, value in expected.get("headers", {}).items() if "<" not in value}
    assert headers.items() <= dict(request.headers).items()
    if "body" in expected and "<" not in str(expected["body"]):
        assert json.loads(request.body or b"null") == expected["body"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
