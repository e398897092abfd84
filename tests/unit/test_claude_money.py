"""Claude: windows and budgets counted in money."""

from __future__ import annotations

import pytest

from trayquota.core.model import QuotaWindow

from .claude_answers import LATER, LATER_AT, read, used


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
