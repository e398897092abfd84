"""What survives a restart, and what is in the file when two processes have written it."""

from __future__ import annotations

import os
import stat
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Failure, FailureKind, Level, QuotaWindow
from trayquota.core.person import person
from trayquota.core.refresh_policy import RateLimitGate
from trayquota.store.state import StateStore
from trayquota.tokens.pending_tokens import fingerprint
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alert_state import AlertKey, AlertState

from .stores import ADA, NOW, path_of, record, restarted

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
FULL = (QuotaWindow("5-hour", 99.0),)
DOWN = Failure(FailureKind.NETWORK, "gone")
WINDOW = AlertKey(ADA, "5-hour")


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    return StateStore(tmp_path / "state" / "state.json")


# Restarts.


def test_accounts_back_offs_and_alerts_survive_a_restart(store: StateStore) -> None:
    states = {
        WINDOW: AlertState(Level.LOW, NOW, forecast=True),
        AlertKey(ADA): AlertState(Level.CRITICAL),
        AlertKey("gone.json"): AlertState(Level.EMPTY),
    }
    store.set_refresh_backoff("a", RefreshBackoff(final=True, not_before=NOW))
    store.set_refresh_backoff("b", RefreshBackoff(final=False, not_before=NOW, failures=3))
    store.set_alert_states(states)
    store.save({ADA: record()}, NOW)
    next_run = restarted(store)
    assert next_run.load() == {ADA: record()}
    assert next_run.refresh_backoff("a") == RefreshBackoff(final=True, not_before=NOW)
    assert next_run.refresh_backoff("b") == RefreshBackoff(final=False, not_before=NOW, failures=3)
    assert next_run.refresh_backoff("c") is None
    del states[AlertKey("gone.json")]
    assert next_run.alert_states() == states


def test_without_a_file_the_state_is_empty(store: StateStore, caplog: pytest.LogCaptureFixture) -> None:
    assert (store.load(), store.alert_states(), caplog.text) == ({}, {}, "")


def test_a_back_off_that_was_removed_stays_removed(store: StateStore) -> None:
    store.set_refresh_backoff("a", RefreshBackoff(final=False, not_before=NOW))
    store.save({}, NOW)
    next_run = restarted(store)
    next_run.load()
    next_run.set_refresh_backoff("a", None)
    next_run.save({}, NOW)
    last_run = restarted(store)
    last_run.load()
    assert last_run.refresh_backoff("a") is None


