"""A model of a provider with single-use tokens, and all that a token manager needs around it."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from trayquota.core.errors import FetchError
from trayquota.providers.base import Response
from trayquota.sources.credential_file import parse_fields, read_account
from trayquota.store.state import StateStore
from trayquota.tokens import writer
from trayquota.tokens.manager import TokenManager
from trayquota.tokens.prepared_file import PreparedFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.core.credential import Credential, Tokens
    from trayquota.core.model import FailureKind
    from trayquota.providers.base import Request

    Answer = Response | FetchError | Callable[[], object]

START = datetime(2026, 9, 22, 12, tzinfo=UTC)
LIFETIME_S = 28800
MORE: dict[str, object] = {
    "claude_device_ids": ["0" * 64],
    "disabled": False,
    "email": "ada@example.com",
    "note": 'é ü ☃ \U0001f600 \ud800 " \\ / \u2028',
    "priority": 12345678901234567890123456789,
    "weight": 0.1,
    "nested": {"null": None, "list": [1, 2.5, True, {}]},
    "id_token": "",
}
"""Keys that are none of ours."""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Closing(threading.Event):
    """Nobody really waits for it: the waits are noted, the clock moves on, and ``during`` happens meanwhile."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.waits: list[float] = []
        self.during: Callable[[], object] = lambda: None
        self._clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        if not self.is_set():
            self.waits.append(timeout)
            self._clock.advance(timeout)
            self.during()
        return self.is_set()


@dataclass(frozen=True)
class Pair:
    access: str
    refresh: str
    expired: datetime


class Provider:
    """Accepts each refresh token once. What is in ``script`` comes first: answers, errors, or things that happen."""

    def __init__(self, clock: Clock, *, rotates: bool = True) -> None:
        self.rotates = rotates
        self.rotations = 0
        self.requests: list[Request] = []
        self.script: deque[Answer] = deque()
        self.newest = Pair("", "", START)
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0

    def sign_in(self) -> Pair:
        """Give somebody who has proved himself a new pair; earlier ones are dead."""
        self._count += 1
        refresh = f"refresh-{self._count}" if self.rotates or not self.newest.refresh else self.newest.refresh
        self.newest = Pair(f"access-{self._count}", refresh, self._clock() + timedelta(seconds=LIFETIME_S))
        return self.newest

    def exchange(self, refresh: str) -> Pair | None:
        """Exchange a token for a new pair, once."""
        if refresh != self.newest.refresh:
            return None
        self.rotations += 1
        return self.sign_in()

    def __call__(self, request: Request, *, proxy_url: str | None = None) -> Response:
        del proxy_url
        with self._lock:
            self.requests.append(request)
            while self.script:
                answer = self.script.popleft()
                if isinstance(answer, Response):
                    return answer
                if isinstance(answer, FetchError):
                    raise answer
                answer()
            assert request.body is not None
            pair = self.exchange(parse_qs(request.body.decode())["refresh_token"][0])
            if pair is None:
                return reply({"error": "invalid_grant"}, 400)
            body: dict[str, object] = {"access_token": pair.access, "expires_in": LIFETIME_S}
            return reply(body | ({"refresh_token": pair.refresh} if self.rotates else {}))


class TokenRig:
    """A credential file, the state folder, a provider, and token managers that come and go."""

    def __init__(self, folder: Path, *, rotates: bool = True) -> None:
        self.clock = Clock()
        self.provider = Provider(self.clock, rotates=rotates)
        self.state = folder / "state"
        self.path = folder / "auth" / "claude-ada@example.com.json"
        self.path.parent.mkdir()
        self.write(self.provider.sign_in(), **MORE)
        self.start()

    def start(self, closing: threading.Event | None = None) -> TokenManager:
        """Begin anew, as after a crash: nothing is in memory."""
        self.closing = Closing(self.clock)
        self.store = StateStore(self.state / "state.json")
        self.store.load()
        self.manager = TokenManager(self.state, self.provider, self.store, self.clock, closing or self.closing)
        self.manager.files.folders = [self.path.parent]
        return self.manager

    def expire(self) -> None:
        """Let the newest access token end."""
        self.clock.now = max(self.clock.now, self.provider.newest.expired + timedelta(seconds=1))

    def write(self, pair: Pair, **more: object) -> None:
        """Write the file as other programs do: truncated in place."""
        self.path.write_text(json.dumps(fields(pair) | more))

    def content(self) -> dict[str, Any]:
        return dict(json.loads(self.path.read_bytes()))

    def pair(self) -> tuple[str, str]:
        """The pair in the file."""
        content = self.content()
        return content["access_token"], content["refresh_token"]

    @property
    def newest(self) -> tuple[str, str]:
        return self.provider.newest.access, self.provider.newest.refresh

    def credential(self) -> Credential:
        source = parse_fields(self.path.read_bytes())
        assert source is not None
        return read_account(self.path, source)

    def refresh(self, refused: Tokens | None = None) -> Tokens:
        credential = self.credential()
        return self.manager.refresh(credential, refused or credential.login)

    def journals(self) -> list[Path]:
        """The pairs that are in no file yet."""
        return sorted(self.state.glob("renewals/*.journal"))


def fields(pair: Pair) -> dict[str, object]:
    """What a proxy writes of a pair."""
    return {
        "type": "claude",
        "access_token": pair.access,
        "refresh_token": pair.refresh,
        "expired": pair.expired.isoformat(),
        "last_refresh": "2026-09-22T14:15:42+08:00",
    }


def reply(body: object, status: int = 200, **headers: str) -> Response:
    """An answer of the token endpoint."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, START)


def failure_of(token_rig: TokenRig) -> FetchError:
    """What a refresh fails with."""
    with pytest.raises(FetchError) as caught:
        token_rig.refresh()
    return caught.value


def kind_of(token_rig: TokenRig) -> FailureKind:
    return failure_of(token_rig).failure.kind


def unwritable(monkeypatch: pytest.MonkeyPatch, reason: int = errno.EROFS) -> None:
    """Let no file be replaced or written in place, though it seemed that it could be."""

    def refuse(*_: object) -> bytes | None:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(PreparedFile, "swap", refuse)
    monkeypatch.setattr(writer, "write_in_place", refuse)
