"""Devin: protobuf's JSON, in which a zero is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trayquota.core.errors import FetchError

from . import facts
from .provider_answers import Answers, assert_expected, assert_request, login_of, provider, sample, usage

STATUS = sample("devin_user_status")


def with_plan(**fields: object) -> dict[str, Any]:
    """Return the sample with other values in its plan."""
    status = STATUS["answer"]["userStatus"]
    return {"userStatus": status | {"planStatus": status["planStatus"] | fields}}


def test_a_window_with_a_reset_and_no_percent_has_nothing_left() -> None:
    assert_expected(usage("devin", STATUS["answer"], api_key="key"), STATUS["expected"])


def test_a_window_without_a_reset_is_none() -> None:
    (window,) = usage("devin", with_plan(dailyQuotaResetAtUnix=None), api_key="key").windows
    assert window.title == "Weekly"


def test_a_hidden_window_is_none() -> None:
    answer = with_plan(planInfo={"planName": "Pro", "hideDailyQuota": True})
    assert [window.title for window in usage("devin", answer, api_key="key").windows] == ["Weekly"]


def test_a_percent_that_is_nonsense_is_unknown() -> None:
    found = usage("devin", with_plan(weeklyQuotaRemainingPercent="soon"), api_key="key").windows
    assert found[1].used_percent is None


@pytest.mark.parametrize("key", ["api_key", "session_token"])
def test_the_token_goes_in_the_body_and_there_alone(key: str) -> None:
    send = Answers(facts.answer(STATUS["answer"]))
    provider("devin").fetch(login_of("devin", **{key: "secret-key"}), send)
    (request,) = send.requests
    assert_request(request, STATUS["request"])
    assert json.loads(request.body or b"")["metadata"] == STATUS["request"]["body"]["metadata"] | {
        "apiKey": "secret-key"
    }
    assert not {name.lower() for name in request.headers} & {"authorization", "cookie"}


def test_without_any_window_there_is_an_error() -> None:
    with pytest.raises(FetchError):
        usage("devin", {"userStatus": {}}, api_key="key")
