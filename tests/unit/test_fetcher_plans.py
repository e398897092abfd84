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


class Provider:
    """Answers as Claude does, and keeps what was asked."""

    def __init__(self, profile: Response) -> None:
        self.profile = profile
        self.asked: list[str] = []

    def send(
        self, request: Request, *, proxy_url: str | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        del proxy_url, cancel_token
        self.asked.append(request.url.rpartition("/")[2])
        is_profile = self.asked[-1] == "profile"
        return self.profile if is_profile else facts.answer(facts.load("claude_usage_basic.json"))


def plans(folder: Path, provider: Provider, tokens: str, *, sends_rare_requests: bool = True) -> list[str | None]:
    """Return the plan after each question, one for every letter of ``tokens``."""
    closing = threading.Event()
    store = StateStore(folder / "state.json")
    manager = TokenManager(folder, provider.send, store, lambda: NOW, closing)
    fetch = Fetcher(provider.send, manager, lambda: NOW, sends_rare_requests=sends_rare_requests)
    account = Account("claude-a.json", "claude", "ada@example.com")
    found = []
    for token in tokens:
        outcome = fetch(
            Credential(account, str(folder / account.id), Tokens(access_token=token)), CancelToken(), lambda _s: None
        )
        assert outcome.usage is not None
        found.append(outcome.usage.plan)
    return found


def test_the_plan_is_asked_for_once_per_token_and_not_at_first(tmp_path: Path) -> None:
    provider = Provider(facts.answer(facts.load("claude_profile.json")))
    assert plans(tmp_path, provider, "aaabb") == [None, "Max 20x", None, None, "Max 20x"]
    assert provider.asked == ["usage", "usage", "profile", "usage", "usage", "usage", "profile"]


def test_a_refused_profile_harms_nothing_and_is_not_asked_for_again(tmp_path: Path) -> None:
    provider = Provider(facts.answer({"error": {"message": "scope"}}, 403))
    assert plans(tmp_path, provider, "aaaa") == [None] * 4
    assert provider.asked.count("profile") == 1


def test_a_single_question_as_of_status_asks_for_no_plan(tmp_path: Path) -> None:
    provider = Provider(facts.answer({}))
    plans(tmp_path, provider, "aa", sends_rare_requests=False)
    assert provider.asked == ["usage", "usage"]
