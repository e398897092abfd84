"""The providers' stand-in on loopback: a process of its own, fast enough never to be what is waited for.

That is why it is not ``provider_stand_in``, which runs on threads of the test's process.

Prints its port. Every answer to an account differs from the one before. Paths below ``/-/`` are the benchmark's:
``/-/stats`` returns what was counted, ``/-/set?delay_ms=200`` has every answer wait.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from .answers import WEEKLY_USED, used_percent

END = b"\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Provider:
    """Answers, and counts.

    Attributes:
        delay_s: Before each answer.
        connections: Opened so far.
        plans: Requests for an account's plan.
        asked: Requests for quotas by access token.
        asked_at: The monotonic clock at the first request of each token; seconds.
    """

    def __init__(self) -> None:
        self.delay_s = 0.0
        self.connections = 0
        self.plans = 0
        self.asked: Counter[str] = Counter()
        self.asked_at: dict[str, float] = {}
        now = datetime.now(UTC)
        session, week = now + timedelta(hours=2, minutes=13, seconds=30), now + timedelta(days=3, hours=4)
        self._profile = json.dumps({"organization": {"rate_limit_tier": "default_claude_max_20x"}}).encode()
        self._claude = json.dumps(
            {
                "five_hour": {"utilization": 0.5, "resets_at": session.isoformat()},
                "seven_day": {"utilization": WEEKLY_USED, "resets_at": week.isoformat()},
                "seven_day_opus": None,
                "seven_day_sonnet": {"utilization": 1.0, "resets_at": week.isoformat()},
                "extra_usage": {"is_enabled": False, "monthly_limit": None, "used_credits": None, "utilization": None},
            }
        ).encode()
        self._codex = json.dumps(
            {
                "plan_type": "plus",
                "rate_limit": {
                    "allowed": True,
                    "limit_reached": False,
                    "primary_window": {
                        "used_percent": 0.5,
                        "limit_window_seconds": 5 * 3600,
                        "reset_at": int(session.timestamp()),
                    },
                    "secondary_window": {
                        "used_percent": WEEKLY_USED,
                        "limit_window_seconds": 7 * 86400,
                        "reset_at": int(week.timestamp()),
                    },
                },
                "code_review_rate_limit": None,
                "additional_rate_limits": None,
            }
        ).encode()

    def answer(self, head: bytes) -> tuple[bytes, float]:
        """The answer to a request, and how long it waits; seconds."""
        path = head.split(b" ", 2)[1]
        if path.startswith(b"/-/"):
            return self._statistics(path.decode()), 0.0
        if path.endswith(b"/profile"):
            self.plans += 1
            return self._profile, self.delay_s
        token = head.partition(b"Authorization: Bearer ")[2].partition(b"\r\n")[0].decode()
        self.asked[token] += 1
        self.asked_at.setdefault(token, time.monotonic())
        body = self._claude if b"anthropic" in path else self._codex
        return body.replace(b"0.5", b"%d" % used_percent(self.asked[token]), 1), self.delay_s

    def _statistics(self, path: str) -> bytes:
        for name, value in parse_qsl(urlsplit(path).query):
            if name == "delay_ms":
                self.delay_s = float(value) / 1000
        counted = {
            "connections": self.connections,
            "plans": self.plans,
            "asked": dict(self.asked),
            "asked_at": self.asked_at,
        }
        return json.dumps(counted).encode()


class Connection(asyncio.Protocol):
    """One connection, kept open for as long as the other side likes."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._received = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while END in self._received:
            head, _, self._received = self._received.partition(END)
            if not head.startswith(b"GET /-/") and self._transport is not None:
                self._count()
            body, delay_s = self._provider.answer(head)
            asyncio.get_running_loop().call_later(delay_s, self._send, body) if delay_s else self._send(body)

    _is_counted = False

    def _count(self) -> None:
        """Count this connection, once it carries a request."""
        if not self._is_counted:
            self._is_counted = True
            self._provider.connections += 1

    def _send(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(HEAD % len(body) + body)


async def main() -> None:
    provider = Provider()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(provider), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
