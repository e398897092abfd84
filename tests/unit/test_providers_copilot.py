"""GitHub Copilot: allowances of the month, and whom an enterprise's accounts are asked of."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import TOKEN, Answers, assert_expected, login_of, provider, sample, usage

CREDITS = sample("copilot_ai_credits")


def test_ai_credits_are_a_window_and_placeholders_are_none() -> None:
    assert_expected(usage("copilot", CREDITS["answer"]), CREDITS["expected"])


def test_premium_requests_are_a_window_of_the_month() -> None:
    (window,) = usage("copilot", facts.load("copilot_user_paid.json")).windows
    assert window.title == "Monthly (Premium)"
    assert window.used_percent == pytest.approx(27)
    facts.assert_moment(window.resets_at, "2026-10-01T00:00:00Z")


def test_the_date_of_the_reset_counts_where_its_moment_is_blank() -> None:
    answer = facts.load("copilot_user_paid.json") | {"quota_reset_date_utc": "", "quota_reset_date": "2026-10-01"}
    (window,) = usage("copilot", answer).windows
    facts.assert_moment(window.resets_at, "2026-10-01T00:00:00Z")


@pytest.mark.parametrize(
    ("quota", "used"),
    [
        ({"entitlement": 300, "remaining": -1, "percent_remaining": -0.33}, 100),
        ({"percent_remaining": 25}, 75),
        ({"entitlement": 300}, None),
        ({"entitlement": 0, "remaining": 0, "percent_remaining": 100}, "no window"),
        ({"unlimited": True, "percent_remaining": 100}, "no window"),
    ],
    ids=["overdrawn", "percent alone", "no amount", "placeholder", "unlimited"],
)
def test_what_is_used_of_an_allowance(quota: object, used: object) -> None:
    answer = {"copilot_plan": "individual", "quota_snapshots": {"chat": quota}}
    windows = usage("copilot", answer).windows
    assert [(window.title, window.used_percent) for window in windows] == (
        [] if used == "no window" else [("Monthly (Chat)", used)]
    )


def test_the_free_plan_tells_what_is_left_of_how_much() -> None:
    answer = {
        "copilot_plan": "free",
        "limited_user_quotas": {"chat": 20, "completions": 500},
        "monthly_quotas": {"chat": 50, "completions": 2000},
        "limited_user_reset_date": "2026-10-01",
    }
    found = usage("copilot", answer)
    assert [(window.title, window.used_percent) for window in found.windows] == [
        ("Monthly (Chat)", 60),
        ("Monthly (Completions)", 75),
    ]
    assert found.plan == "Free"


def test_a_plan_without_limits_has_no_windows_and_no_error() -> None:
    found = usage("copilot", {"copilot_plan": "enterprise", "quota_snapshots": {"chat": {"unlimited": True}}})
    assert (found.windows, found.plan) == ((), "Enterprise")


@pytest.mark.parametrize("status", [403, 404])
def test_an_account_without_a_seat_is_refused_in_words(status: int) -> None:
    with pytest.raises(FetchError) as caught:
        provider("copilot").fetch(login_of("copilot"), Answers(facts.answer({"message": "Not Found"}, status)))
    assert caught.value.failure.kind is FailureKind.REFUSED
    assert "seat" in caught.value.failure.message


@pytest.mark.parametrize(
    ("domain", "host"),
    [("", "api.github.com"), ("octo.ghe.com", "api.octo.ghe.com"), ("OCTO.GHE.COM", "api.octo.ghe.com")],
)
def test_whom_an_account_is_asked_of(domain: str, host: str) -> None:
    send = Answers(facts.answer(CREDITS["answer"]))
    provider("copilot").fetch(login_of("copilot", enterprise_domain=domain), send)
    assert send.urls == [f"https://{host}/copilot_internal/user"]
    assert send.requests[0].headers["Authorization"] == f"token {TOKEN}"
    assert send.requests[0].headers["X-Github-Api-Version"] == "2025-04-01"


@pytest.mark.parametrize(
    "domain", ["example.com/path", "user@example.com", "example.com:444", "10.0.0.1", "localhost", "a..b.com", "-a.com"]
)
def test_a_domain_that_is_none_is_never_sent_a_token(domain: str) -> None:
    send = Answers()
    with pytest.raises(FetchError) as caught:
        provider("copilot").fetch(login_of("copilot", enterprise_domain=domain), send)
    assert (caught.value.failure.kind, send.requests) == (FailureKind.REFUSED, [])
