"""The providers' stand-in on loopback, and a credentials folder whose accounts it knows."""

from __future__ import annotations

import base64
import json
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator

FACTS = Path(__file__).parents[1] / "fixtures/facts"
USAGE = {"/api.anthropic.com/api/oauth/usage", "/chatgpt.com/backend-api/wham/usage"}
PROFILE = "/api.anthropic.com/api/oauth/profile"
LONGEST_S = 60.0

Answer = dict[str, Any]


def fact(name: str) -> Answer:
    found: Answer = json.loads((FACTS / name).read_text())
    return found


def claude_usage(session_left: float, weekly_left: float) -> Answer:
    """An answer with the session's reset in 2h 13m and the week's in 3d 4h, half a minute left over."""
    now = datetime.now(UTC)
    answer = fact("claude_usage_basic.json")
    for bucket, left, until in (
        ("five_hour", session_left, timedelta(hours=2, minutes=13, seconds=30)),
        ("seven_day", weekly_left, timedelta(days=3, hours=4, seconds=30)),
    ):
        answer[bucket] = {"utilization": 100.0 - left, "resets_at": (now + until).isoformat()}
    answer["seven_day_sonnet"] = None
    return answer


def codex_usage(session_left: float, weekly_left: float) -> Answer:
    """An answer with the session's reset in 1h 50m and the week's in 4d, half a minute left over."""
    now = datetime.now(UTC).timestamp()
    answer = fact("codex_usage_plus.json")
    for slot, left, until_s in (
        ("primary_window", session_left, 110 * 60 + 30),
        ("secondary_window", weekly_left, 4 * 86400 + 30),
    ):
        answer["rate_limit"][slot] |= {
            "used_percent": 100 - left,
            "reset_after_seconds": until_s,
            "reset_at": int(now) + until_s,
        }
    return answer


class Providers:
    """Answers for the providers at a loopback address.

    Attributes:
        usage: What is answered, by access token; an unknown one is answered 401.
        asked: The access token of every question for quotas, in order.
    """

    def __init__(self) -> None:
        self.usage: dict[str, Answer] = {}
        self.asked: list[str] = []
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, name="providers")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.answer()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def hang(self) -> None:
        """Leave all questions without an answer from now on."""
        self._may_answer.clear()

    def answer(self) -> None:
        """Answer again, what was asked in the meantime too."""
        self._may_answer.set()

    def reply(self, path: str, token: str) -> tuple[HTTPStatus, Answer]:
        """What a question is answered with, when it may be."""
        known = self.usage.get(token)
        if path in USAGE:
            self.asked.append(token)
        self._may_answer.wait(LONGEST_S)
        if known is None:
            return HTTPStatus.UNAUTHORIZED, {"error": {"type": "authentication_error", "message": "unknown"}}
        if path in USAGE:
            return HTTPStatus.OK, known
        if path == PROFILE:
            return HTTPStatus.OK, fact("claude_profile.json")
        return HTTPStatus.NOT_FOUND, {}


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined when the server is closed

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has left before the answer."""


def _handler(providers: Providers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, answer = providers.reply(self.path.partition("?")[0], token)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


class Accounts:
    """A credentials folder, written as CLIProxyAPI does, and the quotas behind it.

    Attributes:
        folder: The folder.
        providers: Who knows the quotas.
    """

    def __init__(self, folder: Path, providers: Providers) -> None:
        self.folder = folder
        self.providers = providers
        self._providers: dict[str, str] = {}
        folder.mkdir(mode=0o700)

    def add(self, provider: str, email: str, *, left: tuple[float, float]) -> Path:
        """Put an account's file into the folder; ``left``: of the session and of the week, in percent."""
        self._providers[email] = provider
        credential = fact(f"cred_{provider}.json") | {
            "access_token": _token(email),
            "refresh_token": f"fake-refresh-{email}",
            "email": email,
            "expired": (datetime.now(UTC) + timedelta(hours=7)).isoformat(timespec="seconds"),
        }
        if provider == "codex":
            credential["id_token"] = _jwt(fact("codex_id_token_claims.json") | {"email": email})
        self.set_left(email, left)
        return self._write(self.path(email), credential)

    def path(self, email: str) -> Path:
        """The account's file."""
        return self.folder / f"{self._providers[email]}-{email}.json"

    def set_left(self, email: str, left: tuple[float, float]) -> None:
        """What the provider says from now on."""
        usage = {"claude": claude_usage, "codex": codex_usage}[self._providers[email]]
        self.providers.usage[_token(email)] = usage(*left)

    def disable(self, path: Path, *, disabled: bool = True) -> None:
        """Switch an account off or on, truncating its file in place."""
        self._write(path, json.loads(path.read_text()) | {"disabled": disabled})

    def contents(self) -> dict[str, bytes]:
        """Every file in the folder."""
        return dict(self._files())

    def _files(self) -> Iterator[tuple[str, bytes]]:
        for path in sorted(self.folder.rglob("*")):
            yield str(path.relative_to(self.folder)), path.read_bytes()

    @staticmethod
    def _write(path: Path, credential: Answer) -> Path:
        path.write_text(json.dumps(credential, separators=(",", ":"), sort_keys=True))
        path.chmod(0o600)
        return path


def _jwt(claims: Answer) -> str:
    parts = ({"alg": "none"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "x"])


def _token(email: str) -> str:
    return f"fake-access-{email}"
