"""Guessing windows out of an answer of unknown form, in an order that is always the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given

from trayquota.core.model import QuotaWindow
from trayquota.providers.generic import guess_windows

from . import facts, hostile

RESET = datetime(2026, 9, 22, 15, 12, 34, tzinfo=UTC)
RESET_S = 1790089954


def guess(answer: object) -> tuple[QuotaWindow, ...]:
    return guess_windows(answer, facts.NOW)


def used(**entries: object) -> float | None:
    """Return the used percent of the one window with ``entries``."""
    (window,) = guess({"name": "weekly", "reset_at": RESET_S, **entries})
    return window.used_percent


@pytest.mark.parametrize("name", facts.names("generic"))
def test_the_key_above_an_object_does_not_name_it(name: str) -> None:
    assert guess(facts.load(name)) == ()


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ({"window": "5H"}, "5-hour"),
        ({"window": "5-hour"}, "5-hour"),
        ({"five_hours": True}, "5-hour"),
        ({"kind": "weekly"}, "Weekly"),
        ({"this_week": None}, "Weekly"),
        ({"length": "7d"}, "Weekly"),
        ({"id": "5-hour_window"}, "5-hour"),
        ({"per": "7 days"}, "Weekly"),
        ({"kind": "Premium"}, "Full"),
        ({"kind": "paid"}, "Full"),
        ({"kind": "full"}, "Full"),
        ({"kind": "standard"}, "Session"),
        ({"inner": {"deep": ["session"]}}, "Session"),
        ({"a": "session of the week, 5h"}, "5-hour"),
        ({"a": "paid week"}, "Weekly"),
        ({"a": "paid session"}, "Full"),
    ],
)
def test_words_name_a_window(entry: dict[str, object], title: str) -> None:
    assert [each.title for each in guess({**entry, "percent": 40})] == [title]


@pytest.mark.parametrize("name", ["daily", "a7d3", "0f5h", "weekday", "fulfilled", "full@example.com", "Weekly deal"])
def test_without_a_word_for_a_window_there_is_none(name: str) -> None:
    assert guess({"name": name, "percent": 40, "reset_at": RESET_S}) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {"promo": {"title": "Weekly deal", "discount_percent": 50}},
        {"promotions": [{"title": "weekly", "percent": 50, "reset_at": RESET_S}]},
        {"banner": {"text": "A promotion, this week", "percent": 50}},
        {"referral_beacon": {"weekly": {"name": "weekly", "percent": 50}}},
        {"rate_limit_reset_credits": {"label": "weekly", "available_count": 1, "resets_at": RESET_S}},
        {"credits": {"plan": "session", "used_percent": 12}},
        {"weekly": True, "discount_percent": 50},
        {"email": "weekly@example.com", "percent": 50},
        {"owner": "five.full@example.com", "percent": 50},
    ],
)
def test_promotions_credits_and_emails_are_no_windows(entry: dict[str, object]) -> None:
    assert guess(entry) == ()
    assert guess({"list": [entry, {"name": "weekly", "percent": 40}]}) == (QuotaWindow("Weekly", 40.0),)


@pytest.mark.parametrize(
    ("value", "percent"),
    [(0.4, 40), (1, 100), (1.5, 1.5), (40, 40), ("40%", 40), ("0.5", 50), ("0.5%", 0.5), (0, 0), (-3, 0), (250, 100)],
)
def test_only_here_a_number_up_to_one_is_a_fraction(value: object, percent: float) -> None:
    assert used(percent=value) == percent


@pytest.mark.parametrize(
    ("entries", "percent"),
    [
        ({"percent": 10, "used_percent": 20}, 20),
        ({"percent": 10, "percent_used_so_far": 20}, 20),
        ({"percent_used_so_far": 10, "used_percent": 20}, 20),
        ({"remaining_percent": 10, "used_percent": 20}, 20),
        ({"remaining_percent": 10, "percent": 20}, 20),
        ({"remaining_percent": 10, "usage": 20}, 20),
        ({"remaining_percent": 10}, 90),
        ({"percent_left": 10}, 90),
        ({"remaining_fraction": 0.25}, 75),
        ({"usage": 30, "percentage": 20}, 20),
        ({"used": 30, "fraction": 0.2}, 30),
        ({"fraction": 0.2}, 20),
        ({"quota_%": 20}, 20),
        ({"used_percent": None, "percent": 20}, 20),
        ({"used_percent": True, "usage": "many"}, None),
        ({"amount": 20}, None),
    ],
)
def test_of_several_percents_the_one_that_says_used(entries: dict[str, object], percent: float | None) -> None:
    assert used(**entries) == percent
    assert used(**dict(reversed(entries.items()))) == percent


@pytest.mark.parametrize(
    ("entries", "reset"),
    [
        ({"reset_at": RESET_S}, RESET),
        ({"reset_at": RESET_S * 1000}, RESET),
        ({"resetTime": "2026-09-22T17:12:34+02:00"}, RESET),
        ({"reset_after_seconds": 60}, facts.NOW + timedelta(minutes=1)),
        ({"reset_after_seconds": 60, "reset_at": RESET_S}, RESET),
        ({"reset_after_seconds": "60", "reset_at": "soon"}, facts.NOW + timedelta(minutes=1)),
        ({"reset_after": "2026-09-22T15:12:34Z"}, RESET),
        ({"reset": "tomorrow"}, None),
        ({"resets": {"at": RESET_S}}, None),
    ],
)
def test_a_moment_beats_a_distance(entries: dict[str, object], reset: datetime | None) -> None:
    for each in (entries, dict(reversed(entries.items()))):
        assert [window.resets_at for window in guess({"name": "weekly", "percent": 40, **each})] == [reset]


def test_the_first_object_of_a_name_counts_in_the_order_of_the_answer() -> None:
    answer = {
        "b": {"name": "weekly"},
        "a": {"inner": {"name": "weekly", "percent": 10}},
        "c": [{"name": "weekly", "percent": 20}],
    }
    assert [each.used_percent for each in guess(answer)] == [10.0]
    assert [each.used_percent for each in guess(dict(reversed(answer.items())))] == [20.0]


def test_a_name_without_percent_or_reset_does_not_count() -> None:
    assert guess([{"name": "weekly", "limit": 5}, {"name": "weekly", "percent": 20}]) == (QuotaWindow("Weekly", 20.0),)


def test_the_best_known_names_come_first() -> None:
    names = ("full", "weekly", "session", "5h")
    assert [each.title for each in guess([{"name": each, "percent": 40} for each in names])] == [
        "5-hour",
        "Session",
        "Weekly",
        "Full",
    ]


@pytest.mark.parametrize("answer", [None, 7, "weekly", [], {}, [[]], [None, {"percent": 40}]])
def test_nothing_to_guess_from(answer: object) -> None:
    assert guess(answer) == ()


def test_depth_is_no_obstacle() -> None:
    answer: object = {"name": "weekly", "percent": 40}
    for _ in range(1500):
        answer = {"inner": [answer]}
    assert guess(answer) == (QuotaWindow("Weekly", 40.0),)
    for _ in range(50_000):
        answer = {"inner": [answer]}
    assert guess(answer) == ()


def test_a_flood_ends_the_search() -> None:
    sought = {"name": "weekly", "percent": 40}
    assert guess([*({"a": each} for each in range(100)), sought]) == (QuotaWindow("Weekly", 40.0),)
    assert guess([*({"a": each} for each in range(100_000)), sought]) == ()
    assert guess({"list": ["x"] * 100_000, "name": "weekly", "percent": 40}) == ()


@given(hostile.values("name", "weekly", "percent", "used_percent", "remaining", "reset_at", "reset_after_seconds"))
def test_whatever_it_is_what_is_shown_is_sane(answer: object) -> None:
    hostile.assert_fit_to_show(guess(answer))
