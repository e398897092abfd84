"""The providers on loopback, as ``TRAYQUOTA_GATEWAY`` reaches them from Windows."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

_USAGE = "/api.anthropic.com/api/oauth/usage"


class Providers:
    """Answers every Claude account with what it has left.

    Attributes:
        left: Remaining percent by access token, of the session and of the week.
        polls: How often somebody has asked.
    """

    def __init__(self) -> None:
        self.left: dict[str, tuple[float, float]] = {}
        self.polls = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def add(self, folder: Path, name: str, session_left: float, week_left: float = 80.0) -> Path:
        """Put an account into ``folder`` that has so much left."""
        token = f"token-{name}"
        self.left[token] = (session_left, week_left)
        content = {
            "type": "claude",
            "email": f"{name}@example.com",
            "access_token": token,
            "refresh_token": "",
            "expired": (datetime.now(UTC) + timedelta(hours=7)).isoformat(timespec="seconds"),
        }
        path = folder / f"claude-{name}@example.com.json"
        path.write_text(json.dumps(content), "utf-8")
        return path

    def answer(self, path: str, token: str) -> tuple[int, Any]:
        """Return status and document for a request."""
        if path != _USAGE or token not in self.left:
            return 401 if path == _USAGE else 404, {}
        self.polls += 1
        session, week = self.left[token]
        now = datetime.now(UTC)
        return 200, {
            "five_hour": {
                "utilization": 100 - session,
                "resets_at": (now + timedelta(hours=2, minutes=13)).isoformat(),
            },
            "seven_day": {"utilization": 100 - week, "resets_at": (now + timedelta(days=3, hours=4)).isoformat()},
        }


def _handler(providers: Providers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = providers.answer(self.path, self.headers["authorization"].rpartition(" ")[2])
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
