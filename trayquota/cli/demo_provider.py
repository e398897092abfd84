"""The demo's stand-in for the providers: made-up answers, served on loopback."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from trayquota.cli.demo_answers import OTHER_ACCOUNTS
from trayquota.system.clock import utc_now
from trayquota.tokens.pending_tokens import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOUR_S = 3600
_WEEK_S = 7 * 24 * _HOUR_S
_EMPTY_FOR_S = 15
_CYCLE_S = 60
_TOKEN = re.compile(r"sample-([\w.-]+@[\w.]+)")
"""Which person a request is about; Devin has its token in the body."""


@contextmanager
def stand_in() -> Iterator[str]:
    """Serve made-up answers of the providers on loopback; give the gateway's address."""
    server = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="stand-in")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing: the client has left before the answer."""


class _Handler(BaseHTTPRequestHandler):
    """Answers as the providers would; what is used moves with the time since the program's start."""

    protocol_version = "HTTP/1.1"
    started_s = time.monotonic()

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _answer(self, body: bytes) -> None:
        token = _TOKEN.search(self.headers.get("Authorization", "") + body.decode("utf-8", "replace"))
        person = token[1] if token else ""
        if self.path.endswith("/profile"):
            self._send(200, _PROFILES.get(person, {}))
        elif person in OTHER_ACCOUNTS:
            self._send(200, OTHER_ACCOUNTS[person].answer())
        elif person in _ANSWERS:
            self._send(200, _ANSWERS[person](time.monotonic() - self.started_s))
        else:
            self._send(503, {"type": "error", "error": {"type": "overloaded_error", "message": "sample"}})

    def _send(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object, **_named: object) -> None:
        """Print nothing."""


def _ada(elapsed_s: float) -> object:
    """Plenty, slowly used."""
    return {
        "five_hour": _bucket(18 + elapsed_s / 10 % 30, 2 * _HOUR_S + 780),
        "seven_day": _bucket(31 + elapsed_s / 60 % 20, 3 * 86400),
        "limits": [
            {
                "kind": "weekly_scoped",
                "percent": 12,
                "resets_at": timestamp(utc_now() + timedelta(days=3)),
                "scope": {"model": {"display_name": "Fable"}},
            }
        ],
    }


def _bea(elapsed_s: float) -> object:
    """Low, and falling from 24 % to 5 % within a minute, then afresh."""
    return {
        "five_hour": _bucket(76 + elapsed_s % _CYCLE_S / 3, 47 * 60),
        "seven_day": _bucket(41, 4 * 86400 + 9 * _HOUR_S),
    }


def _carol(elapsed_s: float) -> object:
    """Empty, until its window starts afresh."""
    into_s = elapsed_s % (4 * _CYCLE_S)
    empty = into_s < _EMPTY_FOR_S
    return {
        "plan_type": "plus",
        "rate_limit": {
            "limit_reached": empty,
            "primary_window": {
                "used_percent": 100 if empty else 2 + into_s / 8,
                "limit_window_seconds": 5 * _HOUR_S,
                "reset_after_seconds": _EMPTY_FOR_S - into_s if empty else 5 * _HOUR_S - into_s,
            },
            "secondary_window": {
                "used_percent": 63,
                "limit_window_seconds": _WEEK_S,
                "reset_after_seconds": 4 * 86400,
            },
        },
    }


_PROFILES = {
    "ada@example.com": {
        "account": {"has_claude_max": True, "has_claude_pro": False},
        "organization": {"rate_limit_tier": "default_claude_max_20x"},
    },
    "bea@example.org": {"account": {"has_claude_max": False, "has_claude_pro": True}},
}
_ANSWERS = {"ada@example.com": _ada, "bea@example.org": _bea, "carol@example.com": _carol}


def _bucket(used: float, left_s: float) -> object:
    return {"utilization": round(used, 1), "resets_at": timestamp(utc_now() + timedelta(seconds=left_s))}
