"""The content of the state file: written and read again, and read as earlier versions wrote it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import (
    Account,
    AccountState,
    AccountUsage,
    Credits,
    Failure,
    FailureKind,
    Level,
    QuotaWindow,
    ResetCredits,
    Snapshot,
)
from trayquota.core.person import Person, person
from trayquota.core.provider_clock import ClockOffset
from trayquota.core.refresh_policy import RateLimitGate
from trayquota.store.records import StoredState, decode, encode
from trayquota.store.state import StateStore
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alert_state import AlertKey, AlertState
from trayquota.views.alerts import check_alerts
from trayquota.views.labels import DisplayOptions

from .stores import ADA, NOW, path_of, record, restarted, write_state
from .structs import structs

if TYPE_CHECKING:
    from collections.abc import Iterator

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
MAYBE = st.none() | MOMENTS
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
WINDOWS = structs(QuotaWindow, TEXTS, st.none() | st.floats(0, 100), MAYBE, st.none() | st.integers(1, 10**9))
FAILURES = structs(Failure, st.sampled_from(FailureKind), TEXTS, MAYBE)
GATES = structs(RateLimitGate, MOMENTS, st.floats(1, 86400))
BACKOFFS = st.dictionaries(TEXTS, structs(RefreshBackoff, st.booleans(), MOMENTS, st.integers(0, 100)), max_size=4)
ALERT_STATES = structs(AlertState, st.sampled_from(Level), MAYBE, st.booleans(), MAYBE)
VERSION_1 = Path(__file__).parent.parent / "fixtures/state/version-1.json"
"""Written by the applet when that was its version, with nine accounts of a stand-in."""
UPGRADED_AT = datetime(2026, 11, 25, 20, 49, tzinfo=UTC)
"""A minute after the file was written."""


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, AccountRecord]:
    found = {}
    for account_id in draw(st.lists(TEXTS, max_size=3, unique=True)):
        account = Account(account_id, draw(TEXTS), draw(TEXTS), draw(st.none() | TEXTS))
        found[account_id] = draw(
            structs(
                AccountRecord,
                st.just(account),
                MAYBE,
                MAYBE,
                st.lists(WINDOWS, max_size=3).map(tuple),
                st.none() | FAILURES,
                st.none() | GATES,
            )
        )
    return found


@given(accounts(), BACKOFFS, ALERT_STATES)
def test_a_state_comes_back_as_it_was_written(
    accounts: dict[str, AccountRecord], backoffs: dict[str, RefreshBackoff], alert_state: AlertState
) -> None:
    keys = [AlertKey(account_id, window) for account_id in accounts for window in (None, "", "Weekly", "a\nb")]
    state = StoredState(accounts, backoffs, dict.fromkeys(keys, alert_state))
    assert decode(encode(state)) == state


def test_the_format_of_version_2_has_not_changed() -> None:
    account = replace(
        record().account,
        plan="Max",
        organization="Example Corp",
        subscription_ends_at=NOW,
        person=Person(account="0a1b", name="2c3d"),
    )
    full = record(
        account=account,
        credits=Credits(14.5),
        reset_credits=ResetCredits(2, NOW),
        expired_since=NOW,
        failure=Failure(FailureKind.RATE_LIMITED, "Wait.", NOW),
        windows=(QuotaWindow("5-hour", 58.0, NOW, 18000),),
        gate=RateLimitGate(NOW, 300.0),
    )
    state = StoredState(
        {ADA: full},
        {"0a1b": RefreshBackoff(final=False, not_before=NOW, failures=2)},
        {
            AlertKey(ADA, person="0a1b2c3d"): AlertState(Level.CRITICAL),
            AlertKey(ADA, "5-hour"): AlertState(Level.LOW, NOW, forecast=True, ends_by=NOW),
        },
        clock_offset=ClockOffset(-21600.0, 1.5e9, 1000.0),
        snoozed_until=NOW,
    )
    noon = "2026-09-22T12:00:00Z"
    assert json.loads(encode(state)) == {
        "version": 2,
        "accounts": [
            {
                "account": {
                    "id": ADA,
                    "provider": "claude",
                    "name": "ada@example.com",
                    "plan": "Max",
                    "folder": "",
                    "organization": "Example Corp",
                    "subscription_ends_at": noon,
                    "person": {"account": "0a1b", "name": "2c3d"},
                    "source": "folder",
                    "server": "",
                    "note": "",
                    "paused": False,
                    "place": "",
                },
                "polled_at": "2026-09-22T11:59:00Z",
                "updated_at": "2026-09-22T11:59:00Z",
                "windows": [
                    {
                        "title": "5-hour",
                        "used_percent": 58.0,
                        "resets_at": noon,
                        "duration_s": 18000,
                        "scope": None,
                        "is_extra": False,
                    }
                ],
                "failure": {"kind": "rate_limited", "message": "Wait.", "retry_at": noon},
                "gate": {"opens_at": noon, "backoff_s": 300.0},
                "credits": {"balance": 14.5, "is_unlimited": False},
                "reset_credits": {"available": 2, "expires_at": noon},
                "expired_since": noon,
            }
        ],
        "refresh_backoffs": {"0a1b": {"final": False, "not_before": noon, "failures": 2, "ineffective": False}},
        "alerts": [
            {
                "key": {"account_id": ADA, "window": None, "person": "0a1b2c3d"},
                "state": {"level": 2, "resets_at": None, "forecast": False, "ends_by": None},
            },
            {
                "key": {"account_id": ADA, "window": "5-hour", "person": ""},
                "state": {"level": 1, "resets_at": noon, "forecast": True, "ends_by": noon},
            },
        ],
        "clock": {"offset_s": -21600.0, "base_s": 1.5e9, "measured_s": 1000.0},
        "snooze": {"until": noon},
    }


def test_the_path_of_a_folder_is_not_written() -> None:
    known = record()
    known = replace(known, account=replace(known.account, folder="/home/ada/work"))
    assert b"/home" not in encode(StoredState({ADA: known}))


# Version 1.


def old_document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(VERSION_1.read_bytes())
    return document


def test_an_upgrade_loses_no_account_value_failure_or_gate() -> None:
    old, state = old_document()["accounts"], decode(VERSION_1.read_bytes())
    assert list(state.accounts) == list(old)
    assert state.unreadable == 0
    for account_id, known in state.accounts.items():
        now = json.loads(msgspec.json.encode(known))
        then = old[account_id]
        assert {name: now["account"][name] for name in ("id", "folder", "provider", "name", "plan")} == {
            "id": account_id,
            "folder": "",
            **{name: then[name] for name in ("provider", "name", "plan")},
        }
        assert known.account.person.account == then["person"]
        assert known.account.person.name == person(name=then["name"]).name
        assert {name: now[name] for name in ("updated_at", "failure")} == {
            name: then[name] for name in ("updated_at", "failure")
        }
        assert now["windows"] == [window | {"scope": None, "is_extra": False} for window in then["windows"]]
        assert now["polled_at"] == then["asked_at"]
        assert (now["gate"] and list(now["gate"].values())) == (then["gate"] and list(then["gate"].values()))


def test_the_sample_of_version_1_has_something_of_everything() -> None:
    state = decode(VERSION_1.read_bytes())
    assert {known.failure.kind for known in state.accounts.values() if known.failure} == {
        FailureKind.RATE_LIMITED,
        FailureKind.PROVIDER_DOWN,
        FailureKind.LOGIN_EXPIRED,
    }
    assert state.accounts["claude-dan@example.com.json"].gate == RateLimitGate(
        datetime(2026, 11, 25, 21, 17, 57, 774917, tzinfo=UTC), 300.0
    )
    assert state.accounts["codex-carol@example.com-plus.json"].account.plan == "Plus"
    assert len(state.accounts["claude-ada@example.com.json"].windows) == 2


def test_an_upgrade_keeps_every_back_off_of_a_refresh_token() -> None:
    state = decode(VERSION_1.read_bytes())
    added = {"ineffective": False}
    assert json.loads(msgspec.json.encode(state.refresh_backoffs)) == {
        token: refusal | added for token, refusal in old_document()["refusals"].items()
    }
    assert sorted(backoff.final for backoff in state.refresh_backoffs.values()) == [False, True]


def test_an_upgrade_keeps_what_the_person_was_notified_of() -> None:
    old, state = old_document()["told"], decode(VERSION_1.read_bytes())
    assert len(state.alert_states) == len(old) == 10
    for key, alert_state in state.alert_states.items():
        then = old[f"{key.account_id}\n{key.window or ''}"]
        assert json.loads(msgspec.json.encode(alert_state)) == {
            "level": then["severity"],
            "resets_at": then["resets_at"],
            "forecast": then["forecast"],
            "ends_by": None,
        }
    assert state.alert_states[AlertKey("claude-gil@example.com.json")].level is Level.CRITICAL


def test_an_upgrade_notifies_of_nothing_again() -> None:
    state = decode(VERSION_1.read_bytes())
    usages = tuple(usages_of(state))
    states, alert = check_alerts(state.alert_states, Snapshot(usages), UPGRADED_AT, DisplayOptions())
    assert alert is None
    assert {replace(key, person=""): alert_state for key, alert_state in states.items()} == state.alert_states
    assert check_alerts({}, Snapshot(usages), UPGRADED_AT, DisplayOptions())[1] is not None, "there is enough to say"


def usages_of(state: StoredState) -> Iterator[AccountUsage]:
    for known in state.accounts.values():
        is_expired = known.failure is not None and known.failure.kind is FailureKind.LOGIN_EXPIRED
        current = AccountState.EXPIRED if is_expired else AccountState.OK if known.windows else AccountState.ERROR
        yield AccountUsage(known.account, current, known.windows, known.failure, known.updated_at)


def test_the_first_save_writes_the_whole_state_as_version_2(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = StateStore(tmp_path / "state.json")
    write_state(store, VERSION_1.read_bytes())
    old = decode(VERSION_1.read_bytes())
    store.save({}, UPGRADED_AT)
    assert json.loads(path_of(store).read_bytes())["version"] == 2
    next_run = restarted(store)
    assert next_run.load() == old.accounts
    assert next_run.alert_states() == old.alert_states
    assert {key: next_run.refresh_backoff(key) for key in old.refresh_backoffs} == old.refresh_backoffs
    assert caplog.messages == []
    assert {path.name for path in tmp_path.iterdir()} <= {"state.json", "state.lock"}


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        {},
        {"windows": [{"title": "x", "used_percent": 101}]},
        {"gate": {"opens_at": "2026-09-22T12:00:00Z", "step_s": 0}},
        {"gate": []},
        {"asked_at": "soon"},
    ],
)
def test_a_record_of_version_1_that_makes_no_sense_does_not_cost_the_others(damage: object) -> None:
    document = old_document()
    then = document["accounts"]["claude-bea@example.org.json"]
    document["accounts"]["claude-bea@example.org.json"] = (
        then | damage if isinstance(damage, dict) and damage else damage
    )
    state = decode(json.dumps(document).encode())
    assert state.unreadable == 1
    assert state.accounts.keys() == document["accounts"].keys() - {"claude-bea@example.org.json"}


def test_a_file_of_version_1_without_anything_is_an_empty_state() -> None:
    assert decode(b'{"version": 1}') == StoredState()


def test_an_alert_of_version_1_without_an_account_is_left_out() -> None:
    content = b'{"version": 1, "told": {"no line feed": {"severity": 1}, "gone.json\\nWeekly": {"severity": 1}}}'
    assert decode(content) == StoredState()
