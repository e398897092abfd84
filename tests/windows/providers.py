"""The providers on loopback, as ``TRAYQUOTA_GATEWAY`` reaches them from Windows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from login_files import login
from provider_stand_in import CLAUDE_USAGE, Asked, Reply, StandIn

if TYPE_CHECKING:
    from pathlib import Path


class Providers(StandIn):
    """Answers every Claude account with what it has left.

    Attributes:
        left: Remaining percent by access token, of the session and of the week.
    """

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[str, tuple[float, float]] = {}

    @property
    def polls(self) -> int:
        """How often somebody has asked."""
        return sum(asked.place == CLAUDE_USAGE for asked in self.asked)

    def add(self, folder: Path, name: str, session_left: float, week_left: float = 80.0) -> Path:
        """Put an account into ``folder`` that has so much left."""
        token = f"token-{name}"
        self.left[token] = (session_left, week_left)
        content = login("claude", f"{name}@example.com", access=token, refresh="")
        path = folder / f"claude-{name}@example.com.json"
        path.write_text(json.dumps(content), "utf-8")
        return path

    def _reply_to(self, asked: Asked) -> Reply:
        if asked.token not in self.left:
            return super()._reply_to(asked)
        if asked.place != CLAUDE_USAGE:
            return Reply({}, HTTPStatus.NOT_FOUND)
        session, week = self.left[asked.token]
        now = datetime.now(UTC)
        return Reply(
            {
                "five_hour": {
                    "utilization": 100 - session,
                    "resets_at": (now + timedelta(hours=2, minutes=13)).isoformat(),
                },
                "seven_day": {"utilization": 100 - week, "resets_at": (now + timedelta(days=3, hours=4)).isoformat()},
            }
        )
