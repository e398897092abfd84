"""Claude's plan: its profile is fetched once, never at the cost of the quotas."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.core.credential import Credential, Tokens
from trayquota.core.model import Account
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager

from . import facts

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.providers.base import Request, Response

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)


class Endpoint:
    """Answers as Claude does, and keeps what was requested."""

    def __init__(self, profile: Response) -> None:
        self.profile = profile
        self.requested: list[str] = []

    def send(
        self, request: Request, *, proxy_url: str | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        del proxy_url, cancel_token
        self.requested.append(request.url.rpartition("/")[2])
        is_profile = self.requested[-1] == "profile"
        return self.profile if is_profile else facts.answer(facts.load("claude_usage_basic.json"))


def plans(folder: Path, provider: Endpoint, tokens: str, *, sends_rare_requests: bool = True) -> list[str | None]:
    """Return the plan after each fetch, one for every letter of ``tokens``."""
    closing = threading.Event()
    store = StateStore(folder / "state.json")
    manager = TokenManager(folder, provider.send, store, lambda: NOW, closing)
    fetch = Fetcher(provider.send, manager, lambda: NOW, sends_rare_requests=sends_rare_requests)
    account = Account("claude-a.json", "claude", "ada@example.com")
    found = []
    for token in tokens:
        result = fetch(
            Credential(account, str(folder / account.id), Tokens(access_token=token)), CancelToken(), lambda _s: None
        )
        assert result.usage is not None
        found.append(result.usage.plan)
    return found


def test_the_profile_is_requested_once_per_token_and_not_at_first(tmp_path: Path) -> None:
    provider = Endpoint(facts.answer(facts.load("claude_profile.json")))
    assert plans(tmp_path, provider, "aaabb") == [None, "Max 20x", None, None, "Max 20x"]
    assert provider.requested == ["usage", "usage", "profile", "usage", "usage", "usage", "profile"]


def test_a_refused_profile_harms_nothing_and_is_not_requested_again(tmp_path: Path) -> None:
    provider = Endpoint(facts.answer({"error": {"message": "scope"}}, 403))
    assert plans(tmp_path, provider, "aaaa") == [None] * 4
    assert provider.requested.count("profile") == 1


def test_a_single_refresh_as_of_status_requests_no_profile(tmp_path: Path) -> None:
    provider = Endpoint(facts.answer({}))
    plans(tmp_path, provider, "aa", sends_rare_requests=False)
    assert provider.requested == ["usage", "usage"]
