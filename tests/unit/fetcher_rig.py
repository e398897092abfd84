"""A fetcher with a login in a file and a provider that answers as a test says."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.providers.base import Response

from .token_files import START, TokenRig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trayquota.core.account_state import FetchResult
    from trayquota.providers.base import Request

QUOTA = {"five_hour": {"utilization": 58.0, "resets_at": "2026-09-22T14:13:00Z"}}
EXPIRED = {"type": "error", "error": {"type": "authentication_error", "details": {"error_code": "token_expired"}}}


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or {"content-type": "application/json"}, data, START)


GOOD = reply(200, QUOTA)
REFUSED = reply(401, EXPIRED)


class UsageEndpoint:
    """The usage endpoint: takes only the newest access token, unless its script says something else."""

    def __init__(self, token_rig: TokenRig) -> None:
        self.token_rig = token_rig
        self.script: deque[Response | FetchError | Callable[[], object]] = deque()
        self.tokens: list[str] = []
        self.proxies: list[str | None] = []

    def send(
        self, request: Request, *, proxy_url: str | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        assert cancel_token is not None
        if cancel_token.is_cancelled:
            raise fetch_error(FailureKind.NETWORK, "The fetch was cancelled.")
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        self.proxies.append(proxy_url)
        while self.script:
            answer = self.script.popleft()
            if isinstance(answer, Response):
                return answer
            if isinstance(answer, FetchError):
                raise answer
            answer()
        return GOOD if self.tokens[-1] == self.token_rig.provider.newest.access else REFUSED


class FetcherRig:
    """Login files, with a fetcher for them."""

    def __init__(self, folder: Path, *, refreshes_tokens: bool = True) -> None:
        self.token_rig = TokenRig(folder)
        self.endpoint = UsageEndpoint(self.token_rig)
        self.cancel_token = CancelToken()
        self.allowed_s: list[float] = []
        self.fetcher = Fetcher(self.endpoint.send, self.token_rig.manager, self.token_rig.clock)
        self.fetcher.refreshes_tokens = refreshes_tokens

    def fetch(self) -> FetchResult:
        return self.fetcher(self.token_rig.credential(), self.cancel_token, self.allowed_s.append)

    def kind(self) -> FailureKind:
        result = self.fetch()
        assert result.usage is None
        assert result.error is not None
        return result.error.kind

    @property
    def rotations(self) -> int:
        return self.token_rig.provider.rotations