@posix
def test_only_its_owner_can_read_the_state(store: StateStore) -> None:
    umask = os.umask(0)
    try:
        store.save({ADA: record()}, NOW)
    finally:
        os.umask(umask)
    folder = path_of(store).parent
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert set(modes) == {"state.json", "state.lock"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_save_leaves_no_temporary_file(store: StateStore) -> None:
    for _ in range(3):
        store.save({ADA: record()}, NOW)
    assert {path.name for path in path_of(store).parent.iterdir()} <= {"state.json", "state.lock"}


def test_no_token_is_in_the_file(store: StateStore) -> None:
    store.set_refresh_backoff(fingerprint("sk-ant-ort01-canary"), RefreshBackoff(final=True, not_before=NOW))
    store.save({ADA: record()}, NOW)
    assert b"canary" not in path_of(store).read_bytes()


# Two processes.


def seconds_after_poll(seconds: float) -> datetime:
    """Return a moment so long after the last try of ``record()``."""
    return NOW - timedelta(minutes=1) + timedelta(seconds=seconds)


def merged(store: StateStore, ours: AccountRecord, theirs: AccountRecord) -> AccountRecord:
    """Return what is in the file when they have saved first."""
    restarted(store).save({ADA: theirs}, NOW)
    store.save({ADA: ours}, NOW)
    return restarted(store).load()[ADA]


def test_accounts_of_another_process_stay(store: StateStore) -> None:
    restarted(store).save({"theirs.json": record("theirs.json")}, NOW)
    store.save({ADA: record()}, NOW)
    assert set(restarted(store).load()) == {ADA, "theirs.json"}


def test_accounts_of_another_process_go_a_month_after_their_last_poll(store: StateStore) -> None:
    never = record("never.json", polled_at=None)
    restarted(store).save({"theirs.json": record("theirs.json"), "never.json": never}, NOW)
    store.save({}, NOW + timedelta(days=29))
    assert set(restarted(store).load()) == {"theirs.json"}
    store.save({}, NOW + timedelta(days=31))
    assert restarted(store).load() == {}


@pytest.mark.parametrize("seconds", [-10, 10])
def test_the_later_answer_wins(store: StateStore, seconds: float) -> None:
    at = seconds_after_poll(seconds)
    theirs = record(polled_at=at, updated_at=at, windows=FULL)
    assert merged(store, record(), theirs) == (theirs if seconds > 0 else record())


def test_a_later_failure_keeps_the_values_of_the_earlier_answer(store: StateStore) -> None:
    good = record(polled_at=seconds_after_poll(5), updated_at=seconds_after_poll(5), windows=FULL)
    bad = record(polled_at=seconds_after_poll(9), failure=DOWN)
    expected = replace(good, polled_at=seconds_after_poll(9), failure=DOWN)
    assert merged(store, bad, good) == expected
    assert merged(store, good, bad) == expected


@pytest.mark.parametrize("is_ours", [False, True])
def test_a_later_failure_does_not_open_a_gate(store: StateStore, *, is_ours: bool) -> None:
    gated = record(polled_at=seconds_after_poll(5), gate=RateLimitGate(NOW + timedelta(minutes=5), 300.0))
    bad = record(polled_at=seconds_after_poll(9), failure=DOWN)
    found = merged(store, gated, bad) if is_ours else merged(store, bad, gated)
    assert (found.gate, found.failure, found.polled_at) == (gated.gate, DOWN, seconds_after_poll(9))


def test_a_later_answer_opens_the_gate(store: StateStore) -> None:
    gated = record(polled_at=seconds_after_poll(5), gate=RateLimitGate(NOW + timedelta(minutes=5), 300.0))
    good = record(polled_at=seconds_after_poll(9), updated_at=seconds_after_poll(9))
    assert merged(store, gated, good).gate is None


def test_the_state_of_3000_accounts_with_40_windows_can_be_read_back(store: StateStore) -> None:
    windows = tuple(QuotaWindow("\u00e9" * 57 + f" {number}", 58.0, NOW, 604800) for number in range(40))
    known = {
        account.id: AccountRecord(account, NOW, NOW, windows)
        for account in (replace(record().account, id=f"claude-{number}-{'x' * 200}.json") for number in range(3000))
    }
    states = {AlertKey(key, windows[0].title): AlertState(Level.LOW, NOW) for key in known}
    store.set_alert_states(states)
    store.save(known, NOW)
    assert restarted(store).load() == known
    assert restarted(store).alert_states() == states


def test_a_state_that_could_not_be_read_back_is_not_written(
    store: StateStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.save({ADA: record()}, NOW)
    monkeypatch.setattr("trayquota.store.state.MAX_BYTES", len(path_of(store).read_bytes()))
    store.save({ADA: record(), "b": record("b")}, NOW)
    assert restarted(store).load() == {ADA: record()}
    assert len(caplog.messages) == 1


def test_another_person_in_the_same_file_takes_nothing_over(store: StateStore) -> None:
    at = seconds_after_poll(5)
    theirs = record(polled_at=at, updated_at=at, windows=FULL, gate=RateLimitGate(NOW, 300.0))
    ours = AccountRecord(replace(theirs.account, person=person(name="somebody@example.com")))
    assert merged(store, ours, theirs) == ours


def test_an_answer_from_the_future_is_not_believed(store: StateStore) -> None:
    assert merged(store, record(), record(polled_at=NOW + timedelta(hours=1), windows=FULL)) == record()


def test_back_offs_of_both_processes_are_kept_and_known_to_both(store: StateStore) -> None:
    other = restarted(store)
    other.set_refresh_backoff("theirs", RefreshBackoff(final=True, not_before=NOW))
    other.set_refresh_backoff("both", RefreshBackoff(final=True, not_before=NOW))
    other.save({}, NOW)
    store.set_refresh_backoff("ours", RefreshBackoff(final=False, not_before=NOW))
    store.set_refresh_backoff("both", RefreshBackoff(final=False, not_before=NOW + timedelta(hours=1)))
    store.save({}, NOW)
    next_run = restarted(store)
    next_run.load()
    for process in (store, next_run):
        backoffs = {name: process.refresh_backoff(name) for name in ("ours", "theirs", "both")}
        assert None not in backoffs.values()
        assert backoffs["both"] == RefreshBackoff(final=True, not_before=NOW)


def test_back_offs_go_after_ninety_days(store: StateStore) -> None:
    store.set_refresh_backoff("old", RefreshBackoff(final=True, not_before=NOW))
    store.save({}, NOW + timedelta(days=89))
    assert store.refresh_backoff("old") is not None
    store.save({}, NOW + timedelta(days=91))
    assert store.refresh_backoff("old") is None


def test_a_process_without_notifications_keeps_the_alerts_of_another(store: StateStore) -> None:
    states = {WINDOW: AlertState(Level.LOW)}
    restarted(store).save({ADA: record()}, NOW)
    notifying = restarted(store)
    notifying.set_alert_states(states)
    notifying.save({ADA: record()}, NOW)
    store.save({ADA: record()}, NOW)
    assert store.alert_states() == restarted(store).alert_states() == notifying.alert_states() == states
