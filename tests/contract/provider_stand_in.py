"""The providers on loopback, as ``TRAYQUOTA_GATEWAY`` reaches them: answers by token, a record of what was asked."""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FACTS = Path(__file__).parents[1] / "fixtures" / "facts"
PATIENCE_S = 20.0
CLAUDE_USAGE = "api.anthropic.com/api/oauth/usage"
CLAUDE_TOKEN = "platform.claude.com/v1/oauth/token"
CODEX_USAGE = "chatgpt.com/backend-api/wham/usage"
CODEX_RESETS = "chatgpt.com/backend-api/wham/rate-limit-reset-credits"
_PLACEHOLDER = re.compile(r"\{\{JWT:([\w.]+)\}\}")


def fact(name: str) -> Any:
    """Return what a sample file says; a placeholder in it becomes the web token that it stands for."""
    return json.loads(fact_text(name))


def fact_text(name: str) -> str:
    """Return a sample file's text, placeholders replaced."""
    text = (FACTS / name).read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda found: web_token(fact(found[1])), text)


def web_token(claims: object) -> str:
    """Return an unsigned JSON web token."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"alg": "none"}, claims)]
    return ".".join([*(each.decode() for each in parts), "x"])


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    place: str
    """Host and path."""
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def token(self) -> str:
        """The access token, or for a renewal the refresh token."""
        if self.place == CLAUDE_TOKEN:
            return self.form["refresh_token"]
        return self.headers.get("authorization", "").rpartition(" ")[2]

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return {key: values[0] for key, values in parse_qs(self.body.decode("ascii"), strict_parsing=True).items()}


@dataclass(frozen=True)
class Reply:
    """What is answered.

    Attributes:
        body: Bytes, text, or what is sent as JSON.
        held: Until :meth:`StandIn.let_go`.
        dripping: A byte now and then, without end.
    """

    body: object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    held: bool = False
    dripping: bool = False

    @property
    def content(self) -> bytes:
        """The body as it goes over the wire."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class StandIn:
    """A server; use it in a ``with`` statement."""

    def __init__(self) -> None:
        self._replies: dict[str, list[Reply]] = {}
        self._asked: list[Asked] = []
        self._news = threading.Condition()
        self._may_go = threading.Event()
        self._at_once = 0
        self._together = 1
        self.most_at_once = 0
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="stand-in")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.let_go()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """What ``TRAYQUOTA_GATEWAY`` is set to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, token: str, *replies: Reply | str) -> None:
        """Answer the access or refresh token with ``replies`` in turn, the last one again and again.

        A text is the name of a sample file.
        """
        self._replies[token] = [Reply(fact(each)) if isinstance(each, str) else each for each in replies]

    def together(self, amount: int) -> None:
        """Answer nobody before so many are being asked at the same time."""
        self._together = amount

    def let_go(self) -> None:
        """Answer what is held."""
        self._may_go.set()
        with self._news:
            self._together = 1
            self._news.notify_all()

    @property
    def asked(self) -> list[Asked]:
        """Everything that was asked, in order."""
        with self._news:
            return list(self._asked)

    @property
    def tokens(self) -> list[str]:
        """The token of everything that was asked, in order."""
        return [each.token for each in self.asked]

    def until(self, predicate: Callable[[list[Asked]], object]) -> list[Asked]:
        """Return everything that was asked, once ``predicate`` holds for it."""
        with self._news:
            held = self._news.wait_for(lambda: predicate(self._asked), PATIENCE_S)
            assert held, f"waited in vain; asked: {[(each.place, each.token) for each in self._asked]}"
            return list(self._asked)

    # For the handlers.

    def take(self, asked: Asked) -> Reply:
        """Note a request and return its answer when its time has come."""
        with self._news:
            self._asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._news.notify_all()
            self._news.wait_for(lambda: self._at_once >= self._together, PATIENCE_S)
            # Once enough have come together nobody waits any longer.
            self._together = min(self._together, 1)
            waiting = self._replies.get(asked.token, [])
            reply = waiting.pop(0) if len(waiting) > 1 else waiting[0] if waiting else _unknown()
            self._news.notify_all()
        if reply.held:
            self._may_go.wait(PATIENCE_S)
        return reply

    def done(self) -> None:
        """Note that a request has been answered."""
        with self._news:
            self._at_once -= 1

    def drip(self, write: Callable[[bytes], object]) -> None:
        """Send a byte now and then until nobody reads any more."""
        try:
            while not self._may_go.wait(0.05):
                write(b" ")
        except OSError:
            pass


def _unknown() -> Reply:
    return Reply({"type": "error", "error": {"type": "authentication_error", "message": "unknown token"}}, 401)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined when the server is closed
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has left before the answer."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._respond()

        def do_POST(self) -> None:
            self._respond()

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, urlsplit(self.path).path.removeprefix("/"), headers, body)
            try:
                self._send(stand_in.take(asked))
            finally:
                stand_in.done()

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            if not any(name.lower() == "content-type" for name in reply.headers):
                self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.dripping:
                self.end_headers()
                stand_in.drip(self.wfile.write)
                return
            self.send_header("Content-Length", str(len(reply.content)))
            self.end_headers()
            self.wfile.write(reply.content)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler
