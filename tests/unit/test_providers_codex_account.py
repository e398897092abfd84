"""Codex: who an account is, and what is asked."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from sample_files import web_token

from trayquota.core.credential import Tokens
from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.codex import PROVIDER

from . import facts, hostile

ACCOUNT = "00000000-0000-4000-8000-00000000c001"
CLAIMED = "00000000-0000-4000-8000-00000000c0de"
RESET_S = 1790089954
RESET = datetime(2026, 9, 22, 15, 12, 34, tzinfo=UTC)


def test_who_it_is_by_the_file_and_its_tokens() -> None:
    found = PROVIDER.identify(facts.load("cred_codex.json"))
    assert (found.email, found.plan, found.account_id) == ("carol@example.com", "Plus", ACCOUNT)
    assert (found.user_id, found.subscription_ends_at) == ("user-example", datetime(2026, 10, 1, tzinfo=UTC))
    assert "carol" in repr(found)
    assert ACCOUNT not in repr(found)


def test_the_account_id_comes_from_the_first_that_has_one() -> None:
    identity = web_token(facts.load("codex_id_token_claims.json"))
    access = web_token({"https://api.openai.com/auth": {"chatgpt_account_id": "acc-3", "chatgpt_plan_type": "go"}})
    sources: list[dict[str, object]] = [
        {"account_id": "acc-1", "chatgpt_account_id": "acc-2", "id_token": identity},
        {"account_id": "", "chatgpt_account_id": "acc-2", "id_token": identity},
        {"account_id": None, "id_token": identity, "access_token": access},
        {"id_token": "", "access_token": access},
        {"id_token": "a.b.c", "access_token": "opaque"},
        {"account_id": "\u00e4"},
    ]
    found = [PROVIDER.identify(each).account_id for each in sources]
    assert found == ["acc-1", "acc-2", CLAIMED, "acc-3", None, None]


def test_the_access_token_names_mail_plan_and_end() -> None:
    claims = {
        "exp": RESET_S,
        "https://api.openai.com/auth": {"chatgpt_plan_type": "team"},
        "https://api.openai.com/profile": {"email": "carol@example.com"},
    }
    found = PROVIDER.identify({"access_token": web_token(claims), "id_token": ""})
    assert (found.email, found.plan, found.expires_at) == ("carol@example.com", "Team", RESET)


def test_the_request() -> None:
    login = Tokens(access_token="fake-access", account_id=ACCOUNT)
    request = facts.requests(PROVIDER, login)[0]
    assert (request.method, request.url, request.body) == (
        "GET",
        "https://chatgpt.com/backend-api/wham/usage",
        None,
    )
    assert request.headers["Authorization"] == "Bearer fake-access"
    assert request.headers["ChatGPT-Account-Id"] == ACCOUNT
    assert ACCOUNT not in repr(request)
    assert ACCOUNT not in repr(login)


@pytest.mark.parametrize("account_id", [None, ""])
def test_an_unknown_account_is_not_named(account_id: str | None) -> None:
    request = facts.requests(PROVIDER, Tokens(access_token="fake-access", account_id=account_id))[0]
    assert "chatgpt-account-id" not in {each.lower() for each in request.headers}


def test_its_logins_are_never_refreshed() -> None:
    assert not PROVIDER.can_refresh
    with pytest.raises(NotImplementedError):
        PROVIDER.refresh_request("fake-refresh")


@given(hostile.values("account_id", "id_token", "access_token", "https://api.openai.com/auth"))
def test_whatever_a_token_claims_it_is_only_read(claims: object) -> None:
    found = PROVIDER.identify({"id_token": web_token(claims), "access_token": claims, "account_id": claims})
    if found.account_id is not None:
        assert found.account_id.isascii()
        hostile.assert_clean(found.account_id, TITLE_LIMIT)
