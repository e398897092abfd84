"""The collected facts: sample files and what a correct reader makes of them."""

from __future__ import annotations

import contextlib
import json
import pkgutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sample_files import FACTS, fact, fact_bytes

from trayquota import providers
from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind
from trayquota.providers.base import Provider, Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trayquota.core.model import QuotaWindow, Usage

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
"""The moment that all samples are made for."""
WORTHLESS = {FailureKind.NO_WINDOWS, FailureKind.BAD_ANSWER, FailureKind.BLOCKED}
"""What an answer of 200 may be when it states no window."""
PROVIDERS: dict[str, Provider] = {
    module.name: provider
    for module in pkgutil.iter_modules(providers.__path__)
    if (provider := providers.find_provider(module.name))
}
TOLERANCE = timedelta(milliseconds=1)


def content(name: str) -> bytes:
    """Return a sample file; a placeholder in it becomes the web token that it stands for."""
    return fact_bytes(name)


def load(name: str) -> Any:
    """Return what a sample file says."""
    return fact(name)


def expected(name: str) -> Any:
    """Return what a reader has to make of a sample file."""
    return json.loads((FACTS / "EXPECTED.json").read_bytes())["files"][name]


def newer(name: str) -> Any:
    """Return one of the newer samples: ``answer`` and what is ``expected`` of it stand in the same file."""
    return json.loads((FACTS.with_name("facts-2") / name).read_bytes())


def names(kind: str) -> list[str]:
    """Return the sample files of a kind."""
    found = json.loads((FACTS / "EXPECTED.json").read_bytes())["files"]
    return sorted(name for name, each in found.items() if each["kind"] == kind)


def moment(text: str | None) -> datetime | None:
    """Return the moment that an expectation names."""
    return None if text is None else datetime.fromisoformat(text)


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that came at :data:`NOW`; anything but bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or {"content-type": "application/json"}, data, NOW)


class Send:
    """Answers all requests of a provider alike; rare ones are never due."""

    def __init__(self, response: Response) -> None:
        self.response = response
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response

    def rarely(self, request: Request) -> Response | None:
        self.requests.append(request)
        return None


def fetched(provider: Provider, response: Response) -> Usage:
    """Return what a provider makes of one answer."""
    return provider.fetch(Tokens(access_token="fake-access"), Send(response))


def requests(provider: Provider, login: Tokens) -> list[Request]:
    """Return what a provider asks for until an answer without quotas."""
    send = Send(answer({}))
    with contextlib.suppress(FetchError):
        provider.fetch(login, send)
    return send.requests


def case_answer(case: Mapping[str, Any]) -> Response:
    """Return the answer of an HTTP case."""
    body = case["body_text"].encode() if "body_text" in case else case["body"]
    return answer(body, case["status"], case["headers"])


def assert_windows(windows: Sequence[QuotaWindow], expectations: Sequence[Mapping[str, Any]]) -> None:
    """Hold windows to what the facts say of them, in order."""
    assert [each.title for each in windows] == [each["title"] for each in expectations]
    for window, wanted in zip(windows, expectations, strict=True):
        assert window.used_percent == wanted["used_percent"], window.title
        assert window.remaining_percent == wanted["remaining_percent"], window.title
        assert window.duration_s == wanted["window_seconds"], window.title
        assert_moment(window.resets_at, wanted["resets_at"])


def assert_newer_windows(windows: Sequence[QuotaWindow], expectations: Sequence[Mapping[str, Any]]) -> None:
    """Hold windows to what the newer facts say of them, in order."""
    assert [window.title for window in windows] == [wanted["title"] for wanted in expectations]
    for window, wanted in zip(windows, expectations, strict=True):
        assert window.used_percent == pytest.approx(wanted["used_percent"], abs=1e-4), window.title
        assert window.duration_s == wanted["duration_seconds"], window.title
        assert_moment(window.resets_at, wanted["resets_at"])


def assert_moment(found: datetime | None, wanted: str | None) -> None:
    """Hold a moment to an expectation; the expectations are truncated to milliseconds."""
    if found is None or wanted is None:
        assert found is None
        assert wanted is None
    else:
        assert abs(found - datetime.fromisoformat(wanted)) <= TOLERANCE
        assert found.utcoffset() == timedelta(0)
