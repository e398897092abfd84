"""Codex: limits of money, and seats that live on credits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import Credits, FailureKind, QuotaWindow, Usage
from trayquota.providers.codex_titles import plan_title

from . import facts
from .codex_answers import LATER, LATER_S, limit, read, slot, used

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


def test_a_limit_of_money_without_a_number_does_not_hide_another() -> None:
    nothing = {"limit": None, "used": None}
    control = {"individual_limit": {"limit": 100, "used": 30}}
    assert used({"individual_limit": nothing, "spend_control": control}) == {"Spend limit": 30}
    assert used({"individual_limit": nothing, "spend_control": {"reached": True}}) == {"Spend limit": 100}


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
        ({"plan_type": SEAT, "credits": {"has_credits": True, "balance": "-2.5"}}, Credits(-2.5)),
        ({"plan_type": SEAT, "credits": {"has_credits": True, "balance": 1e300}}, Credits()),
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


@pytest.mark.parametrize("stated", [None, {}, {"has_credits": False, "unlimited": False, "balance": "0"}, "many"])
def test_without_windows_and_credits_there_is_no_quota(stated: object) -> None:
    with pytest.raises(FetchError) as caught:
        read({"plan_type": "free", "rate_limit": limit(None), "credits": stated})
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS
