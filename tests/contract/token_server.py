"""A provider on loopback, behind the gateway's paths: single-use tokens, and quotas for the newest one only."""

from __future__ import annotations

import contextlib
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIFETIME_S = 28800
MORE = {"email": "ada@example.com", "disabled": False, "claude_device_ids": ["0" * 64], "note": "é \U0001f600"}
"""Keys that are none of ours."""


class TokenServer:
    """Trades each refresh token once."""

    def __init__(self) -> None:
        self.rotations = 0
        self.refused = 0
        self.newest = ("access-0", "refresh-0")
        self.asked = threading.Event()
        """A token has been exchanged."""
        self.may_answer = threading.Event()
        self.may_answer.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"tokens": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def exchange(self, refresh: str) -> dict[str, object] | None:
        with self._lock:
            if refresh != self.newest[1]:
                self.refused += 1
                return None
            self.rotations += 1
            self.newest = (f"access-{self.rotations}", f"refresh-{self.rotations}")
            return {"access_token": self.newest[0], "refresh_token": self.newest[1], "expires_in": LIFETIME_S}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    tokens: ClassVar[TokenServer]
    timeout = 20

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        pair = self.tokens.exchange(form["refresh_token"][0])
        self.tokens.asked.set()
        self.tokens.may_answer.wait(60)
        self._reply(200 if pair else 400, pair or {"error": "invalid_grant"})

    def do_GET(self) -> None:
        if self.headers["Authorization"] == f"Bearer {self.tokens.newest[0]}":
            self._reply(200, {"five_hour": {"utilization": 58.0, "resets_at": None}})
        else:
            self._reply(401, {"error": {"message": "expired"}})

    def _reply(self, status: int, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        # Whoever asked may have been killed.
        with contextlib.suppress(OSError):
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def token_server() -> Iterator[TokenServer]:
    server = TokenServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def write_expired(path: Path, server: TokenServer) -> dict[str, object]:
    """Write a login that ended an hour ago."""
    ended = datetime.now(UTC) - timedelta(hours=1)
    content: dict[str, object] = {
        "type": "claude",
        "access_token": server.newest[0],
        "refresh_token": server.newest[1],
        "expired": ended.isoformat(),
        "last_refresh": ended.isoformat(),
    } | MORE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return content


def pair_in(path: Path) -> tuple[str, str]:
    content = json.loads(path.read_bytes())
    return content["access_token"], content["refresh_token"]
