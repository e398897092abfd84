"""Grok: credits of the period, and the older bill where they state no percent."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import DOWN, Answers, assert_expected, assert_request, login_of, provider, sample, usage

WEEKLY = sample("xai_weekly")
PERIOD_ONLY = sample("xai_period_only_with_monthly")


def test_the_percent_of_the_week_is_one_window() -> None:
    assert_expected(usage("grok", WEEKLY["answer"]), WEEKLY["expected"])


def test_the_plan_has_its_brand_name() -> None:
    assert usage("grok", WEEKLY["answer"]).plan == "SuperGrok"


def test_the_requests_are_the_vendors() -> None:
    send = Answers(facts.answer(PERIOD_ONLY["answer"]["credits"]), facts.answer(PERIOD_ONLY["answer"]["billing"]))
    provider("grok").fetch(login_of("grok", sub="subject-1"), send)
    assert_request(send.requests[0], WEEKLY["request"])
    assert send.urls[1] == "https://cli-chat-proxy.grok.com/v1/billing"
    for request in send.requests:
        assert request.headers["x-userid"] == "subject-1"
        assert request.headers["x-grok-client-mode"] == "billing"


def test_a_missing_percent_is_unknown_and_the_month_comes_from_the_bill() -> None:
    found = usage("grok", PERIOD_ONLY["answer"]["credits"], PERIOD_ONLY["answer"]["billing"])
    assert_expected(found, PERIOD_ONLY["expected"])


@pytest.mark.parametrize("limit", [{"monthlyLimit": {"val": 0}, "used": {"val": 0}}, {}], ids=["none", "absent"])
def test_a_bill_without_a_limit_adds_no_window(limit: object) -> None:
    (window,) = usage("grok", PERIOD_ONLY["answer"]["credits"], {"config": limit}).windows
    assert (window.title, window.used_percent) == ("Weekly", None)


def test_a_bill_that_is_not_answered_leaves_what_is_known() -> None:
    send = Answers(facts.answer(PERIOD_ONLY["answer"]["credits"]), DOWN)
    (window,) = provider("grok").fetch(login_of("grok"), send).windows
    assert (window.title, window.used_percent) == ("Weekly", None)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("grok_billing_weekly.json", [("Weekly", 51, 604800)]),
        ("grok_billing_on_demand_only.json", [("Credits", 25, None)]),
    ],
)
def test_the_samples_with_a_number_need_no_bill(name: str, wanted: object) -> None:
    found = usage("grok", facts.load(name)).windows
    assert [(window.title, window.used_percent, window.duration_s) for window in found] == wanted


def test_a_percent_that_is_absent_is_never_0_or_100() -> None:
    (window,) = usage("grok", facts.load("grok_billing_percent_absent.json"), {}).windows
    assert (window.title, window.used_percent) == ("Weekly", None)
    assert window.resets_at is not None


def test_the_legacy_bill_is_in_cents() -> None:
    (window,) = usage("grok", {"config": {}}, facts.load("grok_billing_legacy_cents.json")).windows
    assert (window.title, window.used_percent) == ("Monthly", 40)


def test_the_spending_limit_is_nothing_left_and_no_error() -> None:
    answer = facts.answer({"code": "personal-team-blocked:spending-limit"}, 402)
    (window,) = provider("grok").fetch(login_of("grok"), Answers(answer)).windows
    assert window.remaining_percent == 0


def test_an_account_of_the_api_has_no_subscription_to_ask_for() -> None:
    send = Answers()
    found = provider("grok").fetch(login_of("grok", using_api=True), send)
    assert (found.windows, send.requests) == ((), [])


def test_a_refused_login_is_expired() -> None:
    with pytest.raises(FetchError) as caught:
        provider("grok").fetch(login_of("grok"), Answers(facts.answer({}, 401)))
    assert caught.value.failure.kind is FailureKind.LOGIN_EXPIRED
