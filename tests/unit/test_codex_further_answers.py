"""Codex: what a further request adds to the quotas: an education account's limit, reset credits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.core.model import QuotaWindow, ResetCredits, Usage
from trayquota.providers.codex import PROVIDER
from trayquota.providers.codex_usage import read_first_expiry, read_monthly_usage

from . import facts
from .codex_answers import limit, slot

if TYPE_CHECKING:
    from trayquota.providers.base import Request, Response
ACCOUNT = "acc/1"


# Further answers.


class Answers:
    """Answers by the end of the address; 404 for all others."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        name = request.url.rpartition("/")[2].replace("-", "_")
        found = self.answers.get(name)
        if isinstance(found, FetchError):
            raise found
        return facts.answer({}, 404) if found is None else facts.answer(found)

    def rarely(self, request: Request) -> None:
        raise AssertionError(request)

    def fetch(self, account_id: str | None = ACCOUNT) -> Usage:
        return PROVIDER.fetch(Tokens(access_token="fake-access", account_id=account_id), self)


EDU = {"plan_type": "edu", "rate_limit": None, "spend_control": {"reached": False, "individual_limit": None}}


def test_an_education_account_has_its_limit_in_a_second_answer() -> None:
    fact = facts.newer("codex_edu_monthly_usage.json")
    answers = Answers(usage=EDU, monthly_usage=fact["answer"])
    usage = answers.fetch()
    facts.assert_newer_windows(usage.windows, fact["expected"]["windows"])
    assert usage.plan == "Education"
    assert answers.requests[1].url == fact["request"]["url"].replace("{percent-encoded account id}", "acc%2F1")
    assert answers.requests[1].headers["ChatGPT-Account-Id"] == ACCOUNT


@pytest.mark.parametrize(
    "usage",
    [
        EDU | {"plan_type": "plus"},
        EDU | {"spend_control": None},
        EDU | {"spend_control": {"individual_limit": {"limit": 10, "used": 5}}},
    ],
    ids=str,
)
def test_only_an_education_account_without_its_limit_is_asked_for_it(usage: dict[str, object]) -> None:
    answers = Answers(usage=usage | {"rate_limit": limit(slot(30))}, monthly_usage={"current_month_usage": 1})
    answers.fetch()
    assert len(answers.requests) == 1


def test_without_an_account_id_the_second_answer_cannot_be_asked_for() -> None:
    answers = Answers(usage=EDU | {"rate_limit": limit(slot(30))})
    answers.fetch(account_id=None)
    assert len(answers.requests) == 1


@pytest.mark.parametrize(
    ("answer", "percent"),
    [
        ({"current_month_usage": 50, "effective_monthly_limit": {"limit": 200}}, 25),
        ({"current_month_usage": "50", "effective_monthly_limit": {"limit": {"amount": "200"}}}, 25),
        ({"current_month_usage": 500, "effective_monthly_limit": {"limit": 200}}, 100),
        ({"current_month_usage": -5, "effective_monthly_limit": {"limit": 200}}, None),
        ({"current_month_usage": 50, "effective_monthly_limit": {"limit": None}}, None),
        ({"current_month_usage": 50, "effective_monthly_limit": None}, None),
        ([], None),
    ],
)
def test_the_limit_of_the_month(answer: object, percent: float | None) -> None:
    window = read_monthly_usage(answer)
    assert window == (None if percent is None else QuotaWindow("Monthly credits", percent))


def test_a_spent_month_has_nothing_left() -> None:
    spent = {"reached": True, "individual_limit": None}
    month = {"current_month_usage": 499, "effective_monthly_limit": {"limit": 500}}
    usage = Answers(usage=EDU | {"spend_control": spent}, monthly_usage=month).fetch()
    assert usage.windows == (QuotaWindow("Monthly credits", 100.0),)


def test_reset_credits_have_a_count_and_their_first_expiry_and_are_never_redeemed() -> None:
    fact = facts.newer("codex_reset_credits.json")
    answers = Answers(usage=facts.load("codex_usage_plus.json"), rate_limit_reset_credits=fact["answer"])
    wanted = fact["expected"]["extra"]
    assert answers.fetch().reset_credits == ResetCredits(wanted["available"], facts.moment(wanted["next_expiry"]))
    assert {request.method for request in answers.requests} == {"GET"}
    assert answers.requests[1].url == fact["request"]["url"]
    assert answers.requests[1].headers["OpenAI-Beta"] == "codex-1"
    assert "consume" not in "".join(request.url for request in answers.requests)


def test_the_first_expiry_of_the_older_facts() -> None:
    wanted = facts.expected("codex_reset_credits.json")
    assert read_first_expiry(facts.load("codex_reset_credits.json"), facts.NOW) == facts.moment(
        wanted["soonest_expiry"]
    )


def test_a_reset_credit_that_has_lapsed_is_not_the_next_to_lapse() -> None:
    listed = [
        {"reset_type": "codex_rate_limits", "status": "available", "expires_at": expires_at}
        for expires_at in ("2026-09-20T00:00:00Z", "2026-10-20T00:00:00Z")
    ]
    assert read_first_expiry({"credits": listed}, facts.NOW) == facts.moment("2026-10-20T00:00:00Z")


@pytest.mark.parametrize("count", [None, 0, -1, True, "many", {}])
def test_without_reset_credits_nothing_more_is_asked(count: object) -> None:
    answers = Answers(
        usage={"rate_limit": limit(slot(1)), "rate_limit_reset_credits": {"available_count": count}},
    )
    assert answers.fetch().reset_credits is None
    assert len(answers.requests) == 1


@pytest.mark.parametrize("trouble", [None, "x", [], {"credits": [None, {"status": "available"}]}])
def test_trouble_with_a_further_answer_costs_only_that(trouble: Any) -> None:
    answers = Answers(usage=facts.load("codex_usage_plus.json"), rate_limit_reset_credits=trouble)
    usage = answers.fetch()
    assert usage.reset_credits == ResetCredits(2)
    assert len(usage.windows) == 2
