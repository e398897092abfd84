"""The providers on loopback, as ``TRAYQUOTA_GATEWAY`` reaches them: answers by token, and a record of all requests.

The benchmarks have one that is a process of its own, on asyncio: there it must never be what is waited for.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from sample_files import fact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PATIENCE_S = 20.0
HOLD_S = 60.0
"""At most so long nothing is answered when all is held."""
CLAUDE_USAGE = "api.anthropic.com/api/oauth/usage"
CLAUDE_PROFILE = "api.anthropic.com/api/oauth/profile"
CLAUDE_TOKEN = "platform.claude.com/v1/oauth/token"
CODEX_USAGE = "chatgpt.com/backend-api/wham/usage"
CODEX_RESETS = "chatgpt.com/backend-api/wham/rate-limit-reset-credits"
LIFETIME_S = 28800
"""Of the access tokens that a refresh returns."""


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
        """The access token, or that of a request to refresh it."""
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
        self._replies: dict[tuple[str, str | None], list[Reply]] = {}
        self._asked: list[Asked] = []
        self._condition = threading.Condition()
        self._may_go = threading.Event()
        self._holds_all = False
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

    def answer(self, token: str, *replies: Reply | str, place: str | None = None) -> None:
        """Answer the access or refresh token with ``replies`` in turn, the last one again and again.

        A text is the name of a sample file. Without ``place`` this holds for all that have no replies of their own.
        """
        made = [Reply(fact(reply)) if isinstance(reply, str) else reply for reply in replies]
        with self._condition:
            self._replies[token, place] = made

    def together(self, amount: int) -> None:
        """Answer nobody before so many are being asked at the same time."""
        self._together = amount

    def hold(self) -> None:
        """Leave everything without an answer from now on until :meth:`let_go`."""
        self._may_go.clear()
        with self._condition:
            self._holds_all = True

    def let_go(self) -> None:
        """Answer what is held."""
        with self._condition:
            self._holds_all = False
            self._together = 1
            self._condition.notify_all()
        self._may_go.set()

    @property
    def asked(self) -> list[Asked]:
        """Everything that was asked, in order."""
        with self._condition:
            return list(self._asked)

    @property
    def tokens(self) -> list[str]:
        """The token of everything that was asked, in order."""
        return [each.token for each in self.asked]

    def until(self, predicate: Callable[[list[Asked]], object]) -> list[Asked]:
        """Return everything that was asked, once ``predicate`` holds for it."""
        with self._condition:
            held = self._condition.wait_for(lambda: predicate(self._asked), PATIENCE_S)
            assert held, f"waited in vain; asked: {[(each.place, each.token) for each in self._asked]}"
            return list(self._asked)

    # For the handlers.

    def take(self, asked: Asked) -> Reply:
        """Note a request and return its answer when its time has come."""
        with self._condition:
            self._asked.append(asked)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._condition.notify_all()
            self._condition.wait_for(lambda: self._at_once >= self._together, PATIENCE_S)
            # Once enough have come together nobody waits any longer.
            self._together = min(self._together, 1)
            reply = self._reply_to(asked)
            is_held = reply.held or self._holds_all
            self._condition.notify_all()
        if is_held:
            self._may_go.wait(HOLD_S)
        return reply

    def _reply_to(self, asked: Asked) -> Reply:
        """Return the answer to a request; called by one thread at a time."""
        replies = self._replies.get((asked.token, asked.place)) or self._replies.get((asked.token, None), [])
        if not replies:
            return _unknown()
        return replies.pop(0) if len(replies) > 1 else replies[0]

    def done(self) -> None:
        """Note that a request has been answered."""
        with self._condition:
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


class SingleUseTokens(StandIn):
    """Accepts each refresh token once, and returns quotas for the newest access token only.

    Attributes:
        refreshes: How many there were.
        refused: How many requests came with a refresh token that is not the newest.
        newest: The access token and the refresh token.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refreshes = 0
        self.refused = 0
        self.newest = ("access-0", "refresh-0")

    def refresh(self) -> tuple[str, str]:
        """Replace the newest tokens, as an accepted request does; return the new ones."""
        self.refreshes += 1
        self.newest = (f"access-{self.refreshes}", f"refresh-{self.refreshes}")
        return self.newest

    def _reply_to(self, asked: Asked) -> Reply:
        access, refresh = self.newest
        if asked.place != CLAUDE_TOKEN:
            quotas = {"five_hour": {"utilization": 58.0, "resets_at": None}}
            return Reply(quotas) if asked.token == access else _unknown()
        if asked.token != refresh:
            self.refused += 1
            return Reply({"error": "invalid_grant"}, 400)
        access, refresh = self.refresh()
        return Reply({"access_token": access, "refresh_token": refresh, "expires_in": LIFETIME_S})


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # joined when the server is closed
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has left before the answer."""


def _handler(stand_in: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = PATIENCE_S

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
