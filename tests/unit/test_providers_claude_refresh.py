"""Claude: how a token is refreshed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.credential import is_token
from trayquota.core.errors import TokenRefreshError
from trayquota.providers.base import RefreshedTokens
from trayquota.providers.claude import PROVIDER, form_encoded

from . import facts, hostile


def test_the_request_of_a_refresh() -> None:
    request = PROVIDER.refresh_request("fake refresh+/=~")
    assert (request.method, request.url) == ("POST", "https://platform.claude.com/v1/oauth/token")
    assert request.headers["User-Agent"].startswith("axios/")
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.body == (
        b"grant_type=refresh_token&refresh_token=fake%20refresh%2B%2F%3D~"
        b"&client_id=9d1c250a-e61b-44d9-88ed-5944d1962f5e"
    )
    assert "refresh%2B" not in repr(request)


@given(st.text())
def test_form_values_carry_anything(value: str) -> None:
    try:
        plain = value.encode()
    except UnicodeEncodeError:
        return
    encoded = form_encoded(value)
    assert set(encoded) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
    assert unquote_to_bytes(encoded) == plain


@pytest.mark.parametrize("case", facts.load("http_cases_claude_token.json"), ids=lambda case: case["name"])
def test_the_answers_to_a_refresh_in_the_facts(case: Any) -> None:
    wanted = case["expect"]
    if wanted["result"] != "ok":
        with pytest.raises(TokenRefreshError) as caught:
            PROVIDER.read_refresh(facts.case_answer(case))
        assert caught.value.final is (wanted["result"] == "terminal")
        assert caught.value.server_fault is (case["status"] >= 500)
        assert (caught.value.wait_s or 0) >= wanted.get("wait_seconds_min", 0)
        return
    pair = PROVIDER.read_refresh(facts.case_answer(case))
    keeps_old = "keep" in wanted["refresh_token"]
    assert pair.access_token == case["body"]["access_token"]
    assert pair.refresh_token == (None if keeps_old else wanted["refresh_token"])
    expires_at = facts.moment(wanted.get("expires_at", "2026-09-22T20:00:00Z"))
    assert facts.NOW + timedelta(seconds=pair.lifetime_s) == expires_at


@pytest.mark.parametrize(
    ("expires_in", "lifetime_s"),
    [(None, 3600), ("28800", 28800), (0, 3600), (-5, 3600), (True, 3600), ("soon", 3600), (1e300, 366 * 86400)],
)
def test_how_long_a_new_pair_lives(expires_in: object, lifetime_s: float) -> None:
    answer = facts.answer({"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": expires_in})
    assert PROVIDER.read_refresh(answer).lifetime_s == lifetime_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 5),
        ({"retry-after": "0"}, 5),
        ({"retry-after": "86400"}, 300),
        ({"retry-after-ms": "7500"}, 7.5),
        ({"retry-after-ms": "7500", "retry-after": "60"}, 7.5),
        ({"retry-after": "Tue, 22 Sep 2026 12:01:00 GMT"}, 60),
    ],
)
def test_a_pause_before_the_next_refresh(headers: dict[str, str], wait_s: float) -> None:
    with pytest.raises(TokenRefreshError) as caught:
        PROVIDER.read_refresh(facts.answer({}, 429, headers))
    assert (caught.value.wait_s, caught.value.final) == (wait_s, False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"type": "invalid_grant"}}, 400),
        ({"error": {"code": "invalid_grant"}}, 401),
        ({"error": "invalid_grant"}, 400),
    ],
)
def test_a_dead_login_is_dead(body: object, status: int) -> None:
    with pytest.raises(TokenRefreshError) as caught:
        PROVIDER.read_refresh(facts.answer(body, status))
    assert caught.value.final


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": "invalid_request"}, 400),
        ({"error": ["invalid_grant"]}, 400),
        (b"<html>invalid_grant</html>", 401),
        ({"error": "invalid_grant"}, 403),
        ({"error": "invalid_grant"}, 200),
        ({"access_token": ""}, 200),
        ({"access_token": "fake\r\nX: y"}, 200),
        ({"access_token": "fake-access"}, 302),
        ({"access_token": "fake-access", "refresh_token": "fake-refresh", "error": "server_error"}, 400),
        ({"request": {"access_token": "fake-access", "refresh_token": "fake-refresh"}}, 500),
        ([], 200),
        (b"", 200),
    ],
)
def test_any_other_refusal_may_pass(body: object, status: int) -> None:
    with pytest.raises(TokenRefreshError) as caught:
        PROVIDER.read_refresh(facts.answer(body, status))
    assert not caught.value.final


@pytest.mark.parametrize("status", [302, 400, 401, 429, 500])
def test_a_whole_pair_is_thrown_away_because_of_its_status(status: int) -> None:
    pair = {"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 60}
    assert PROVIDER.read_refresh(facts.answer(pair, status)) == RefreshedTokens("fake-access", "fake-refresh", 60.0)


def test_a_new_pair_shows_nothing_of_itself() -> None:
    assert "fake" not in repr(RefreshedTokens("fake-access", "fake-refresh", 3600.0))


@pytest.mark.parametrize("secret", ["", " ", "a b", "a\n", "a\0", "\u00e4", "x" * 20000, None, 7])
def test_what_cannot_stand_in_a_header_is_no_token(secret: object) -> None:
    assert not is_token(secret)
    assert is_token("sk-ant-oat01-x_Y~/+=.")


@given(st.binary(max_size=50) | hostile.values("error", "access_token", "expires_in").map(hostile.written))
def test_whatever_a_refresh_is_answered_it_is_a_pair_or_a_refusal(body: bytes) -> None:
    try:
        pair = PROVIDER.read_refresh(facts.answer(body))
    except TokenRefreshError:
        return
    assert is_token(pair.access_token)
    assert 0 < pair.lifetime_s <= 366 * 86400
