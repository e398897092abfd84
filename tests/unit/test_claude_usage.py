"""Claude: which windows an answer has, and which of its entries are none."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from trayquota.core.model import QuotaWindow, ResetCredits
from trayquota.providers.claude import PROVIDER
from trayquota.providers.claude_usage import read_reset_credits
from trayquota.providers.quota_windows import title_scope

from . import facts, hostile
from .claude_answers import LATER, LATER_AT, limit, read, used

SOON = "2026-09-22T15:00:00Z"
PAST = "2026-09-22T10:00:00Z"
WEEK_S = 7 * 86400


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
    ("offer", "wanted"),
    [
        (None, None),
        ("many", None),
        ({"eligible": False, "grants": [{"resets_left": 1, "ends_at": LATER}]}, None),
        ({"eligible": True, "grants": None}, None),
        ({"eligible": True, "grants": [None, {"resets_left": 0}, {"resets_left": -2}, {"resets_left": True}]}, None),
        ({"eligible": True, "grants": [{"resets_left": 2}, {"resets_left": 1, "ends_at": LATER}]}, (3, LATER_AT)),
        ({"eligible": True, "grants": [{"resets_left": 2, "ends_at": PAST}]}, None),
        ({"eligible": True, "grants": [{"resets_left": "1", "ends_at": "soon"}]}, (1, None)),
    ],
)
def test_reset_credits(offer: object, wanted: tuple[int, datetime | None] | None) -> None:
    assert read_reset_credits({"cedar_ember": offer}, facts.NOW) == (ResetCredits(*wanted) if wanted else None)


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
        (limit(None, 5, group="session"), "5-hour", 18000),
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
    offer = read_reset_credits(answer, facts.NOW)
    assert offer is None or offer.available > 0


def test_a_reset_a_moment_ahead_is_filled_in() -> None:
    answer = {
        "seven_day": {"utilization": 50, "resets_at": (facts.NOW + timedelta(seconds=1)).isoformat()},
        "limits": [limit("weekly_all", 50, None)],
    }
    assert read(answer)[0].resets_at == facts.NOW + timedelta(seconds=1)
