"""Claude: which windows an answer has, which of its entries are none, and whose login it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from trayquota.core.model import QuotaWindow, ResetCredits
from trayquota.providers.claude import PROVIDER
from trayquota.providers.claude_usage import read_profile, read_reset_credits, read_windows
from trayquota.providers.windows import title_scope

from . import facts, hostile

if TYPE_CHECKING:
    from collections.abc import Mapping

LATER = "2026-09-27T16:00:00Z"
LATER_AT = datetime(2026, 9, 27, 16, tzinfo=UTC)
SOON = "2026-09-22T15:00:00Z"
PAST = "2026-09-22T10:00:00Z"
WEEK_S = 7 * 86400


def read(answer: Mapping[str, object]) -> list[QuotaWindow]:
    return read_windows(answer, facts.NOW)


def used(answer: Mapping[str, object]) -> dict[str, float | None]:
    """Return the used percents by title, in order."""
    return {window.title: window.used_percent for window in read(answer)}


def limit(kind: str, percent: object, resets_at: str | None = LATER, **more: object) -> dict[str, object]:
    return {"kind": kind, "percent": percent, "resets_at": resets_at, "scope": None, "is_active": False} | more


def model(name: str | None) -> dict[str, object]:
    return {"model": {"id": None, "display_name": name}, "surface": None}


# The facts.


@pytest.mark.parametrize("name", ["limits_only", "stale_bucket", "spend_only", "reset_credits_and_breakdown"])
def test_the_windows_of_the_newer_facts_and_no_others(name: str) -> None:
    fact = facts.newer(f"claude_{name}.json")
    facts.assert_newer_windows(PROVIDER.read_usage(facts.answer(fact["answer"])).windows, fact["expected"]["windows"])


@pytest.mark.parametrize("index", range(7))
def test_routines_have_one_title_under_each_of_their_names(index: int) -> None:
    fact = facts.newer("claude_routines.json")
    answer, wanted = fact["answer"][index], [dict(each) for each in fact["expected"]["windows_of_each"]]
    if "seven_day_cowork" in answer:
        wanted[1]["title"] = "Weekly (Cowork)"
    facts.assert_newer_windows(read(answer), wanted)


def test_reset_credits_are_counted_with_the_first_expiry() -> None:
    fact = facts.newer("claude_reset_credits_and_breakdown.json")
    wanted = fact["expected"]["extra"]
    usage = PROVIDER.read_usage(facts.answer(fact["answer"]))
    assert usage.reset_credits == ResetCredits(wanted["reset_credits_left"], facts.moment(wanted["expires_at"]))


@pytest.mark.parametrize(
    ("offer", "credits"),
    [
        (None, None),
        ("many", None),
        ({"eligible": False, "grants": [{"resets_left": 1, "ends_at": LATER}]}, None),
        ({"eligible": True, "grants": None}, None),
        ({"eligible": True, "grants": [None, {"resets_left": 0}, {"resets_left": -2}, {"resets_left": True}]}, None),
        ({"eligible": True, "grants": [{"resets_left": 2}, {"resets_left": 1, "ends_at": LATER}]}, (3, LATER_AT)),
        ({"eligible": True, "grants": [{"resets_left": "1", "ends_at": "soon"}]}, (1, None)),
    ],
)
def test_reset_credits(offer: object, credits: tuple[int, datetime | None] | None) -> None:  # noqa: A002 - the field's name
    assert read_reset_credits({"cedar_ember": offer}) == (ResetCredits(*credits) if credits else None)


# limits[] and the buckets.


def test_limits_come_before_buckets() -> None:
    answer = {
        "five_hour": {"utilization": 90, "resets_at": SOON},
        "seven_day": {"utilization": 90, "resets_at": LATER},
        "iguana_necktie": {"utilization": 90, "resets_at": LATER},
        "limits": [
            limit("weekly_all", 20),
            limit("session", 10, SOON),
            limit("weekly_scoped", 30, scope=model("Fable")),
        ],
    }
    assert used(answer) == {"5-hour": 10, "Weekly": 20, "Weekly (Fable)": 30}


@pytest.mark.parametrize(
    "limits", [None, [], {}, "none", [limit("session", None)], [limit("session", "many")], [None, {"percent": 5}]]
)
def test_buckets_count_where_limits_are_missing_or_have_no_numbers(limits: object) -> None:
    answer = {"five_hour": {"utilization": 7, "resets_at": PAST}, "seven_day": {"utilization": 11}, "limits": limits}
    assert used(answer) == {"5-hour": 7, "Weekly": 11}


def test_a_bucket_that_no_limit_repeats_counts_beside_the_limits() -> None:
    answer = {
        "seven_day": {"utilization": 11, "resets_at": LATER},
        "seven_day_cowork": {"utilization": 12, "resets_at": None},
        "limits": [limit("session", 10, SOON)],
    }
    assert used(answer) == {"5-hour": 10, "Weekly": 11, "Weekly (Cowork)": 12}


def test_a_bucket_of_the_window_before_does_not_count_beside_the_limits() -> None:
    answer = {"five_hour": {"utilization": 100, "resets_at": PAST}, "limits": [limit("weekly_all", 20)]}
    assert used(answer) == {"Weekly": 20}


@pytest.mark.parametrize(
    ("bucket_reset", "reset"), [(LATER, LATER_AT), (PAST, None), ("2026-09-22T12:00:00Z", None), (None, None)]
)
def test_a_bucket_fills_in_the_reset_that_a_limit_lacks_unless_it_is_over(
    bucket_reset: str | None, reset: datetime | None
) -> None:
    answer = {
        "seven_day": {"utilization": 50, "resets_at": bucket_reset},
        "limits": [limit("weekly_all", 2, None)],
    }
    assert read(answer) == [QuotaWindow("Weekly", 2.0, reset, WEEK_S)]


def test_the_reset_of_a_limit_stays_its_own() -> None:
    answer = {"seven_day": {"utilization": 50, "resets_at": SOON}, "limits": [limit("weekly_all", 2)]}
    assert read(answer) == [QuotaWindow("Weekly", 2.0, LATER_AT, WEEK_S)]


@pytest.mark.parametrize(
    ("entry", "title", "length_s"),
    [
        (limit("session", 5), "5-hour", 18000),
        (limit("weekly_all", 5), "Weekly", WEEK_S),
        (limit("weekly", 5), "Weekly", WEEK_S),
        (limit("monthly_all", 5), "Monthly", None),
        (limit("daily", 5), "24-hour", 86400),
        (limit("weekly_cowork", 5), "Weekly (Cowork)", WEEK_S),
        (limit("session_scoped", 5, scope=model("Opus 5")), "5-hour (Opus 5)", 18000),
        (limit("weekly_scoped", 5, scope={"surface": "cowork"}), "Weekly (cowork)", WEEK_S),
        (limit("weekly_scoped", 5), "Weekly (Other)", WEEK_S),
        (limit("weekly_scoped", 5, scope=model("All models")), "Weekly", WEEK_S),
        (limit("burst", 5), "Burst", None),
        (limit("burst", 5, group="session"), "5-hour (Burst)", 18000),
        (limit("cloud_minutes", 5, group="weekly"), "Weekly (Cloud Minutes)", WEEK_S),
        (limit("\u202e_\0", 5), "Other", None),
    ],
)
def test_every_kind_of_limit_is_shown(entry: dict[str, object], title: str, length_s: int | None) -> None:
    assert read({"limits": [entry]}) == [QuotaWindow(title, 5.0, LATER_AT, length_s, title_scope(title))]


def test_of_two_session_limits_the_binding_one_counts() -> None:
    limits = [limit("session", 4, SOON), limit("session", 90, SOON, is_active=True), limit("session", 5, SOON)]
    assert used({"limits": limits}) == {"5-hour": 90}


# Buckets that nobody has seen before.


@pytest.mark.parametrize(
    ("key", "resets_at", "title", "length_s"),
    [
        ("seven_day_sonnet_max", None, "Weekly (Sonnet Max)", WEEK_S),
        ("seven_day_sonnet_max", LATER, "Weekly (Sonnet Max)", WEEK_S),
        ("five_hour_opus", LATER, "5-hour (Opus)", 18000),
        ("iguana_necktie", LATER, "Weekly (Fable)", WEEK_S),
        ("juniper_tide", LATER, "Juniper Tide", None),
        ("seven_day_", LATER, "Seven Day", None),
    ],
)
def test_an_unknown_bucket_with_a_percent_is_a_window(
    key: str, resets_at: str | None, title: str, length_s: int | None
) -> None:
    answer = {"five_hour": {"utilization": 1}, key: {"utilization": 12, "resets_at": resets_at}}
    wanted = QuotaWindow(title, 12.0, facts.moment(resets_at), length_s, title_scope(title))
    assert read(answer)[1:] == [wanted]


@pytest.mark.parametrize(
    "entry",
    [
        {"juniper_tide": {"utilization": 12}},
        {"juniper_tide": {"resets_at": LATER}},
        {"seven_day_new": {"resets_at": LATER}},
        {"seven_day_new": {"utilization": True}},
        {"nimbus_quill": {"utilization": 0, "resets_at": LATER}},
        {"tangelo": {"utilization": 3, "resets_at": LATER}},
        {"amber_ladder": {"utilization": 3, "resets_at": LATER}},
        {"omelette_promotional": {"utilization": 3, "resets_at": LATER}},
        {"cedar_ember": {"utilization": 3, "resets_at": LATER}},
        {"seven_day_breakdown": {"percent": 71, "resets_at": LATER, "rows": [{"key": "chat", "percent": 29}]}},
        {"member_dashboard_available": True},
        {"extra_usage": {"is_enabled": False, "utilization": 3, "resets_at": LATER}},
        {"spend": {"enabled": False, "percent": 3, "resets_at": LATER}},
    ],
)
def test_what_is_no_window_is_not_shown(entry: dict[str, object]) -> None:
    assert used({"five_hour": {"utilization": 1}} | entry) == {"5-hour": 1}


@pytest.mark.parametrize(
    ("dollars", "percent"),
    [
        ({"limit_dollars": 20, "used_dollars": 5}, 25),
        ({"limit_dollars": "20", "remaining_dollars": 5.0}, 75),
        ({"limit_dollars": 20, "used_dollars": -5, "remaining_dollars": None}, 3),
        ({"limit_dollars": 20, "used_dollars": 500}, 100),
    ],
)
def test_a_bucket_with_dollars_is_a_credit_pool(dollars: dict[str, object], percent: float) -> None:
    bucket = {"utilization": 3, "resets_at": LATER} | dollars
    assert read({"iguana_necktie": bucket}) == [QuotaWindow("Cloud session credits", percent, LATER_AT, is_extra=True)]
    assert read({"five_hour": bucket}) == [QuotaWindow("5-hour", percent, LATER_AT, 18000)]


@pytest.mark.parametrize("limit_dollars", [None, 0, -20, "many", True])
def test_dollars_without_a_limit_make_no_credit_pool(limit_dollars: object) -> None:
    bucket = {"utilization": 3, "resets_at": LATER, "limit_dollars": limit_dollars, "used_dollars": 5}
    assert used({"iguana_necktie": bucket}) == {"Weekly (Fable)": 3}


# Money.


def money(minor: object) -> dict[str, object]:
    return {"amount_minor": minor, "currency": "EUR", "exponent": 2}


OLD = {"is_enabled": True, "monthly_limit": 2000, "used_credits": 500, "utilization": 25.0}


@pytest.mark.parametrize(
    ("answer", "percent"),
    [
        ({"spend": {"enabled": True, "used": money(1000), "limit": money(2000), "percent": 1}, "extra_usage": OLD}, 50),
        ({"spend": {"enabled": False, "used": money(1000), "limit": money(2000)}, "extra_usage": OLD}, 25),
        ({"spend": {"enabled": True, "used": money(1000), "limit": None, "percent": 0}, "extra_usage": OLD}, 25),
        ({"spend": {"enabled": True, "used": money(None), "limit": money(None), "percent": 37}}, 37),
        ({"spend": {"enabled": True, "used": None, "limit": None, "percent": 37}}, 37),
        ({"extra_usage": OLD | {"utilization": None}}, 25),
        ({"extra_usage": OLD | {"used_credits": None, "utilization": 12}}, 12),
    ],
)
def test_spend_is_newer_than_extra_usage(answer: dict[str, object], percent: float) -> None:
    assert used(answer) == {"Extra usage": percent}


@pytest.mark.parametrize(
    "answer",
    [
        {"spend": {"enabled": True, "used": money(-1000), "limit": money(2000), "percent": 0}},
        {"spend": {"enabled": True, "used": money("many"), "limit": money(2000), "percent": 0}},
        {"spend": {"enabled": True, "used": None, "limit": money(2000), "percent": -5}},
        {"spend": {"enabled": True, "used": money("yes"), "limit": money(2000)}},
        {"spend": {"enabled": True, "used": money(1e300), "limit": money(2000)}},
        {"extra_usage": OLD | {"used_credits": -500, "utilization": None}},
        {"extra_usage": OLD | {"used_credits": -500, "utilization": 0}},
        {"extra_usage": OLD | {"used_credits": None, "utilization": -5}},
        {"extra_usage": OLD | {"used_credits": False, "utilization": None}},
    ],
)
def test_nonsensical_amounts_are_unknown(answer: dict[str, object]) -> None:
    assert used(answer) == {"Extra usage": None}


@pytest.mark.parametrize("limit", [0, -1, 1e300, "many", None, True])
def test_a_nonsensical_budget_is_none(limit: object) -> None:
    answer: dict[str, object] = {"extra_usage": OLD | {"monthly_limit": limit}}
    answer["spend"] = {"enabled": True, "used": money(1), "limit": money(limit), "percent": 0}
    assert used(answer) == {}


def test_extra_usage_has_its_reset() -> None:
    assert read({"extra_usage": OLD | {"resets_at": LATER}}) == [
        QuotaWindow("Extra usage", 25.0, LATER_AT, is_extra=True)
    ]


# Whose login it is.


NEITHER = {"has_claude_max": False, "has_claude_pro": False}
MAX = {"has_claude_max": True, "has_claude_pro": False}


@pytest.mark.parametrize(
    ("account", "organization", "plan"),
    [
        (MAX, {"rate_limit_tier": "default_claude_max_20x"}, "Max 20x"),
        (MAX, {"rate_limit_tier": "default_claude_max_5x"}, "Max 5x"),
        (MAX, {"rate_limit_tier": 5}, "Max"),
        ({"has_claude_pro": True, "has_claude_max": False}, {"rate_limit_tier": "default_claude_ai"}, "Pro"),
        (MAX, {"organization_type": "claude_team", "subscription_status": "active"}, "Team"),
        (MAX, {"organization_type": "claude_enterprise", "subscription_status": "active"}, "Enterprise"),
        (MAX, {"organization_type": "claude_team", "subscription_status": "canceled"}, "Max"),
        ({}, {"organization_type": "claude_team"}, "Team"),
        (NEITHER, {"organization_type": "claude_enterprise"}, "Enterprise"),
        (NEITHER, {}, "Free"),
        ({}, {"rate_limit_tier": "default_claude_max_20x"}, "Max 20x"),
        ({}, {"rate_limit_tier": "default_claude_pro"}, "Pro"),
        (NEITHER, {"rate_limit_tier": "default_claude_max_5x"}, "Max 5x"),
        ({}, {"rate_limit_tier": "default_raven"}, None),
        ({"has_claude_max": None}, {"organization_type": ["claude_max"]}, None),
        (None, None, None),
    ],
)
def test_the_plan_in_a_profile(account: object, organization: object, plan: str | None) -> None:
    assert read_profile({"account": account, "organization": organization}).plan == plan


def test_the_plan_and_organization_of_the_facts() -> None:
    wanted = facts.expected("claude_profile.json")
    profile = PROVIDER.read_profile(facts.answer(facts.load("claude_profile.json")))
    assert (profile.plan, profile.organization) == (f"{wanted['plan']} {wanted['tier']}", "Example Org")
    fact = facts.newer("claude_profile_team_of_a_max_person.json")
    profile = PROVIDER.read_profile(facts.answer(fact["answer"]))
    assert (profile.plan, profile.organization) == (fact["expected"]["plan"], "Example Corp")


@pytest.mark.parametrize("response", [facts.answer({}, 403), facts.answer([]), facts.answer("x", 500)], ids=str)
def test_no_plan_in_any_other_answer(response: Any) -> None:
    assert PROVIDER.read_profile(response).plan is None


BUCKET = hostile.objects(
    utilization=hostile.SCALARS,
    resets_at=hostile.SCALARS,
    limit_dollars=hostile.SCALARS,
    used_dollars=hostile.SCALARS,
)


@given(
    hostile.objects(
        five_hour=BUCKET,
        seven_day_new=BUCKET,
        juniper_tide=BUCKET,
        spend=hostile.objects(used=BUCKET, limit=BUCKET, percent=hostile.SCALARS),
        cedar_ember=BUCKET,
    )
)
def test_whatever_a_bucket_holds_what_is_shown_is_sane(answer: dict[str, object]) -> None:
    hostile.assert_fit_to_show(read(answer))
    offer = read_reset_credits(answer)
    assert offer is None or offer.available > 0


def test_a_reset_a_moment_ahead_is_filled_in() -> None:
    answer = {
        "seven_day": {"utilization": 50, "resets_at": (facts.NOW + timedelta(seconds=1)).isoformat()},
        "limits": [limit("weekly_all", 50, None)],
    }
    assert read(answer)[0].resets_at == facts.NOW + timedelta(seconds=1)
