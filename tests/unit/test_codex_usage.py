"""Codex: the provider's own verdict, and what stands in the headers."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.providers.codex_titles import plan_title
from trayquota.providers.quota_windows import window_title

from . import facts
from .codex_answers import DAY_S, HOUR_S, LATER, LATER_S, RESET, limit, read, slot, used

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
