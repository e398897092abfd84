"""The JSON document to the letter of the contract, and the table for people."""

from __future__ import annotations

import io
import json
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

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
from trayquota.views.table import print_table

from .facts import NOW
from .hostile import ANY_TEXT
from .samples import ADA, BOB, CI, DESIGN, EXPIRED, LOOK, OFFLINE, five_hours, later, passed, snapshot, usage, weekly
from .structs import structs

if TYPE_CHECKING:
    from trayquota.views.labels import DisplayOptions

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


def told(*usages: AccountUsage) -> Any:
    return json.loads(json_document(snapshot(*usages), NOW))


CONTRACT: dict[str, Any] = {
    "schema": 1,
    "generated_at": "2026-09-22T12:00:00Z",
    "lowest": {"account": "claude-ada@example.com.json", "window": "5-hour", "remaining_percent": 42.0},
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


def test_the_document_of_the_contract() -> None:
    usages = (
        AccountUsage(replace(ADA, plan=None), AccountState.OK, (five_hours(42),), None, NOW),
        usage(CI, state=AccountState.EXPIRED, failure=EXPIRED),
    )
    later: dict[str, object] = dict.fromkeys(("organization", "subscription_ends_at", "credits", "reset_credits"))
    accounts = [account | later for account in CONTRACT["accounts"]]
    assert told(*usages) == CONTRACT | {"accounts": accounts}


def test_unknown_is_null() -> None:
    (account,) = told(usage(BOB, QuotaWindow("Extra usage", None), five_hours(100, None), passed(weekly(80))))[
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
    assert told() == {"schema": 1, "generated_at": "2026-09-22T12:00:00Z", "lowest": None, "accounts": []}


def test_the_lowest_leaves_out_what_does_not_count() -> None:
    others = (
        usage(CI, five_hours(1), state=AccountState.EXPIRED, failure=EXPIRED),
        usage(ADA, passed(five_hours(2)), QuotaWindow("Extra usage", None)),
    )
    assert told(*others)["lowest"] is None
    stale = usage(BOB, five_hours(70), weekly(37), state=AccountState.STALE)
    assert told(*others, stale)["lowest"] == {"account": BOB.id, "window": "Weekly", "remaining_percent": 37.0}


def test_accounts_are_sorted_whatever_the_case() -> None:
    wanted = [("claude", "Ada"), ("claude", "bob"), ("claude", "Bob"), ("codex", "ada"), ("grok", "a")]
    accounts = [Account(f"{number}.json", *each) for number, each in enumerate(wanted)]
    found = told(*(usage(each) for each in reversed(accounts)))["accounts"]
    assert [(each["provider"], each["name"]) for each in found] == wanted


def test_windows_keep_the_providers_order() -> None:
    (account,) = told(usage(ADA, weekly(10), five_hours(90), QuotaWindow("Extra usage", 1.0)))["accounts"]
    assert [each["title"] for each in account["windows"]] == ["Weekly", "5-hour", "Extra usage"]


def test_instants_are_utc_to_the_millisecond() -> None:
    tokyo = timezone(timedelta(hours=9))
    failure = replace(OFFLINE, retry_at=later("1h").replace(microsecond=885429))
    window = QuotaWindow("5-hour", 7.0, later("2h").astimezone(tokyo), 18000)
    shown = AccountUsage(ADA, AccountState.STALE, (window,), failure, NOW.replace(microsecond=999))
    told = json.loads(json_document(snapshot(shown), NOW.astimezone(tokyo).replace(microsecond=885429)))
    assert told["generated_at"] == "2026-09-22T12:00:00Z"
    (account,) = told["accounts"]
    assert account["updated_at"] == "2026-09-22T12:00:00Z"
    assert account["error"]["retry_at"] == "2026-09-22T13:00:00.885Z"
    assert account["windows"][0]["resets_at"] == "2026-09-22T14:00:00Z"


def test_an_account_without_an_answer_is_an_error_without_a_reason() -> None:
    (account,) = told(usage(state=AccountState.PENDING))["accounts"]
    assert (account["state"], account["error"]) == ("error", None)


def test_the_kinds_of_the_contract() -> None:
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
def test_the_schema_holds_whatever_is_known(known: Snapshot) -> None:
    text = json_document(known, NOW)
    assert text.isascii()
    told = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert_object(told, schema=int, generated_at=str, lowest=dict | None, accounts=list)
    if told["lowest"] is not None:
        assert_object(told["lowest"], account=str, window=str, remaining_percent=float)
    assert len(told["accounts"]) == len(known.accounts)
    for account in told["accounts"]:
        assert_account(account)


def assert_account(account: dict[str, Any]) -> None:
    before: dict[str, Any] = {"id": str, "provider": str, "name": str, "plan": str | None, "state": str}
    since: dict[str, Any] = {
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
        assert not isinstance(found[key], bool), key
        if key.endswith("_at") and found[key] is not None:
            assert found[key].endswith("Z")


@pytest.mark.parametrize(
    ("states", "fresh"),
    [
        ((), True),
        ((AccountState.OK, AccountState.DISABLED, AccountState.UNSUPPORTED), True),
        ((AccountState.OK, AccountState.STALE), False),
        ((AccountState.ERROR,), False),
        ((AccountState.EXPIRED,), False),
        ((AccountState.PENDING,), False),
    ],
)
def test_whether_all_is_fresh(states: tuple[AccountState, ...], fresh: bool) -> None:
    assert snapshot(*(usage(state=each) for each in states)).is_fresh is fresh


def table(shown: Snapshot, look: DisplayOptions = LOOK) -> str:
    output = io.StringIO()
    print_table(shown, NOW, look, Console(file=output, width=200, highlight=False, soft_wrap=True))
    return output.getvalue()


def test_the_table() -> None:
    assert table(DESIGN).splitlines() == [
        "Claude · ada@example.com · Max 20x",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200742%  5-hour · resets in 2h 13m (14:13) · runs out in 2h",
        "  ▰▰▰▰▰▰▰▰▱▱ \u200780%  Weekly · resets in 3d 4h (Fri 16:00) · lasts until reset",
        "Claude · ci@example.com",
        "  Login expired. Sign in again with your proxy's login command.",
        "Codex · bob@example.org · Plus",
        "  ▰▰▰▰▰▰▰▱▱▱ \u200770%  5-hour · resets in 1h 50m (13:50) · lasts until reset",
        "  ▰▰▰▰▱▱▱▱▱▱ \u200737%  Weekly · resets in 4d (Sat 12:00) · runs out in 1d 18h",
        "",
        "37% left at the least: Codex bob@example.org, Weekly",
        "Updated 2 min ago",
    ]


def test_the_table_keeps_to_the_settings() -> None:
    lines = table(DESIGN, replace(LOOK, hide_names=True, ignored_windows=frozenset({"Weekly"}))).splitlines()
    assert [each for each in lines if each[0:1] not in {" ", ""}] == [
        "Claude · account 1 · Max 20x",
        "Claude · account 2",
        "Codex · account 1 · Plus",
        "42% left at the least: Claude account 1, 5-hour",
        "Updated 2 min ago",
    ]


def test_the_table_of_nothing_is_empty() -> None:
    assert table(Snapshot()) == ""


def test_names_are_no_markup() -> None:
    odd = replace(ADA, name="[red]ada[/red] :smile:", plan="[b]")
    assert table(snapshot(usage(odd))).splitlines()[0] == "Claude · [red]ada[/red] :smile: · [b]"


def test_zones_do_not_matter() -> None:
    assert json_document(DESIGN, NOW) == json_document(DESIGN, NOW.astimezone(timezone(timedelta(hours=-4))))
