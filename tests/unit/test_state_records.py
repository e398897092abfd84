"""What survives a restart, and what two processes make of it."""

from __future__ import annotations

import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Account, Failure, FailureKind, QuotaWindow
from trayquota.core.refresh_policy import RateLimitGate
from trayquota.store.records import StoredState, decode, encode
from trayquota.store.state import StateStore
from trayquota.tokens.journal import fingerprint
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alerts import AlertState, Severity

from .stores import KEY, NOW, again, known, path_of
from .structs import structs

if TYPE_CHECKING:
    from pathlib import Path

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC))
MAYBE = st.none() | MOMENTS
TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
WINDOWS = structs(QuotaWindow, TEXTS, st.none() | st.floats(0, 100), MAYBE, st.none() | st.integers(1, 10**9))
FAILURES = structs(Failure, st.sampled_from(FailureKind), TEXTS, MAYBE)
GATES = structs(RateLimitGate, MOMENTS, st.floats(1, 86400))
REFUSALS = st.dictionaries(TEXTS, structs(RefreshBackoff, st.booleans(), MOMENTS, st.integers(0, 100)), max_size=4)
TOLD = structs(AlertState, st.sampled_from(Severity), MAYBE, st.booleans())
posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


@st.composite
def accounts(draw: st.DrawFn) -> dict[str, AccountRecord]:
    found = {}
    for key in draw(st.lists(TEXTS, max_size=3, unique=True)):
        account = Account(key, draw(TEXTS), draw(TEXTS), draw(st.none() | TEXTS))
        found[key] = draw(
            structs(
                AccountRecord,
                st.just(account),
                st.none() | TEXTS,
                MAYBE,
                MAYBE,
                st.lists(WINDOWS, max_size=3).map(tuple),
                st.none() | FAILURES,
                st.none() | GATES,
            )
        )
    return found


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path / "state" / "state.json")


# There and back.


@given(accounts(), REFUSALS, TOLD)
def test_what_goes_in_comes_out(
    accounts: dict[str, AccountRecord], refusals: dict[str, RefreshBackoff], told: AlertState
) -> None:
    by_window = {f"{key}\nweekly": told for key in accounts if "\n" not in key}
    state = StoredState(accounts, refusals, by_window)
    assert decode(encode(state)) == state


def test_it_survives_a_restart(store: StateStore) -> None:
    told = {f"{KEY}\n5-hour": AlertState(Severity.LOW, NOW, forecast=True), "gone.json\n": AlertState(Severity.EMPTY)}
    store.set_refresh_backoff("a", RefreshBackoff(final=True, not_before=NOW))
    store.set_refresh_backoff("b", RefreshBackoff(final=False, not_before=NOW, failures=3))
    store.set_alert_states(told)
    store.save({KEY: known()}, NOW)
    reborn = again(store)
    assert reborn.load() == {KEY: known()}
    assert reborn.refresh_backoff("a") == RefreshBackoff(final=True, not_before=NOW)
    assert reborn.refresh_backoff("b") == RefreshBackoff(final=False, not_before=NOW, failures=3)
    assert reborn.refresh_backoff("c") is None
    # Of an account that is gone nothing needs to be known.
    assert reborn.alert_states() == {f"{KEY}\n5-hour": told[f"{KEY}\n5-hour"]}


def test_without_a_file_nothing_is_known(store: StateStore, caplog: pytest.LogCaptureFixture) -> None:
    assert (store.load(), store.alert_states(), caplog.text) == ({}, {}, "")


def test_what_was_forgotten_stays_forgotten(store: StateStore) -> None:
    store.set_refresh_backoff("a", RefreshBackoff(final=False, not_before=NOW))
    store.save({}, NOW)
    reborn = again(store)
    reborn.load()
    reborn.set_refresh_backoff("a", None)
    reborn.save({}, NOW)
    last = again(store)
    last.load()
    assert last.refresh_backoff("a") is None


