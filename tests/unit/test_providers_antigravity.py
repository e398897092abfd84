"""Antigravity: hosts in turn, the quota summary, and the older list of models."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import shown

from . import facts
from .provider_answers import (
    DOWN,
    NOT_FOUND,
    Answers,
    assert_expected,
    assert_request,
    login_of,
    provider,
    sample,
    usage,
)

UNREACHED = fetch_error(FailureKind.NETWORK, "The connection failed.")
SUMMARY = sample("antigravity_summary")
HOSTS = [
    "daily-cloudcode-pa.googleapis.com",
    "daily-cloudcode-pa.sandbox.googleapis.com",
    "cloudcode-pa.googleapis.com",
]


def test_the_summary_gives_a_window_per_bucket_with_a_fraction() -> None:
    assert_expected(usage("antigravity", SUMMARY["answer"]), SUMMARY["expected"])


def test_the_older_summary_has_its_short_windows_first() -> None:
    found = usage("antigravity", facts.load("antigravity_quota_summary.json")).windows
    assert [(window.title, window.used_percent) for window in found] == [
        ("5-hour (Gemini)", pytest.approx(20)),
        ("Weekly (Gemini)", pytest.approx(65)),
        ("Weekly (Claude and GPT)", 0),
    ]


def test_the_request_is_the_vendors() -> None:
    send = Answers(facts.answer(SUMMARY["answer"]))
    provider("antigravity").fetch(login_of("antigravity", project_id="example-project"), send)
    expected = SUMMARY["request"]
    expected["headers"].pop("User-Agent")
    assert_request(send.requests[0], expected)
    assert send.requests[0].headers["User-Agent"].startswith("antigravity/cli/1.0.13 (aidev_client; os_type=")


def test_a_personal_account_is_asked_without_a_project() -> None:
    send = Answers(facts.answer(SUMMARY["answer"]))
    provider("antigravity").fetch(login_of("antigravity"), send)
    assert send.requests[0].body == b"{}"


@pytest.mark.parametrize("failed", [DOWN, NOT_FOUND, UNREACHED], ids=["503", "404", "no connection"])
def test_the_next_host_is_asked_when_one_does_not_know_or_answer(failed: object) -> None:
    send = Answers(failed, failed, facts.answer(SUMMARY["answer"]))  # type: ignore[arg-type]
    provider("antigravity").fetch(login_of("antigravity"), send)
    assert [url.split("/")[2] for url in send.urls] == HOSTS


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, FailureKind.LOGIN_EXPIRED), (403, FailureKind.REFUSED), (429, FailureKind.RATE_LIMITED)],
)
def test_a_refusal_is_not_asked_again_of_the_next_host(status: int, kind: FailureKind) -> None:
    send = Answers(facts.answer({}, status))
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), send)
    assert (caught.value.failure.kind, len(send.requests)) == (kind, 1)


@pytest.mark.parametrize("answers", [[403], [404] * 3 + [403], [404] * 6], ids=["403", "404, 403", "404"])
def test_an_account_without_limits_is_not_sent_to_sign_in_again(answers: list[int]) -> None:
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), Answers(*(facts.answer({}, each) for each in answers)))
    message = shown(caught.value.failure.message)
    assert message == f"Antigravity tells no limits for this account (HTTP {answers[-1]})."


def test_no_host_that_answers_is_no_connection() -> None:
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), Answers(UNREACHED, UNREACHED, UNREACHED))
    assert caught.value.failure.kind is FailureKind.NETWORK


def test_hosts_that_are_down_are_the_providers_trouble() -> None:
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), Answers(UNREACHED, DOWN, DOWN))
    assert caught.value.failure.kind is FailureKind.PROVIDER_DOWN


def models(name: str) -> Answers:
    """Return what is answered where nobody knows the summary."""
    return Answers(NOT_FOUND, NOT_FOUND, NOT_FOUND, facts.answer(facts.load(name)))


def test_where_nobody_knows_the_summary_the_worst_model_of_each_pool_counts() -> None:
    send = models("antigravity_fetch_available_models.json")
    found = provider("antigravity").fetch(login_of("antigravity"), send).windows
    assert [(window.title, window.used_percent, window.duration_s) for window in found] == [
        ("5-hour (Gemini)", pytest.approx(60), 18000),
        ("5-hour (Claude and GPT)", 100, 18000),
    ]
    assert send.urls[3].endswith(":fetchAvailableModels")


def test_a_model_whose_fraction_makes_no_sense_says_nothing_of_its_pool() -> None:
    answer = facts.load("antigravity_fetch_available_models.json")
    odd = {"quotaInfo": {"remainingFraction": 1e308, "resetTime": "2026-09-22T15:00:00Z"}}
    send = Answers(NOT_FOUND, NOT_FOUND, NOT_FOUND, facts.answer({"models": {**answer["models"], "gpt-odd": odd}}))
    found = provider("antigravity").fetch(login_of("antigravity"), send).windows
    assert [window.used_percent for window in found] == [pytest.approx(60), 100]


def test_models_that_are_all_full_prove_no_quota() -> None:
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), models("antigravity_models_all_full.json"))
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


def test_an_account_without_any_limits_has_a_failure_with_a_sentence() -> None:
    with pytest.raises(FetchError) as caught:
        provider("antigravity").fetch(login_of("antigravity"), Answers(*[NOT_FOUND] * 6))
    assert caught.value.failure.kind is FailureKind.REFUSED
    assert "limits" in caught.value.failure.message


def test_the_plan_is_asked_rarely_and_the_paid_one_comes_first() -> None:
    plan = facts.answer(facts.load("gemini_load_code_assist.json"))
    send = Answers(facts.answer(SUMMARY["answer"]), rare=plan)
    assert provider("antigravity").fetch(login_of("antigravity"), send).plan == "Google AI Pro"
    assert send.rare_requests[0].url == f"https://{HOSTS[0]}/v1internal:loadCodeAssist"


@pytest.mark.parametrize("answer", [None, facts.answer({}, 403)], ids=["not due", "refused"])
def test_without_an_answer_about_the_plan_it_stays_unknown(answer: object) -> None:
    send = Answers(facts.answer(SUMMARY["answer"]), rare=answer)  # type: ignore[arg-type]
    assert provider("antigravity").fetch(login_of("antigravity"), send).plan is None


def test_a_disabled_bucket_limits_nobody() -> None:
    bucket = {"window": "5h", "remainingFraction": 0, "disabled": True}
    with pytest.raises(FetchError):
        usage("antigravity", {"groups": [{"displayName": "Gemini Models", "buckets": [bucket]}]})


@pytest.mark.parametrize(
    "remaining", [{"remainingFraction": 0.25}, {"case": "remainingFraction", "value": 0.25}], ids=["nested", "one-of"]
)
def test_a_fraction_may_be_nested(remaining: object) -> None:
    bucket = {"window": "week", "remaining": remaining}
    (window,) = usage("antigravity", {"groups": [{"buckets": [bucket]}]}).windows
    assert (window.title, window.used_percent) == ("Weekly", 75)
