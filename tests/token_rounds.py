"""What the rounds of login safety share: logins whose tokens are refreshed once each, and who refreshes them."""

from __future__ import annotations

import contextlib
import threading
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from provider_stand_in import Asked, Reply, StandIn

from trayquota.core.errors import FetchError, UnreadableError
from trayquota.core.model import FailureKind
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.net.transport import Transport

_REFRESHES = 3
"""So often each file is looked at."""


class Families(StandIn):
    """Refreshes tokens ``NAME/NUMBER`` once each.

    Attributes:
        newest: The number of the newest token by name.
        sent_again: How many requests came with a spent token.
    """

    def __init__(self) -> None:
        super().__init__()
        self.newest: dict[str, int] = {}
        self.sent_again = 0
        self._lock = threading.Lock()

    def exchange(self, refresh_token: str) -> dict[str, object] | None:
        """Return the pair that follows a token, or ``None`` for a spent one."""
        name, _, number = refresh_token.rpartition("/")
        with self._lock:
            if self.newest.setdefault(name, 0) != int(number):
                self.sent_again += 1
                return None
            self.newest[name] += 1
            return pair(name, self.newest[name])

    def _reply_to(self, asked: Asked) -> Reply:
        new = self.exchange(asked.token)
        return Reply({"error": "invalid_grant"}, HTTPStatus.BAD_REQUEST) if new is None else Reply(new)


def pair(name: str, number: int) -> dict[str, object]:
    return {"access_token": f"access-{name}/{number}", "refresh_token": f"{name}/{number}", "expires_in": 28800}


def content_of(name: str, number: int, *, ended: bool) -> dict[str, object]:
    moment = datetime.now(UTC) + timedelta(hours=-1 if ended else 8)
    return {"type": "claude", "email": "ada@example.com", "expired": moment.isoformat(), **pair(name, number)}


def now() -> datetime:
    return datetime.now(UTC)


def refresh(folder: Path, own: Path, transport: Transport) -> int:
    """Do what a start of the program does, with the state folder ``own``; return how many logins were called dead."""
    manager = TokenManager(own, transport.send, StateStore(own / "state.json"), now, threading.Event())
    manager.files.folders = [folder]
    manager.recover()
    dead = 0
    for _ in range(_REFRESHES):
        accounts = []
        for path in sorted(folder.glob("*.json")):
            with contextlib.suppress(UnreadableError, OSError):
                source = parse_fields(read_bytes(path))
                accounts += [read_account(path, source)] if source is not None else []
        manager.replace_spent(accounts)
        for account in accounts:
            login, _ = manager.current_tokens(account)
            if login.is_expired(now()):
                try:
                    manager.refresh(account, login)
                except FetchError as error:
                    dead += error.failure.kind is FailureKind.LOGIN_EXPIRED
    return dead
