"""The engine after a 429: no account is polled before its gate opens, whatever the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import AccountRecord
from trayquota.core.model import Account, AccountState, FailureKind
from trayquota.core.refresh_policy import RateLimitGate, Reason

from .engine_rig import LONGEST_S, START, Rig, answer, credential, failure, pause

ADA, BOB, CODEX = "claude-ada.json", "claude-bob.json", "codex-carol.json"


def paused(retry_after_s: float = 0.0) -> Rig:
    """Return a rig with an account that has just been answered 429."""
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA)
    rig.refresh()
    rig.answer(ADA, pause(retry_after_s))
    return rig


def opens_in_s(rig: Rig) -> float:
    failure = rig.usage(ADA).failure
    assert failure is not None
    assert failure.retry_at is not None
    return (failure.retry_at - rig.now).total_seconds()


def ask_anew(rig: Rig) -> None:
    """Wait until the gate is open, and ask."""
    rig.pass_time(opens_in_s(rig) - 0.1)
    rig.refresh()
    assert rig.fetching == []
    rig.pass_time(0.2)
    rig.refresh()
    assert rig.fetching == [ADA]


@pytest.mark.parametrize("reason", list(Reason))
def test_no_reason_opens_a_gate(reason: Reason) -> None:
    rig = paused()
    for _ in range(10):
        rig.pass_time(29.9)
        rig.refresh(reason)
        assert rig.fetching == []
    rig.pass_time(1.1)
    rig.refresh()
    assert rig.fetching == [ADA], "after five minutes it is open"


def test_neither_a_change_of_accounts_nor_sleep_opens_a_gate() -> None:
    rig = paused(retry_after_s=4000)
    rig.change(credential("ada", token="rotated"))
    rig.change(credential("ada", disabled=True))
    rig.change(credential("ada"))
    rig.change()
    rig.change(credential("ada"))
    rig.sleep(600)
    assert rig.fetching == []


@pytest.mark.parametrize(("retry_after_s", "waited_s"), [(0, 300), (60, 300), (1583, 1583), (7200, 7200)])
def test_a_gate_is_closed_for_the_longer_of_retry_after_and_five_minutes(retry_after_s: float, waited_s: float) -> None:
    rig = paused(retry_after_s)
    assert rig.state(ADA) is AccountState.STALE
    assert opens_in_s(rig) == waited_s
    rig.pass_time(waited_s - 0.1)
    rig.refresh()
    assert rig.fetching == []
    rig.pass_time(0.2)
    rig.refresh()
    assert rig.fetching == [ADA]


def test_an_account_is_polled_by_itself_when_its_gate_opens() -> None:
    rig = paused(retry_after_s=1583)
    rig.pass_time(1582)
    assert rig.fetching == []
    rig.pass_time(2)
    assert rig.fetching == [ADA]


def test_a_gate_s_pause_doubles_up_to_an_hour_and_a_success_clears_it() -> None:
    rig = paused()
    waits = []
    for _ in range(6):
        waits.append(opens_in_s(rig))
        ask_anew(rig)
        rig.answer(ADA, pause())
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    ask_anew(rig)
    rig.answer(ADA)
    assert rig.state(ADA) is AccountState.OK
    rig.refresh()
    rig.answer(ADA, pause())
    assert opens_in_s(rig) == 300


def test_another_failure_in_between_does_not_clear_a_gate() -> None:
    rig = paused()
    ask_anew(rig)
    rig.answer(ADA, failure(FailureKind.PROVIDER_DOWN))
    rig.refresh()
    rig.answer(ADA, pause())
    assert opens_in_s(rig) == 600


def test_other_accounts_are_polled_while_a_gate_is_closed() -> None:
    rig = Rig(credential("ada"), credential("bob"))
    rig.begin_run()
    rig.answer(ADA, pause())
    rig.answer(BOB)
    rig.refresh()
    assert rig.fetching == [BOB]
    assert rig.state(ADA) is AccountState.ERROR


def test_a_gate_is_saved_at_once_and_holds_after_a_restart() -> None:
    rig = paused(retry_after_s=1583)
    rig.pass_time(0.1)
    later = Rig(credential("ada"), records=rig.saved[-1])
    later.now = START + timedelta(minutes=20)
    later.begin_run()
    assert later.fetching == []
    assert later.state(ADA) is AccountState.STALE
    failure = later.usage(ADA).failure
    assert failure is not None
    assert failure.kind is FailureKind.RATE_LIMITED
    later.refresh()
    assert later.fetching == []
    later.pass_time(400)
    assert later.fetching == [ADA]


# A 429 to a fetch that was cancelled.


def cancelled_pause() -> Rig:
    """Return a rig whose first fetch was cancelled and then answered 429, after the second one went well."""
    rig = Rig(credential("ada"))
    rig.begin_run()
    old = rig.begin(ADA)
    rig.refresh()
    rig.answer(ADA, answer(2.0))
    rig.finish(old, pause())
    return rig


def test_a_cancelled_fetch_s_429_closes_the_gate_and_says_so() -> None:
    rig = cancelled_pause()
    rig.pass_time(0.1)
    rig.refresh()
    assert rig.fetching == []
    usage = rig.usage(ADA)
    assert usage.state is AccountState.OK
    assert usage.windows[0].used_percent == 2.0
    assert usage.failure is not None
    assert usage.failure.kind is FailureKind.RATE_LIMITED
    assert usage.failure.retry_at == START + timedelta(seconds=300)
    assert rig.saved[-1][ADA].gate is not None
    rig.pass_time(LONGEST_S)
    assert rig.fetching == [ADA]


def test_a_cancelled_fetch_s_429_shows_nothing_else_and_a_good_result_opens_the_gate() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    old = rig.begin(ADA)
    rig.refresh()
    rig.finish(old, pause())
    rig.pass_time(0.6)
    assert rig.snapshot.refreshing
    assert rig.fetching == [ADA], "what was submitted before the 429 came is not cancelled"
    rig.answer(ADA)
    assert (rig.state(ADA), rig.usage(ADA).failure) == (AccountState.OK, None)
    rig.refresh()
    assert rig.fetching == [ADA]


def test_five_cancelled_429_double_the_pause_once() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    fetches = []
    for _ in range(2):
        fetches.append(rig.begin(ADA))
        rig.refresh()
    for fetch in fetches:
        rig.finish(fetch, pause())
    rig.answer(ADA, pause())
    assert opens_in_s(rig) == 300


def test_a_cancelled_429_holds_for_an_account_that_has_gone_meanwhile() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    old = rig.begin(ADA)
    rig.change()
    rig.finish(old, pause())
    rig.change(credential("ada"))
    assert rig.fetching == []
    assert rig.state(ADA) is AccountState.ERROR
    rig.pass_time(300)
    assert rig.fetching == [ADA]


def test_a_cancelled_429_does_not_hold_for_another_person_in_the_same_file() -> None:
    rig = Rig(credential("carol", "codex", account_id="id-1"))
    rig.begin_run()
    old = rig.begin(CODEX)
    rig.change(credential("carol", "codex", account_id="id-2"))
    rig.answer(CODEX)
    rig.finish(old, pause())
    rig.pass_time(1)
    rig.refresh()
    assert rig.fetching == [CODEX]
    assert rig.usage(CODEX).failure is None


# Clocks that were wrong.


def test_a_gate_does_not_hold_longer_when_the_clock_is_set_back() -> None:
    rig = paused()
    rig.set_clock(-3600)
    rig.step()
    assert opens_in_s(rig) == pytest.approx(300)
    ask_anew(rig)


def records_from(polled_at_s: float, opens_at_s: float) -> dict[str, AccountRecord]:
    gate = RateLimitGate(START + timedelta(seconds=opens_at_s), 300.0)
    account = Account(ADA, "claude", "ada@example.com")
    return {ADA: AccountRecord(account, polled_at=START + timedelta(seconds=polled_at_s), gate=gate)}


def test_a_gate_of_a_run_with_a_clock_ahead_holds_as_long_as_it_was_meant_to() -> None:
    rig = Rig(credential("ada"), records=records_from(86400 * 365, 86400 * 365 + 300))
    rig.begin_run()
    assert rig.fetching == []
    rig.pass_time(299)
    rig.refresh()
    assert rig.fetching == []
    rig.pass_time(2)
    rig.refresh()
    assert rig.fetching == [ADA]


def test_no_gate_of_an_earlier_run_is_closed_for_more_than_a_day() -> None:
    rig = Rig(credential("ada"), records=records_from(-10, 86400 * 365))
    rig.begin_run()
    rig.pass_time(86400 - 60)
    assert rig.fetching == []
    rig.pass_time(120)
    assert rig.fetching == [ADA]


def test_a_gate_of_an_earlier_run_that_has_opened_does_not_hold() -> None:
    rig = Rig(credential("ada"), records=records_from(-400, -100))
    rig.begin_run()
    assert rig.fetching == [ADA]


def test_a_gate_survives_a_rename_of_the_account() -> None:
    rig = paused()
    renamed = replace(credential("ada"), account=Account(ADA, "claude", "ada@example.com", "Max"))
    rig.change(renamed)
    rig.refresh()
    assert rig.fetching == []
