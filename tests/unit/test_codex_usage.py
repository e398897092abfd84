"""Codex: the provider's own verdict, the limits of money, credits, and what stands in the headers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.core.model import Credits, FailureKind, QuotaWindow, ResetCredits, Usage
from trayquota.providers.codex import PROVIDER
from trayquota.providers.codex_titles import plan_title, window_title
from trayquota.providers.codex_usage import read_first_expiry, read_monthly_usage

from . import facts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.providers.base import Request, Response

HOUR_S, DAY_S = 3600, 86400
RESET_S = 1790089954
RESET = datetime(2026, 9, 22, 15, 12, 34, tzinfo=UTC)
LATER_S = 1790524800
LATER = datetime(2026, 9, 27, 16, tzinfo=UTC)
ACCOUNT = "acc/1"


def read(answer: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Usage:
    return facts.fetched(PROVIDER, facts.answer(answer, headers=headers))


def used(answer: Mapping[str, object], headers: Mapping[str, str] | None = None) -> dict[str, float | None]:
    """Return the used percents by title, in order."""
    return {window.title: window.used_percent for window in read(answer, headers).windows}


def slot(percent: object, length_s: int | None = 5 * HOUR_S, reset_at: int | None = RESET_S) -> dict[str, object]:
    return {"used_percent": percent, "limit_window_seconds": length_s, "reset_at": reset_at}


def limit(primary: object, secondary: object = None, **more: object) -> dict[str, object]:
    return {"primary_window": primary, "secondary_window": secondary, **more}


# The facts.


@pytest.mark.parametrize(
    "name", ["individual_limit_in_rate_limit", "individual_limit_number", "credits_only_available"]
)
def test_the_windows_of_the_newer_facts_and_no_others(name: str) -> None:
    fact = facts.newer(f"codex_{name}.json")
    usage = read(fact["answer"])
    facts.assert_newer_windows(usage.windows, fact["expected"]["windows"])
    assert usage.plan == fact["expected"].get("plan", "Business")


def test_a_promotion_is_no_quota() -> None:
    with pytest.raises(FetchError) as caught:
        read(facts.newer("codex_promo_is_no_quota.json")["answer"])
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


# The provider's own verdict.


BLOCKED: list[dict[str, object]] = [
    {"limit_reached": True},
    {"allowed": False},
    {"allowed": False, "limit_reached": True},
    {"rate_limit_reached_type": "rate_limit_reached"},
    {"rate_limit_reached_type": {"type": "rate_limit_reached", "details": {}}},
]


@pytest.mark.parametrize("verdict", BLOCKED, ids=str)
@pytest.mark.parametrize(
    ("primary", "secondary", "percents"),
    [
        (slot(99), slot(40, 7 * DAY_S), [100, 40]),
        (slot(1), slot(80, 7 * DAY_S), [1, 100]),
        (slot(1), slot(None, 7 * DAY_S), [1, 100]),
        (slot(None), None, [100]),
        (slot(None, reset_at=None), None, [100]),
        (slot(None), slot(100, 7 * DAY_S), [None, 100]),
        (slot(100), slot(40, 7 * DAY_S), [100, 40]),
        (slot(140), slot(40, 7 * DAY_S), [100, 40]),
    ],
)
def test_a_blocked_account_has_nothing_left_in_its_tightest_window(
    verdict: dict[str, object], primary: object, secondary: object, percents: list[float | None]
) -> None:
    assert list(used({"rate_limit": limit(primary, secondary, **verdict)}).values()) == percents


def test_a_reached_type_at_the_root_counts_too() -> None:
    answer = {"rate_limit": limit(slot(99)), "rate_limit_reached_type": {"type": "rate_limit_reached"}}
    assert used(answer) == {"5-hour": 100}


@pytest.mark.parametrize(
    "verdict",
    [
        {"limit_reached": False, "allowed": True},
        {"limit_reached": None, "allowed": None},
        {"limit_reached": "yes", "allowed": 0},
        {"rate_limit_reached_type": None},
        {"rate_limit_reached_type": ""},
        {"rate_limit_reached_type": {"type": None}},
    ],
)
def test_without_a_verdict_the_percents_count(verdict: dict[str, object]) -> None:
    assert used({"rate_limit": limit(slot(99), slot(40, 7 * DAY_S), **verdict)}) == {"5-hour": 99, "Weekly": 40}


def test_a_verdict_on_an_additional_limit_is_about_that_one() -> None:
    spark = {"limit_name": "Spark", "rate_limit": limit(slot(20), limit_reached=True)}
    answer = {
        "rate_limit": limit(slot(30)),
        "additional_rate_limits": [spark],
        "code_review_rate_limit": limit(slot(5), allowed=False),
    }
    assert used(answer) == {"5-hour": 30, "5-hour (Spark)": 100, "5-hour (Code review)": 100}


@pytest.mark.parametrize(
    "verdict",
    [
        {"rate_limit_reached_type": "workspace_member_credits_depleted"},
        {"rate_limit_reached_type": "workspace_owner_usage_limit_reached"},
        {"spend_control": {"reached": True, "individual_limit": {"limit": 100, "used": 40}}},
    ],
    ids=str,
)
def test_a_spent_budget_has_nothing_left_whatever_the_windows_say(verdict: dict[str, object]) -> None:
    answer = {"rate_limit": limit(slot(30)), "individual_limit": {"limit": 100, "used": 40}}
    assert used(answer | verdict) == {"5-hour": 30, "Spend limit": 100}
    without = used({"rate_limit": limit(slot(30))} | verdict)
    assert without == ({"5-hour": 30, "Spend limit": 100} if "spend_control" in verdict else {"5-hour": 100})


# Limits of money.


@pytest.mark.parametrize(
    ("value", "percent", "reset"),
    [
        ({"limit": "5000", "used": "388.05", "remaining_percent": 92.5, "resets_at": LATER_S}, 7.5, LATER),
        ({"limit": 100, "used": 40, "used_percent": 41, "reset_timestamp": LATER_S}, 41, LATER),
        ({"limit": 100, "used": 40, "reset_at": "2026-09-27T16:00:00Z"}, 40, LATER),
        ({"limit": "1000", "remaining": "250", "reset_after_seconds": 60}, 75, facts.NOW + timedelta(minutes=1)),
        ({"limit": 100, "used": 250}, 100, None),
        ({"limit": 100, "used": -3, "reset_at": LATER_S}, None, LATER),
        ({"limit": -1, "used": 3, "reset_at": LATER_S}, None, LATER),
        ({"remaining_percent": -1e308, "reset_at": LATER_S}, None, LATER),
    ],
)
def test_the_limit_of_money(value: dict[str, object], percent: float | None, reset: datetime | None) -> None:
    wanted = QuotaWindow("Spend limit", percent, reset)
    for answer in (
        {"individual_limit": value},
        {"rate_limit": {"individual_limit": value}},
        {"spend_control": {"reached": False, "individualLimit": value}},
    ):
        assert read(answer).windows == (wanted,), answer


def test_the_limit_of_money_at_the_root_comes_first_and_the_one_of_the_spend_control_last() -> None:
    root, inner, control = ({"limit": 100, "used": number} for number in (1, 2, 3))
    answer: dict[str, object] = {"spend_control": {"individual_limit": control}}
    assert used(answer) == {"Spend limit": 3}
    answer["rate_limit"] = {"individual_limit": inner}
    assert used(answer) == {"Spend limit": 2}
    answer["individual_limit"] = root
    assert used(answer) == {"Spend limit": 1}


def test_a_limit_of_money_may_be_a_bare_number() -> None:
    assert used({"spend_control": {"reached": False, "individual_limit": "50", "used": 20}}) == {"Spend limit": 40}
    assert used({"spend_control": {"reached": True, "individual_limit": 50.0}}) == {"Spend limit": 100}
    assert used({"rate_limit": limit(slot(7)), "individual_limit": 50.0}) == {"5-hour": 7}


# Credits.


SEAT = "self_serve_business_usage_based"


@pytest.mark.parametrize(
    ("answer", "money"),
    [
        ({"plan_type": SEAT, "credits": {"has_credits": True, "balance": "14.5"}}, Credits(14.5)),
        ({"plan_type": SEAT, "credits": {"has_credits": True, "balance": None}}, Credits()),
        ({"plan_type": "team", "credits": {"unlimited": True}}, Credits(None, is_unlimited=True)),
        ({"plan_type": SEAT, "rate_limit": limit(None), "credits": {"hasCredits": True, "balance": 3}}, Credits(3)),
        ({"plan_type": SEAT, "credits": None}, Credits()),
    ],
)
def test_a_seat_that_lives_on_credits_has_them_and_no_windows(answer: dict[str, object], money: Credits) -> None:
    assert read({"rate_limit": None} | answer) == Usage((), plan_title(str(answer["plan_type"])), credits=money)


@pytest.mark.parametrize(
    "answer",
    [
        {"credits": {"has_credits": False, "balance": "0"}},
        {"credits": {"has_credits": True, "overage_limit_reached": True}},
        {"credits": {"has_credits": True}, "rate_limit_reached_type": "workspace_member_credits_depleted"},
        {"credits": {"has_credits": True}, "rate_limit_reached_type": "rate_limit_reached"},
        {"credits": {"has_credits": True}, "spend_control": {"reached": True}},
    ],
    ids=str,
)
def test_a_seat_whose_credits_are_depleted_is_blocked(answer: dict[str, object]) -> None:
    assert used({"plan_type": SEAT, "rate_limit": None} | answer) == {"Credits": 100}


def test_credits_beside_windows_are_named_when_there_are_any() -> None:
    answer = {"rate_limit": limit(slot(30)), "credits": {"has_credits": True, "balance": "14.5"}}
    assert read(answer).credits == Credits(14.5)
    answer["credits"] = {"has_credits": False, "balance": "0", "overage_limit_reached": True}
    assert (read(answer).credits, used(answer)) == (None, {"5-hour": 30})
    headers = {"x-codex-credits-balance": "12.25"}
    assert read({"rate_limit": None, "credits": {"has_credits": True}}, headers).credits == Credits(12.25)


@pytest.mark.parametrize("credits", [None, {}, {"has_credits": False, "unlimited": False, "balance": "0"}, "many"])
def test_without_windows_and_credits_there_is_no_quota(credits: object) -> None:  # noqa: A002 - the field's name
    with pytest.raises(FetchError) as caught:
        read({"plan_type": "free", "rate_limit": limit(None), "credits": credits})
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


# Headers, lengths, windows that have not begun.


HEADERS = {
    "x-codex-primary-used-percent": "51",
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-after-seconds": "1500",
    "x-codex-secondary-used-percent": "12.5",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": str(LATER_S),
    "x-codex-plan-type": "team",
}
FROM_HEADERS = (
    QuotaWindow("5-hour", 51.0, facts.NOW + timedelta(seconds=1500), 5 * HOUR_S),
    QuotaWindow("Weekly", 12.5, LATER, 7 * DAY_S),
)


@pytest.mark.parametrize("rate_limit", [None, {}, limit(None), limit({}, {})], ids=str)
def test_headers_stand_in_for_windows_that_are_missing(rate_limit: object) -> None:
    assert read({"rate_limit": rate_limit}, HEADERS) == Usage(FROM_HEADERS, "Team")


def test_headers_fill_in_what_a_window_lacks_and_add_none_beside_it() -> None:
    windows = read({"rate_limit": limit({"limit_window_seconds": 18000})}, HEADERS).windows
    assert windows == FROM_HEADERS[:1]
    windows = read({"rate_limit": limit(slot(30, None))}, HEADERS).windows
    assert windows == (QuotaWindow("5-hour", 30.0, RESET, 5 * HOUR_S),)


def test_headers_make_no_windows_for_a_seat_that_has_none() -> None:
    headers = {"x-codex-primary-used-percent": "0", "x-codex-secondary-used-percent": "0"}
    assert used({"rate_limit": None, "credits": {"has_credits": True}}, headers) == {}


@pytest.mark.parametrize(
    ("length_s", "title"),
    [
        (1800, "30-minute"),
        (900, "15-minute"),
        (2700, "45-minute"),
        (300, "5-minute"),
        (3590, "1-hour"),
        (5400, "2-hour"),
    ],
)
def test_a_window_shorter_than_an_hour_is_named_in_minutes(length_s: int, title: str) -> None:
    assert window_title(length_s, "5-hour") == title


@pytest.mark.parametrize(
    ("primary_in_s", "secondary_in_s", "titles"),
    [
        (4 * HOUR_S, 2 * HOUR_S, ["5-hour", "Weekly"]),
        (5 * HOUR_S, 6 * DAY_S, ["5-hour", "Weekly"]),
        (6 * DAY_S, 20 * DAY_S, ["Weekly", "Monthly"]),
        (12 * DAY_S, 60 * DAY_S, ["Monthly", "Other"]),
        (-60, 7 * DAY_S, ["5-hour", "Weekly"]),
    ],
)
def test_without_a_length_a_reset_far_away_is_no_short_window(
    primary_in_s: int, secondary_in_s: int, titles: list[str]
) -> None:
    now_s = int(facts.NOW.timestamp())
    answer = {"rate_limit": limit(slot(1, None, now_s + primary_in_s), slot(1, None, now_s + secondary_in_s))}
    assert list(used(answer)) == titles
    assert all(window.duration_s is None for window in read(answer).windows)


@pytest.mark.parametrize(
    ("percent", "after_s", "reset"),
    [
        (0, 5 * HOUR_S, None),
        ("0", 5 * HOUR_S + 1, None),
        (0, 5 * HOUR_S - 1, RESET),
        (1, 5 * HOUR_S, RESET),
        (0, None, RESET),
    ],
)
def test_a_window_that_has_not_begun_has_no_reset(percent: object, after_s: int | None, reset: datetime | None) -> None:
    answer = {"rate_limit": limit(slot(percent) | {"reset_after_seconds": after_s})}
    assert read(answer).windows[0].resets_at == reset


@pytest.mark.parametrize(
    ("plan", "title"),
    [
        (" plus ", "Plus"),
        ("\tPRO\n", "Pro 20x"),
        ("self_serve_business_usage_based", "Business"),
        ("enterprise_cbp_usage_based", "Enterprise"),
        ("edu", "Education"),
        ("education", "Education"),
        ("free-workspace", "Free workspace"),
        ("quorum", "Quorum"),
        (" unknown ", None),
    ],
)
def test_plan_labels_are_trimmed_and_named(plan: str, title: str | None) -> None:
    assert plan_title(plan) == title
    assert read({"plan_type": plan, "rate_limit": limit(slot(1))}).plan == title


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
    assert read_first_expiry(facts.load("codex_reset_credits.json")) == facts.moment(wanted["soonest_expiry"])


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
