"""Codex: what is read out of the answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind, QuotaWindow
from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.codex import PROVIDER
from trayquota.providers.codex_titles import plan_title
from trayquota.providers.quota_windows import MOST_WINDOWS, window_title

from . import facts, hostile

SLOTS = {"primary": "5-hour", "secondary": "Weekly"}
RESET = datetime(2026, 9, 22, 15, 12, 34, tzinfo=UTC)
RESET_S = 1790089954


def read(answer: object, headers: dict[str, str] | None = None) -> tuple[QuotaWindow, ...]:
    return facts.fetched(PROVIDER, facts.answer(answer, headers=headers)).windows


def primary(**window: object) -> dict[str, object]:
    """Return an answer with one window."""
    return {"rate_limit": {"primary_window": window, "secondary_window": None}}


def in_camel_case(value: object) -> object:
    """Return an answer with the other spelling of every key."""
    if isinstance(value, dict):
        return {
            key.split("_")[0] + "".join(each.title() for each in key.split("_")[1:]): in_camel_case(each)
            for key, each in value.items()
        }
    return [in_camel_case(each) for each in value] if isinstance(value, list) else value


def in_text(value: object) -> object:
    """Return an answer with every number as text."""
    if isinstance(value, dict):
        return {key: in_text(each) for key, each in value.items()}
    if isinstance(value, list):
        return [in_text(each) for each in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.mark.parametrize("spelling", [lambda each: each, in_camel_case, in_text], ids=["as is", "camel", "text"])
@pytest.mark.parametrize("name", [each for each in facts.names("codex-usage") if "no_windows" not in each])
def test_the_windows_of_the_facts_and_no_others(name: str, spelling: Any) -> None:
    wanted = facts.expected(name)
    reading = facts.fetched(PROVIDER, facts.answer(spelling(facts.load(name))))
    facts.assert_windows(reading.windows, [*wanted["must"], *wanted["should"]])
    assert reading.plan == wanted["plan"]


def test_an_answer_without_a_window_is_a_failure_that_says_so() -> None:
    with pytest.raises(FetchError) as caught:
        read(facts.load("codex_usage_no_windows.json"))
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


@pytest.mark.parametrize("row", facts.load("codex_window_titles.json"), ids=str)
def test_a_window_is_called_by_its_length(row: Any) -> None:
    slot = row["slot"]
    assert window_title(row["limit_window_seconds"], SLOTS[slot]) == row["title"]
    window = {"used_percent": 1, "limit_window_seconds": row["limit_window_seconds"]}
    assert [each.title for each in read({"rate_limit": {f"{slot}_window": window}})] == [row["title"]]


@pytest.mark.parametrize("length", [0.4, "0", -1, "soon", True, 1e300, None])
def test_a_length_that_is_none_leaves_the_slots_own_title(length: object) -> None:
    (window,) = read(primary(used_percent=1, limit_window_seconds=length))
    assert (window.title, window.duration_s) == ("5-hour", None)


@pytest.mark.parametrize(
    ("stated", "used"), [(1, 1.0), (0.5, 0.5), ("37", 37.0), ("37.5 %", 37.5), (140, 100.0), (-3, 0.0), ("0E-10", 0.0)]
)
def test_used_percent_is_a_percent_whatever_its_size(stated: object, used: float) -> None:
    (window,) = read(primary(used_percent=stated, limit_window_seconds=18000))
    assert window.used_percent == used


@pytest.mark.parametrize("stated", [None, "many", True, [], {}, float("inf")])
def test_an_unknown_percent_is_unknown(stated: object) -> None:
    (window,) = read(primary(used_percent=stated, reset_at=RESET_S))
    assert (window.used_percent, window.remaining_percent) == (None, None)


@pytest.mark.parametrize(
    ("window", "reset"),
    [
        ({"reset_at": RESET_S}, RESET),
        ({"reset_at": RESET_S * 1000}, RESET),
        ({"reset_at": str(RESET_S)}, RESET),
        ({"reset_after_seconds": 5, "reset_at": RESET_S}, RESET),
        ({"reset_at": "soon", "reset_after_seconds": 60}, facts.NOW + timedelta(minutes=1)),
        ({"reset_after_seconds": "60"}, facts.NOW + timedelta(minutes=1)),
        ({"reset_after_seconds": 0}, facts.NOW),
        ({"reset_after_seconds": "0"}, facts.NOW),
        ({"reset_after_seconds": -1}, None),
        ({"reset_after_seconds": 1e12}, None),
        ({"reset_after_seconds": False}, None),
        ({"reset_at": 0}, None),
        ({}, None),
    ],
)
def test_the_reset(window: dict[str, object], reset: datetime | None) -> None:
    (found,) = read(primary(used_percent=1, **window))
    assert found.resets_at == reset


def test_headers_fill_in_missing_percents_only() -> None:
    answer = {
        "rate_limit": {
            "primary_window": {"reset_at": RESET_S},
            "secondary_window": {"used_percent": 62, "reset_at": RESET_S},
        },
        "code_review_rate_limit": {"primary_window": {"reset_at": RESET_S}},
    }
    headers = {"x-codex-primary-used-percent": "30.5", "x-codex-secondary-used-percent": "99"}
    assert [each.used_percent for each in read(answer, headers)] == [30.5, 62.0, None]
    assert [each.used_percent for each in read(answer, {"x-codex-primary-used-percent": "n/a"})] == [None, 62.0, None]


def test_windows_without_any_knowledge_are_left_out() -> None:
    answer = primary(used_percent=None, limit_window_seconds=18000)
    with pytest.raises(FetchError):
        read(answer)


@pytest.mark.parametrize("junk", [None, "garbage", 7, [], {}, {"rate_limit": 7}, {"limit_name": 7, "rate_limit": []}])
def test_one_spoilt_addition_costs_only_itself(junk: object) -> None:
    good = {"limit_name": "Spark", "rate_limit": primary(used_percent=80)["rate_limit"]}
    answer = primary(used_percent=5) | {"additional_rate_limits": [junk, good], "code_review_rate_limit": junk}
    assert [each.title for each in read(answer)] == ["5-hour", "5-hour (Spark)"]


def test_additional_limits_are_named_as_well_as_they_can_be() -> None:
    limit = primary(used_percent=80)["rate_limit"]
    names: list[object] = [{}, {"metered_feature": "spark"}, {"limit_name": " ", "metered_feature": "b"}, {}]
    names += [{"limit_name": "\u202eA\nB"}, {"limit_name": "x" * 500}]
    answer = {"additional_rate_limits": [{"rate_limit": limit, **each} for each in names]}  # type: ignore[dict-item]
    found = [each.title for each in read(answer)]
    assert found[:-1] == [
        "5-hour (Additional)",
        "5-hour (spark)",
        "5-hour (b)",
        "5-hour (Additional) 2",
        "5-hour (A B)",
    ]
    assert len(found[-1]) == TITLE_LIMIT


def test_two_windows_of_one_length_are_told_apart() -> None:
    week = {"used_percent": 1, "limit_window_seconds": 604800}
    answer = {"rate_limit": {"primary_window": week, "secondary_window": week, "tertiary_window": {"used_percent": 2}}}
    assert [each.title for each in read(answer)] == ["Weekly", "Weekly 2", "Other"]


def test_a_flood_of_limits_is_bounded() -> None:
    limit = {"limit_name": "a", "rate_limit": primary(used_percent=80)["rate_limit"]}
    assert len(read({"additional_rate_limits": [limit] * 5000})) == MOST_WINDOWS


@pytest.mark.parametrize(
    ("limit", "used"),
    [
        ({"used_percent": 12}, 12.0),
        ({"used_percent": None, "remaining_percent": 75}, 25.0),
        ({"limit": "200", "used": 50}, 25.0),
        ({"limit": 200, "used": 900}, 100.0),
    ],
)
def test_a_business_may_have_only_a_spend_limit(limit: dict[str, object], used: float) -> None:
    answer = {"rate_limit": None, "spend_control": {"individual_limit": limit | {"reset_at": RESET_S}}}
    assert read(answer) == (QuotaWindow("Spend limit", used, RESET),)


@pytest.mark.parametrize("limit", [None, {}, {"limit": 0, "used": 5}, {"limit": None, "used": 5}, {"limit": 5}])
def test_a_spend_limit_without_numbers_is_none(limit: object) -> None:
    with pytest.raises(FetchError):
        read({"rate_limit": None, "spend_control": {"reached": False, "individual_limit": limit}})


@pytest.mark.parametrize("rate_limit", [None, "gone", 7, []])
def test_only_without_main_limits_windows_are_guessed(rate_limit: object) -> None:
    guess = {"name": "5h", "used_percent": 0.4}
    assert read({"rate_limit": rate_limit, "quota": guess}) == (QuotaWindow("5-hour", 40.0),)
    with pytest.raises(FetchError):
        read({"rate_limit": {}, "quota": guess})
    spark = {"limit_name": "Spark", "rate_limit": primary(used_percent=80)["rate_limit"]}
    answer = {"rate_limit": rate_limit, "quota": guess, "additional_rate_limits": [spark]}
    assert [each.title for each in read(answer)] == ["5-hour (Spark)"]


@pytest.mark.parametrize(
    ("plan", "title"),
    [
        ("plus", "Plus"),
        ("pro", "Pro 20x"),
        ("PRO", "Pro 20x"),
        ("prolite", "Pro 5x"),
        ("free_workspace", "Free workspace"),
        ("k12", "K-12"),
        ("brand_new-plan", "Brand new plan"),
        ("unknown", None),
        ("_-_", None),
        ("", None),
        (None, None),
    ],
)
def test_plans_are_named_for_people(plan: str | None, title: str | None) -> None:
    assert plan_title(plan) == title
    assert facts.fetched(PROVIDER, facts.answer(primary(used_percent=1) | {"plan_type": plan})).plan == title


WINDOW = hostile.objects(
    used_percent=hostile.SCALARS,
    limit_window_seconds=hostile.SCALARS,
    reset_at=hostile.SCALARS,
    resetAfterSeconds=hostile.SCALARS,
)
LIMIT = hostile.objects(primary_window=WINDOW, secondaryWindow=WINDOW)
ANSWER = hostile.objects(
    rate_limit=LIMIT,
    additional_rate_limits=st.lists(hostile.objects(limit_name=hostile.SCALARS, rate_limit=LIMIT), max_size=3),
    code_review_rate_limit=LIMIT,
    spend_control=hostile.objects(
        individual_limit=hostile.objects(used_percent=hostile.SCALARS, limit=hostile.SCALARS, used=hostile.SCALARS)
    ),
    plan_type=hostile.SCALARS,
)


@given(
    st.binary(max_size=50) | (ANSWER | hostile.values("rate_limit", "weekly", "percent")).map(hostile.written),
    hostile.ANY_TEXT,
)
def test_whatever_is_answered_what_is_shown_is_sane(body: bytes, header: str) -> None:
    try:
        reading = facts.fetched(PROVIDER, facts.answer(body, headers={"x-codex-primary-used-percent": header}))
    except FetchError as error:
        assert error.failure.kind in facts.WORTHLESS  # noqa: PT017 - either may be
    else:
        assert reading.windows
        hostile.assert_fit_to_show(reading.windows)
        if reading.plan is not None:
            hostile.assert_clean(reading.plan, TITLE_LIMIT)
