"""Kiro: credits and overage, and the endpoint of a region."""

from __future__ import annotations

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import NOT_FOUND, Answers, assert_expected, login_of, provider, sample, usage

LIMITS = sample("kiro_usage_limits")
ARN = "arn:aws:codewhisperer:eu-central-1:123456789012:profile/ABC"


def row(**fields: object) -> dict[str, object]:
    """Return the sample with other values in its one row."""
    (known,) = LIMITS["answer"]["usageBreakdownList"]
    answer: dict[str, object] = LIMITS["answer"] | {"usageBreakdownList": [known | fields]}
    return answer


def test_credits_and_overage_are_windows() -> None:
    assert_expected(usage("kiro", LIMITS["answer"]), LIMITS["expected"])


def test_a_reset_in_milliseconds_is_read_as_such() -> None:
    found = usage("kiro", LIMITS["answer"] | {"nextDateReset": 1790812800000}).windows
    facts.assert_moment(found[0].resets_at, "2026-10-01T00:00:00Z")


def test_overage_that_is_switched_off_is_no_window() -> None:
    answer = LIMITS["answer"] | {"overageConfiguration": {"overageStatus": "DISABLED"}}
    assert [window.title for window in usage("kiro", answer).windows] == ["Monthly"]


def test_more_overage_than_use_is_unknown() -> None:
    found = usage("kiro", row(currentUsageWithPrecision=50.0)).windows
    assert [window.used_percent for window in found] == [None, None]


@pytest.mark.parametrize("overage", [True, "4%2", [1], {"value": 1}])
def test_an_overage_that_is_no_number_is_unknown(overage: object) -> None:
    found = usage("kiro", row(currentOveragesWithPrecision=overage)).windows
    assert [window.used_percent for window in found] == [None, None]


def test_several_rows_of_credits_are_unknown() -> None:
    rows = LIMITS["answer"]["usageBreakdownList"] * 2
    found = usage("kiro", LIMITS["answer"] | {"usageBreakdownList": rows}).windows
    assert [window.used_percent for window in found] == [None, None]


@pytest.mark.parametrize(
    ("arn", "host"),
    [
        (ARN, "q.eu-central-1.amazonaws.com"),
        ("", "q.us-east-1.amazonaws.com"),
        ("arn:aws:s3:eu-west-1:1:bucket/x", "q.us-east-1.amazonaws.com"),
    ],
)
def test_the_endpoint_is_the_regions(arn: str, host: str) -> None:
    send = Answers(facts.answer(LIMITS["answer"]))
    provider("kiro").fetch(login_of("kiro", profile_arn=arn), send)
    assert send.urls[0].startswith(f"https://{host}/getUsageLimits?origin=AI_EDITOR&resourceType=AGENTIC_REQUEST&")


@pytest.mark.parametrize("region", ["evil.example.com/", "us-east-1.example.com", "x", "us_east_1", ""])
def test_a_region_that_is_none_is_never_sent_a_token(region: str) -> None:
    send = Answers()
    with pytest.raises(FetchError) as caught:
        provider("kiro").fetch(login_of("kiro", profile_arn=f"arn:aws:codewhisperer:{region}:1:profile/A"), send)
    assert (caught.value.failure.kind, send.requests) == (FailureKind.REFUSED, [])


def test_the_older_endpoint_is_asked_where_the_newer_is_not_known() -> None:
    send = Answers(NOT_FOUND, facts.answer(LIMITS["answer"]))
    provider("kiro").fetch(login_of("kiro", profile_arn=ARN), send)
    older = send.requests[1]
    assert (older.method, older.url) == ("POST", "https://codewhisperer.us-east-1.amazonaws.com/")
    assert older.headers["X-Amz-Target"] == "AmazonCodeWhispererService.GetUsageLimits"
    assert older.headers["Content-Type"] == "application/x-amz-json-1.0"
