"""Cline: the limits of a pass."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import NOT_FOUND, Answers, assert_expected, assert_request, login_of, provider, sample, usage

LIMITS = sample("clinepass_limits")


def test_the_three_known_kinds_are_windows() -> None:
    assert_expected(usage("cline", LIMITS["answer"]), LIMITS["expected"])


def test_the_request_carries_the_token_of_the_file() -> None:
    send = Answers(facts.answer(LIMITS["answer"]))
    provider("cline").fetch(login_of("cline", accessToken="token-of-cline"), send)
    assert_request(send.requests[0], LIMITS["request"])
    assert send.requests[0].headers["Authorization"] == "Bearer token-of-cline"


def test_an_account_without_a_pass_has_no_windows_and_no_error() -> None:
    assert provider("cline").fetch(login_of("cline"), Answers(NOT_FOUND)).windows == ()


def test_an_answer_without_success_is_refused() -> None:
    with pytest.raises(FetchError) as caught:
        usage("cline", {"success": False})
    assert caught.value.failure.kind is FailureKind.REFUSED


def test_the_end_of_a_login_is_read_from_either_spelling() -> None:
    identity = provider("cline").identify({"expiresAt": 1790089200000})
    facts.assert_moment(identity.expires_at, "2026-09-22T15:00:00Z")
