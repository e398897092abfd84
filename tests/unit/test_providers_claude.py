"""Claude: what is asked, and what is read out of the answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind, QuotaWindow
from trayquota.core.text import TITLE_LIMIT
from trayquota.providers.claude import PROVIDER
from trayquota.providers.quota_windows import MOST_WINDOWS

from . import facts, hostile

LATER = "2026-09-27T16:00:00.885459+00:00"


def read(answer: object) -> tuple[QuotaWindow, ...]:
    return PROVIDER.read_usage(facts.answer(answer)).windows


def titles(answer: object) -> list[str]:
    return [each.title for each in read(answer)]


def scoped(name: str | None, percent: object = 4, **other: object) -> dict[str, object]:
    """Return an entry of ``limits[]`` for a model."""
    scope = {"model": {"id": None, "display_name": name}, "surface": None}
    return {"kind": "weekly_scoped", "group": "weekly", "percent": percent, "resets_at": LATER, "scope": scope} | other


@pytest.mark.parametrize("name", facts.names("claude-usage"))
def test_the_windows_of_the_facts_and_no_others(name: str) -> None:
    wanted = facts.expected(name)
    facts.assert_windows(read(facts.load(name)), [*wanted["must"], *wanted["should"]])


@pytest.mark.parametrize(
    ("stated", "used"),
    [(1, 1.0), (1.0, 1.0), (0.5, 0.5), (0, 0.0), (99.99, 99.99), ("7", 7.0), ("7 %", 7.0), (100.1, 100.0), (-5, 0.0)],
)
def test_utilization_is_a_percent_whatever_its_size(stated: object, used: float) -> None:
    (window,) = read({"five_hour": {"utilization": stated, "resets_at": None}})
    assert window.used_percent == used


@pytest.mark.parametrize("junk", [None, "garbage", 7, [], {}, {"utilization": None}, {"utilization": [1]}, True])
def test_one_spoilt_bucket_costs_only_itself(junk: object) -> None:
    assert titles({"five_hour": junk, "seven_day": {"utilization": 11}}) == ["Weekly"]


@pytest.mark.parametrize("utilization", [True, "many", float("nan"), 10**400, "1e999", -1e9, "4%2"])
def test_what_is_no_percent_is_no_window(utilization: object) -> None:
    with pytest.raises(FetchError) as caught:
        read({"five_hour": {"utilization": utilization, "resets_at": LATER}})
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


def test_named_buckets_keep_their_order_whatever_the_answers() -> None:
    keys = ("omelette", "cowork", "oauth_apps", "sonnet", "opus")
    answer: dict[str, object] = {f"seven_day_{key}": {"utilization": 1} for key in keys}
    answer |= {"seven_day": {"utilization": 1}, "five_hour": {"utilization": 1}, "cedar_ember": {"utilization": 1}}
    assert titles(answer) == [
        "5-hour",
        "Weekly",
        "Weekly (Opus)",
        "Weekly (Sonnet)",
        "Weekly (OAuth Apps)",
        "Weekly (Cowork)",
        "Weekly (Omelette)",
    ]


def test_models_have_a_limit_each() -> None:
    limits = [
        None,
        "garbage",
        7,
        {},
        scoped("Fable", 4),
        scoped("Opus 5", 80),
        scoped("All models", 61),
    ]
    assert [(each.title, each.used_percent) for each in read({"limits": limits})] == [
        ("Weekly", 61.0),
        ("Weekly (Fable)", 4.0),
        ("Weekly (Opus 5)", 80.0),
    ]


def test_of_two_limits_for_a_model_the_binding_one_counts() -> None:
    idle, binding = scoped("Fable", 4, is_active=False), scoped("fable", 90, is_active=True)
    assert [each.used_percent for each in read({"limits": [idle, binding]})] == [90.0]
    assert [each.used_percent for each in read({"limits": [binding, idle]})] == [90.0]
    assert [each.used_percent for each in read({"limits": [idle, scoped("Fable", 5)]})] == [4.0]


def test_a_bucket_and_a_limit_for_the_same_model_are_one_window() -> None:
    answer = {"seven_day_opus": {"utilization": 30}, "limits": [scoped("Opus", 31), scoped("Fable", 4)]}
    assert titles(answer) == ["Weekly (Opus)", "Weekly (Fable)"]


@pytest.mark.parametrize("percent", [None, "many", True, [], {}])
def test_a_model_without_a_percent_is_left_out(percent: object) -> None:
    assert titles({"limits": [scoped("Fable", percent), scoped("Opus")]}) == ["Weekly (Opus)"]


def test_a_model_without_a_name_for_people_goes_by_its_id() -> None:
    scope = {"model": {"id": "claude-x", "display_name": ""}}
    assert titles({"limits": [scoped(None, scope=scope)]}) == ["Weekly (claude-x)"]


def test_names_are_harmless_and_bounded() -> None:
    (bidi, long) = titles({"limits": [scoped("\u202eAda\n\0 & Co"), scoped("x" * 500)]})
    assert bidi == "Weekly (Ada & Co)"
    assert len(long) == TITLE_LIMIT
    assert long.endswith("…)")


def test_a_flood_of_limits_is_bounded() -> None:
    assert len(read({"limits": [scoped(f"model {number}") for number in range(5000)]})) == MOST_WINDOWS


def test_long_names_with_the_same_beginning_are_told_apart() -> None:
    found = titles({"limits": [scoped("x" * 55 + end) for end in "ab"]})
    assert len(set(found)) == 2
    assert max(map(len, found)) <= TITLE_LIMIT


MONEY = {"amount_minor": 763, "currency": "EUR", "exponent": 2}


@pytest.mark.parametrize(
    ("answer", "used"),
    [
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 2000, "used_credits": 500, "utilization": None}}, 25.0),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 2000, "used_credits": 500, "decimal_places": 0}}, 25.0),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 2000, "used_credits": 9000}}, 100.0),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": "2000", "used_credits": "500"}}, 25.0),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 2000, "utilization": 1.0}}, 1.0),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 2000, "used_credits": None}}, None),
        ({"spend": {"enabled": True, "used": MONEY, "limit": MONEY | {"amount_minor": 1526}}}, 50.0),
        ({"spend": {"enabled": True, "used": MONEY, "limit": {"amount_minor": 1526, "exponent": 3}}}, 100.0),
        ({"spend": {"enabled": True, "used": None, "limit": MONEY, "percent": 12}}, 12.0),
        ({"spend": {"enabled": True, "used": None, "limit": MONEY, "percent": None}}, None),
        ({"extra_usage": {"is_enabled": True, "monthly_limit": 10, "utilization": 5}, "spend": {"enabled": True}}, 5.0),
    ],
)
def test_paid_extra_usage_is_one_window(answer: object, used: float | None) -> None:
    (window,) = read(answer)
    assert window == QuotaWindow("Extra usage", used, is_extra=True)


@pytest.mark.parametrize(
    "answer",
    [
        {"extra_usage": {"is_enabled": False, "monthly_limit": 2000, "used_credits": 500, "utilization": 25}},
        {"extra_usage": {"is_enabled": True, "monthly_limit": None, "used_credits": 500, "utilization": 0}},
        {"extra_usage": {"is_enabled": True, "monthly_limit": 0, "used_credits": 500}},
        {"extra_usage": {"is_enabled": "yes", "monthly_limit": 2000}},
        {"spend": {"enabled": False, "used": MONEY, "limit": MONEY}},
        {"spend": {"enabled": True, "used": MONEY, "limit": None, "percent": 0}},
    ],
)
def test_without_a_limit_extra_usage_is_no_quota(answer: object) -> None:
    with pytest.raises(FetchError) as caught:
        read(answer)
    assert caught.value.failure.kind is FailureKind.NO_WINDOWS


def test_the_request() -> None:
    request = facts.requests(PROVIDER, Tokens(access_token="fake-access"))[0]
    assert (request.method, request.url, request.body) == ("GET", "https://api.anthropic.com/api/oauth/usage", None)
    assert request.headers["Authorization"] == "Bearer fake-access"
    assert request.headers["anthropic-beta"] == "oauth-2025-04-20"
    assert request.headers["User-Agent"].startswith("claude-code/")
    assert "fake-access" not in repr(request)


LIMIT = hostile.objects(
    kind=st.sampled_from(("weekly_scoped", "session")),
    percent=hostile.SCALARS,
    resets_at=hostile.SCALARS,
    scope=hostile.objects(model=hostile.objects(id=hostile.SCALARS, display_name=hostile.SCALARS)),
    is_active=hostile.SCALARS,
)
BUCKET = hostile.objects(utilization=hostile.SCALARS, resets_at=hostile.SCALARS)
AMOUNT = hostile.objects(amount_minor=hostile.SCALARS, exponent=hostile.SCALARS)
ANSWER = hostile.objects(
    five_hour=BUCKET,
    seven_day=BUCKET,
    seven_day_opus=BUCKET,
    limits=st.lists(LIMIT, max_size=4),
    extra_usage=hostile.objects(
        is_enabled=st.just(value=True),
        monthly_limit=hostile.SCALARS,
        used_credits=hostile.SCALARS,
        utilization=hostile.SCALARS,
    ),
    spend=hostile.objects(enabled=st.just(value=True), used=AMOUNT, limit=AMOUNT, percent=hostile.SCALARS),
)


@given(st.binary(max_size=50) | (ANSWER | hostile.values("five_hour", "limits")).map(hostile.written))
def test_whatever_is_answered_what_is_shown_is_sane(body: bytes) -> None:
    try:
        windows = PROVIDER.read_usage(facts.answer(body)).windows
    except FetchError as error:
        assert error.failure.kind in facts.WORTHLESS  # noqa: PT017 - either may be
    else:
        assert windows
        hostile.assert_fit_to_show(windows)
