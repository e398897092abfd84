"""A credentials folder, and the stand-in for the providers that has the quotas of its accounts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from login_files import login
from provider_stand_in import CLAUDE_PROFILE, CLAUDE_USAGE, CODEX_USAGE, Asked, Reply, StandIn
from sample_files import fact

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USAGE = (CLAUDE_USAGE, CODEX_USAGE)

Answer = dict[str, Any]


def claude_usage(session_left: float, weekly_left: float) -> Answer:
    """An answer with the session's reset in 2h 13m and the week's in 3d 4h, half a minute left over."""
    now = datetime.now(UTC)
    answer: Answer = fact("claude_usage_basic.json")
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
    answer: Answer = fact("codex_usage_plus.json")
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


class Providers(StandIn):
    """The providers of the accounts in a folder."""

    @property
    def asked(self) -> list[Asked]:
        """Every request for quotas, in order."""
        return [asked for asked in super().asked if asked.place in USAGE]

    def set_usage(self, token: str, usage: Answer) -> None:
        """Answer that access token with these quotas from now on."""
        for place in USAGE:
            self.answer(token, Reply(usage), place=place)
        self.answer(token, "claude_profile.json", place=CLAUDE_PROFILE)
        self.answer(token, Reply({}, HTTPStatus.NOT_FOUND))


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
        credential = login(provider, email, access=_token(email), refresh=f"fake-refresh-{email}")
        self.set_left(email, left)
        return self._write(self.path(email), credential)

    def path(self, email: str) -> Path:
        """The account's file."""
        return self.folder / f"{self._providers[email]}-{email}.json"

    def set_left(self, email: str, left: tuple[float, float]) -> None:
        """What the provider says from now on."""
        usage = {"claude": claude_usage, "codex": codex_usage}[self._providers[email]]
        self.providers.set_usage(_token(email), usage(*left))

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


def _token(email: str) -> str:
    return f"fake-access-{email}"
