"""Kimi: ratios, counts, and which of them counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from . import facts
from .provider_answers import NOT_FOUND, Answers, assert_expected, assert_request, login_of, provider, sample, usage

RATIOS = sample("kimi_ratio_pools")
RESET = "2026-09-22T15:00:00Z"


def test_ratios_give_the_windows_and_the_plan() -> None:
    assert_expected(usage("kimi", RATIOS["answer"]), RATIOS["expected"])


def test_ratios_may_stand_inside_data_and_in_camel_case() -> None:
    pools = {"limit5h": {"usedRatio": "0.5", "resetTime": RESET}}
    (window,) = usage("kimi", {"data": {"usages": pools}}).windows
    assert (window.title, window.used_percent) == ("5-hour", 50)


def test_counts_give_the_windows_of_the_older_answer() -> None:
    found = usage("kimi", facts.load("kimi_usages.json")).windows
    assert [(window.title, window.used_percent, window.duration_s) for window in found] == [
        ("5-hour", 69.5, 18000),
        ("Weekly", 25, 604800),
    ]
    assert [str(window.resets_at)[:23] for window in found] == ["2026-09-22 13:33:02.717", "2026-09-25 15:23:13.716"]


def counted(used: int, limit: int, reset: str = RESET) -> dict[str, object]:
    """Return a 5-hour window in counts."""
    window = {"duration": 5, "timeUnit": "TIME_UNIT_HOUR"}
    return {"window": window, "detail": {"limit": limit, "used": used, "resetTime": reset}}


def ratio(value: object, reset: str = RESET) -> dict[str, object]:
    return {"limit_5h": {"used_ratio": value, "reset_time": reset}}


@pytest.mark.parametrize(
    ("pools", "count", "wanted"),
    [
        (ratio(0), counted(30, 100, "2026-09-22T15:00:02Z"), 30),
        (ratio(0), counted(30, 100, "2026-09-22T15:00:03Z"), 0),
        (ratio(0) | {"limit_month_total": {"used_ratio": 0.1}}, counted(30, 100), 0),
        (ratio(0.6), counted(30, 100), 60),
        (ratio(-1), counted(30, 100), 30),
        (ratio(None), counted(30, 100), 30),
        (ratio("much"), counted(30, 100), 30),
    ],
    ids=["false zero", "another cycle", "with a month", "both", "negative", "missing", "nonsense"],
)
def test_a_zero_ratio_beside_used_counts_is_false(pools: object, count: object, wanted: float) -> None:
    windows = usage("kimi", {"usages": pools, "limits": [count]}).windows
    assert {window.title: window.used_percent for window in windows}["5-hour"] == wanted


@pytest.mark.parametrize("duration", [1e308, -5, 1e12, "NaN", True])
def test_a_window_of_no_length_is_none(duration: object) -> None:
    odd = counted(30, 100) | {"window": {"duration": duration, "timeUnit": "TIME_UNIT_HOUR"}}
    found = usage("kimi", {"limits": [odd], "usage": {"limit": "100", "used": "25"}}).windows
    assert [(window.title, window.used_percent) for window in found] == [("Weekly", 25)]


@pytest.mark.parametrize(
    ("minutes", "title"),
    [(30, "30-minute"), (90, "2-hour"), (300, "5-hour"), (1440, "Daily"), (10080, "Weekly"), (44640, "Monthly")],
)
def test_a_window_in_counts_is_called_by_its_length(minutes: int, title: str) -> None:
    window = {"duration": minutes, "timeUnit": "TIME_UNIT_MINUTE"}
    found = usage("kimi", {"limits": [{"window": window, "detail": {"limit": 100, "used": 5}}]})
    assert [window.title for window in found.windows] == [title]


def test_a_limit_of_nothing_is_no_window() -> None:
    with pytest.raises(FetchError) as caught:
        usage("kimi", {"limits": [counted(0, 0)], "usage": {"limit": "0", "used": "0"}})
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


def test_what_remains_tells_what_was_used() -> None:
    (window,) = usage("kimi", {"usage": {"limit": "200", "remaining": "50", "resetIn": 60}}).windows
    assert (window.used_percent, (window.resets_at or facts.NOW) - facts.NOW) == (75, timedelta(seconds=60))


@pytest.mark.parametrize(
    ("fields", "host"),
    [
        ({}, "api.kimi.com"),
        ({"type": "kimi-ai"}, "api.kimi.ai"),
        ({"type": ["kimi-ai"]}, "api.kimi.com"),
        ({"domain": "www.kimi.ai"}, "api.kimi.ai"),
        ({"base_url": "https://api.kimi.ai/coding"}, "api.kimi.ai"),
        ({"domain": "kimi.ai.example.com"}, "api.kimi.com"),
        ({"base_url": "https://evil.example.com/kimi.ai"}, "api.kimi.com"),
    ],
)
def test_only_the_two_hosts_are_ever_asked(fields: dict[str, object], host: str) -> None:
    send = Answers(facts.answer(RATIOS["answer"]))
    provider("kimi").fetch(login_of("kimi", **fields), send)
    assert send.urls == [f"https://{host}/coding/v1/usages"]


def test_the_request_names_the_device() -> None:
    send = Answers(facts.answer(RATIOS["answer"]))
    provider("kimi").fetch(login_of("kimi", device_id="0123abcd"), send)
    assert_request(send.requests[0], RATIOS["request"])
    assert send.requests[0].headers["X-Msh-Device-Id"] == "0123abcd"


def test_an_older_server_is_asked_at_its_older_path() -> None:
    send = Answers(NOT_FOUND, facts.answer(RATIOS["answer"]))
    provider("kimi").fetch(login_of("kimi"), send)
    assert send.urls[1] == "https://api.kimi.com/coding/v1/usage"


@pytest.mark.parametrize(
    ("membership", "plan"),
    [
        ({"level": "LEVEL_FREE"}, "Adagio"),
        ({"level": "LEVEL_ADVANCED", "version": "GOODS_VERSION_V1"}, "Allegro"),
        ({"level": "LEVEL_ADVANCED", "version": "GOODS_VERSION_V2"}, None),
        ({"level": "LEVEL_NEW"}, None),
        ({"level": "LEVEL_FREE", "version": {"name": "GOODS_VERSION_V1"}}, None),
    ],
)
def test_plans_have_musical_names_in_the_first_version_alone(membership: object, plan: str | None) -> None:
    assert usage("kimi", RATIOS["answer"] | {"user": {"membership": membership}}).plan == plan