@posix
def test_only_its_owner_can_read_it(store: StateStore) -> None:
    umask = os.umask(0)
    try:
        store.save({KEY: known()}, NOW)
    finally:
        os.umask(umask)
    folder = path_of(store).parent
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()}
    assert set(modes) == {"state.json", "state.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_replaced_file_leaves_nothing_behind(store: StateStore) -> None:
    for _ in range(3):
        store.save({KEY: known()}, NOW)
    assert {each.name for each in path_of(store).parent.iterdir()} <= {"state.json", "state.lock"}


# Two processes.


def later(seconds: float) -> datetime:
    return NOW - timedelta(minutes=1) + timedelta(seconds=seconds)


def merged(store: StateStore, mine: AccountRecord, theirs: AccountRecord) -> AccountRecord:
    """What is in the file when they have saved first."""
    again(store).save({KEY: theirs}, NOW)
    store.save({KEY: mine}, NOW)
    return again(store).load()[KEY]


FULL = (QuotaWindow("5-hour", 99.0),)
DOWN = Failure(FailureKind.NETWORK, "gone")


def test_accounts_of_others_stay(store: StateStore) -> None:
    again(store).save({"theirs.json": known()}, NOW)
    store.save({KEY: known()}, NOW)
    assert set(again(store).load()) == {KEY, "theirs.json"}


def test_until_nobody_has_asked_them_for_a_month(store: StateStore) -> None:
    again(store).save({"theirs.json": known(), "never.json": known(asked_at=None)}, NOW)
    store.save({}, NOW + timedelta(days=29))
    assert set(again(store).load()) == {"theirs.json"}
    store.save({}, NOW + timedelta(days=31))
    assert again(store).load() == {}


@pytest.mark.parametrize("seconds", [-10, 10])
def test_the_later_answer_counts(store: StateStore, seconds: float) -> None:
    at = later(seconds)
    theirs = known(asked_at=at, updated_at=at, windows=FULL)
    assert merged(store, known(), theirs) == (theirs if seconds > 0 else known())


def test_a_later_failure_keeps_the_values_of_the_earlier_answer(store: StateStore) -> None:
    good = known(asked_at=later(5), updated_at=later(5), windows=FULL)
    bad = known(asked_at=later(9), failure=DOWN)
    expected = replace(good, asked_at=later(9), failure=DOWN)
    assert merged(store, bad, good) == expected
    assert merged(store, good, bad) == expected


@pytest.mark.parametrize("is_mine", [False, True])
def test_a_later_failure_does_not_open_a_gate(store: StateStore, *, is_mine: bool) -> None:
    gated = known(asked_at=later(5), gate=RateLimitGate(NOW + timedelta(minutes=5), 300.0))
    bad = known(asked_at=later(9), failure=DOWN)
    found = merged(store, gated, bad) if is_mine else merged(store, bad, gated)
    assert (found.gate, found.failure, found.asked_at) == (gated.gate, DOWN, later(9))


def test_a_later_answer_does(store: StateStore) -> None:
    gated = known(asked_at=later(5), gate=RateLimitGate(NOW + timedelta(minutes=5), 300.0))
    good = known(asked_at=later(9), updated_at=later(9))
    assert merged(store, gated, good).gate is None


def test_another_person_in_the_same_file_takes_nothing_over(store: StateStore) -> None:
    theirs = known(asked_at=later(5), updated_at=later(5), windows=FULL, gate=RateLimitGate(NOW, 300.0))
    mine = AccountRecord(theirs.account, "somebody else")
    assert merged(store, mine, theirs) == mine


def test_what_they_asked_in_the_future_is_not_believed(store: StateStore) -> None:
    assert merged(store, known(), known(asked_at=NOW + timedelta(hours=1), windows=FULL)) == known()


def test_refusals_of_both_are_kept_and_learnt(store: StateStore) -> None:
    other = again(store)
    other.set_refresh_backoff("theirs", RefreshBackoff(final=True, not_before=NOW))
    other.set_refresh_backoff("both", RefreshBackoff(final=True, not_before=NOW))
    other.save({}, NOW)
    store.set_refresh_backoff("mine", RefreshBackoff(final=False, not_before=NOW))
    store.set_refresh_backoff("both", RefreshBackoff(final=False, not_before=NOW + timedelta(hours=1)))
    store.save({}, NOW)
    reborn = again(store)
    reborn.load()
    for each in (store, reborn):
        assert [each.refresh_backoff(name) is not None for name in ("mine", "theirs", "both")] == [True] * 3
        both = each.refresh_backoff("both")
        assert both is not None
        assert both.final


def test_old_refusals_go(store: StateStore) -> None:
    store.set_refresh_backoff("old", RefreshBackoff(final=True, not_before=NOW))
    store.save({}, NOW + timedelta(days=89))
    assert store.refresh_backoff("old") is not None
    store.save({}, NOW + timedelta(days=91))
    assert store.refresh_backoff("old") is None


def test_who_tells_nothing_does_not_overwrite_what_was_told(store: StateStore) -> None:
    told = {f"{KEY}\n5-hour": AlertState(Severity.LOW)}
    again(store).save({KEY: known()}, NOW)
    teller = again(store)
    teller.set_alert_states(told)
    teller.save({KEY: known()}, NOW)
    store.save({KEY: known()}, NOW)
    assert store.alert_states() == again(store).alert_states() == teller.alert_states() == told


def test_a_token_is_not_in_the_file(store: StateStore) -> None:
    store.set_refresh_backoff(fingerprint("sk-ant-ort01-canary"), RefreshBackoff(final=True, not_before=NOW))
    store.save({KEY: known()}, NOW)
    assert b"canary" not in path_of(store).read_bytes()
