"""Cursor: what is used of the month."""

from __future__ import annotations

from . import facts
from .provider_answers import NOT_FOUND, Answers, assert_expected, assert_request, login_of, provider, sample, usage

PERIOD = sample("cursor_period_usage")


def test_the_plan_its_parts_and_what_is_spent_on_demand_are_windows() -> None:
    assert_expected(usage("cursor", PERIOD["answer"]), PERIOD["expected"])


def test_the_request_is_the_editors() -> None:
    send = Answers(facts.answer(PERIOD["answer"]))
    provider("cursor").fetch(login_of("cursor"), send)
    assert_request(send.requests[0], PERIOD["request"])


def test_the_older_summary_is_asked_where_the_method_is_not_known() -> None:
    summary = {
        "membershipType": "pro_plus",
        "billingCycleEnd": "2026-10-01T00:00:00.000Z",
        "individualUsage": {
            "plan": {"used": 500, "limit": 2000},
            "onDemand": {"used": 100, "limit": 1000},
        },
    }
    send = Answers(NOT_FOUND, facts.answer(summary))
    found = provider("cursor").fetch(login_of("cursor"), send)
    assert send.urls[1] == "https://api2.cursor.sh/auth/usage-summary"
    assert [(window.title, window.used_percent) for window in found.windows] == [("Monthly", 25), ("On-demand", 10)]
    assert found.plan == "Pro Plus"


def test_what_remains_of_the_plan_says_what_is_used() -> None:
    found = usage("cursor", {"planUsage": {"limit": 2000, "remaining": "500"}}).windows
    assert [(window.title, window.used_percent) for window in found] == [("Monthly", 75)]


def test_the_pool_of_a_team_counts_where_the_person_has_no_limit() -> None:
    spend = {"pooledLimit": 1000, "pooledRemaining": 250}
    found = usage("cursor", PERIOD["answer"] | {"spendLimitUsage": spend}).windows
    assert (found[-1].title, found[-1].used_percent) == ("On-demand", 75)


def test_a_file_with_a_key_alone_has_no_quota_to_ask_for() -> None:
    assert not provider("cursor").identify({"type": "cursor", "apiKey": "key"}).is_supported
    assert provider("cursor").identify({"type": "cursor", "access_token": "token"}).is_supported
