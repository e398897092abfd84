"""The JSON document of ``status --json``, to the letter of the contract."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.model import (
    Account,
    AccountState,
    AccountUsage,
    Credits,
    Failure,
    FailureKind,
    QuotaWindow,
    ResetCredits,
    Snapshot,
)
from trayquota.views.json_document import json_document

from .facts import NOW
from .hostile import ANY_TEXT
from .samples import ADA, BOB, CI, DESIGN, EXPIRED, OFFLINE, five_hours, later, passed, snapshot, usage, weekly
from .structs import structs

STATES = {"ok", "stale", "error", "expired", "disabled", "unsupported"}
KINDS = {
    "login_expired",
    "scope_missing",
    "rate_limited",
    "provider_down",
    "network",
    "blocked",
    "bad_answer",
    "no_windows",
    "unreadable_file",
    "refused",
}


def document(*usages: AccountUsage) -> Any:
    return json.loads(json_document(snapshot(*usages), NOW))


CONTRACT: dict[str, Any] = {
    "schema": 1,
    "generated_at": "2026-09-22T12:00:00Z",
    "lowest": {"account": "claude-ada@example.com.json", "window": "5-hour", "remaining_percent": 42.0},
    "next": {"account": "claude-ada@example.com.json"},
    "accounts": [
        {
            "id": "claude-ada@example.com.json",
            "provider": "claude",
            "name": "ada@example.com",
            "plan": None,
            "state": "ok",
            "error": None,
            "updated_at": "2026-09-22T12:00:00Z",
            "windows": [
                {
                    "title": "5-hour",
                    "used_percent": 58.0,
                    "remaining_percent": 42.0,
                    "resets_at": "2026-09-22T14:13:00Z",
                    "duration_seconds": 18000,
                    "pace": {"expected_used_percent": 55.7, "runs_out_at": "2026-09-22T14:00:55Z"},
                }
            ],
        },
        {
            "id": "claude-ci@example.com.json",
            "provider": "claude",
            "name": "ci@example.com",
            "plan": None,
            "state": "expired",
            "error": {
                "kind": "login_expired",
                "message": "Login expired. Sign in again with your proxy's login command.",
                "retry_at": None,
            },
            "updated_at": None,
            "windows": [],
        },
    ],
}


def test_the_document_is_that_of_the_contract() -> None:
    usages = (
        AccountUsage(replace(ADA, plan=None), AccountState.OK, (five_hours(42),), None, NOW),
        usage(CI, state=AccountState.EXPIRED, failure=EXPIRED),
    )
    later: dict[str, object] = dict.fromkeys(("organization", "subscription_ends_at", "credits", "reset_credits"))
    later |= {"source": "folder", "paused": False}
    accounts = [account | later for account in CONTRACT["accounts"]]
    assert document(*usages) == CONTRACT | {"accounts": accounts}


def test_a_paused_account_is_like_one_of_a_provider_that_is_off() -> None:
    paused = AccountUsage(replace(ADA, paused=True), AccountState.DISABLED)
    off = AccountUsage(BOB, AccountState.DISABLED)
    assert [(each["paused"], each["state"]) for each in document(paused, off)["accounts"]] == [
        (True, "disabled"),
        (False, "disabled"),
    ]


def test_unknown_is_null() -> None:
    (account,) = document(usage(BOB, QuotaWindow("Extra usage", None), five_hours(100, None), passed(weekly(80))))[
        "accounts"
    ]
    assert account["windows"] == [
        {
            "title": "Extra usage",
            "used_percent": None,
            "remaining_percent": None,
            "resets_at": None,
            "duration_seconds": None,
            "pace": None,
        },
        {
            "title": "5-hour",
            "used_percent": 0.0,
            "remaining_percent": 100.0,
            "resets_at": None,
            "duration_seconds": 18000,
            "pace": None,
        },
        {
            "title": "Weekly",
            "used_percent": 20.0,
            "remaining_percent": 80.0,
            "resets_at": "2026-09-22T11:59:00Z",
            "duration_seconds": 604800,
            "pace": None,
        },
    ]


def test_without_accounts_there_is_no_lowest() -> None:
    head = {"schema": 1, "generated_at": "2026-09-22T12:00:00Z", "lowest": None, "next": None}
    assert document() == head | {"accounts": []}


def test_the_lowest_leaves_out_what_does_not_count() -> None:
    others = (
        usage(CI, five_hours(1), state=AccountState.EXPIRED, failure=EXPIRED),
        usage(ADA, passed(five_hours(2)), QuotaWindow("Extra usage", None)),
    )
    assert document(*others)["lowest"] is None
    stale = usage(BOB, five_hours(70), weekly(37), state=AccountState.STALE)
    assert document(*others, stale)["lowest"] == {"account": BOB.id, "window": "Weekly", "remaining_percent": 37.0}


def test_accounts_are_sorted_whatever_the_case() -> None:
    wanted = [("claude", "Ada"), ("claude", "bob"), ("claude", "Bob"), ("codex", "ada"), ("grok", "a")]
    accounts = [Account(f"{number}.json", *each) for number, each in enumerate(wanted)]
    found = document(*(usage(each) for each in reversed(accounts)))["accounts"]
    assert [(each["provider"], each["name"]) for each in found] == wanted


def test_windows_keep_the_providers_order() -> None:
    (account,) = document(usage(ADA, weekly(10), five_hours(90), QuotaWindow("Extra usage", 1.0)))["accounts"]
    assert [each["title"] for each in account["windows"]] == ["Weekly", "5-hour", "Extra usage"]


def test_instants_are_utc_to_the_millisecond() -> None:
    tokyo = timezone(timedelta(hours=9))
    failure = replace(OFFLINE, retry_at=later("1h").replace(microsecond=885429))
    window = QuotaWindow("5-hour", 7.0, later("2h").astimezone(tokyo), 18000)
    shown = AccountUsage(ADA, AccountState.STALE, (window,), failure, NOW.replace(microsecond=999))
    found = json.loads(json_document(snapshot(shown), NOW.astimezone(tokyo).replace(microsecond=885429)))
    assert found["generated_at"] == "2026-09-22T12:00:00Z"
    (account,) = found["accounts"]
    assert account["updated_at"] == "2026-09-22T12:00:00Z"
    assert account["error"]["retry_at"] == "2026-09-22T13:00:00.885Z"
    assert account["windows"][0]["resets_at"] == "2026-09-22T14:00:00Z"


def test_an_account_without_an_answer_is_an_error_without_a_reason() -> None:
    (account,) = document(usage(state=AccountState.PENDING))["accounts"]
    assert (account["state"], account["error"]) == ("error", None)


def test_states_and_kinds_of_failures_are_those_of_the_contract() -> None:
    assert {each.value for each in FailureKind} == KINDS
    assert {each.value for each in AccountState} == STATES | {"pending"}


MOMENTS = st.none() | st.floats(-1e7, 1e7).map(lambda each: NOW + timedelta(seconds=each))
WINDOWS = structs(
    QuotaWindow, ANY_TEXT, st.none() | st.floats(0, 100), MOMENTS, st.none() | st.integers(1, 10 * 366 * 86400)
)
USAGES = structs(
    AccountUsage,
    structs(
        Account,
        ANY_TEXT,
        ANY_TEXT,
        ANY_TEXT,
        st.none() | ANY_TEXT,
        organization=st.none() | ANY_TEXT,
        subscription_ends_at=MOMENTS,
    ),
    st.sampled_from(AccountState),
    st.lists(WINDOWS, max_size=3).map(tuple),
    st.none() | structs(Failure, st.sampled_from(FailureKind), ANY_TEXT, MOMENTS),
    MOMENTS,
    st.none() | structs(Credits, st.none() | st.floats(0, 1e12), st.booleans()),
    st.none() | structs(ResetCredits, st.integers(1, 99), MOMENTS),
)


@given(st.lists(USAGES, max_size=4).map(tuple).map(Snapshot))
def test_every_snapshot_makes_a_document_of_the_schema(known: Snapshot) -> None:
    text = json_document(known, NOW)
    assert text.isascii()
    found = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert_object(found, schema=int, generated_at=str, lowest=dict | None, next=dict | None, accounts=list)
    if found["next"] is not None:
        assert_object(found["next"], account=str)
    if found["lowest"] is not None:
        assert_object(found["lowest"], account=str, window=str, remaining_percent=float)
    assert len(found["accounts"]) == len(known.accounts)
    for account in found["accounts"]:
        assert_account(account)


def assert_account(account: dict[str, Any]) -> None:
    before: dict[str, Any] = {"id": str, "provider": str, "name": str, "plan": str | None, "state": str}
    since: dict[str, Any] = {
        "source": str,
        "paused": bool,
        "organization": str | None,
        "subscription_ends_at": str | None,
        "credits": dict | None,
        "reset_credits": dict | None,
    }
    assert_object(account, **before, error=dict | None, updated_at=str | None, windows=list, **since)
    if account["credits"] is not None:
        assert list(account["credits"]) == ["balance", "unlimited"]
        assert isinstance(account["credits"]["unlimited"], bool)
    if account["reset_credits"] is not None:
        assert_object(account["reset_credits"], available=int, expires_at=str | None)
    assert account["state"] in STATES
    if account["error"] is not None:
        assert_object(account["error"], kind=str, message=str, retry_at=str | None)
        assert account["error"]["kind"] in KINDS
    for window in account["windows"]:
        percents: dict[str, Any] = {"used_percent": float | None, "remaining_percent": float | None}
        rest: dict[str, Any] = {"resets_at": str | None, "duration_seconds": int | None, "pace": dict | None}
        assert_object(window, title=str, **percents, **rest)
        if window["pace"] is not None:
            assert_object(window["pace"], expected_used_percent=float, runs_out_at=str | None)


def assert_object(found: dict[str, Any], **keys: Any) -> None:
    """Hold an object to exactly ``keys`` and their types; instants end in ``Z``."""
    assert list(found) == list(keys)
    for key, kind in keys.items():
        assert isinstance(found[key], kind), key
        assert isinstance(found[key], bool) is (kind is bool), key
        if key.endswith("_at") and found[key] is not None:
            assert found[key].endswith("Z")


def test_the_document_is_the_same_in_every_zone() -> None:
    assert json_document(DESIGN, NOW) == json_document(DESIGN, NOW.astimezone(timezone(timedelta(hours=-4))))


def test_the_next_account_leaves_out_ignored_windows_as_the_command_does() -> None:
    usages = snapshot(usage(ADA, five_hours(0), weekly(50, "1d")), usage(BOB, weekly(37)))
    assert json.loads(json_document(usages, NOW))["next"] == {"account": BOB.id}
    assert json.loads(json_document(usages, NOW, {"5-hour"}))["next"] == {"account": ADA.id}
