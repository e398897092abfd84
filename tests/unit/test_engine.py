"""The engine: what is fetched, what is cancelled, and what is published of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from insides import fetch_tasks

from trayquota.core.account_state import AccountRecord, FetchResult
from trayquota.core.model import Account, AccountState, Failure, FailureKind, QuotaWindow
from trayquota.core.refresh_policy import Reason
from trayquota.sources.base import Discovery

from .engine_rig import START, Rig, answer, credential, failure

if TYPE_CHECKING:
    import pytest

ADA, BOB, CAROL = "claude-ada.json", "claude-bob.json", "codex-carol.json"


def three() -> Rig:
    return Rig(credential("carol", "codex"), credential("bob"), credential("ada"))


def test_without_accounts_an_empty_snapshot_is_there_at_once() -> None:
    rig = Rig()
    rig.scan_result = Discovery(notice="No accounts yet.")
    rig.begin_run()
    assert len(rig.published) == 1
    assert rig.snapshot.accounts == ()
    assert not rig.snapshot.refreshing
    assert rig.snapshot.notice == "No accounts yet."


def test_refreshing_is_shown_from_the_first_fetch_to_the_last_result() -> None:
    rig = three()
    rig.begin_run()
    first = rig.snapshot
    rig.answer_all()
    last = rig.snapshot
    assert (first.refreshing, last.refreshing) == (True, False)
    assert {each.state for each in first.accounts} == {AccountState.PENDING}
    assert {each.state for each in last.accounts} == {AccountState.OK}


def test_all_accounts_are_fetched_at_once_and_published_sorted() -> None:
    rig = Rig(credential("carol", "codex"), credential("bob"), credential("ada"))
    upper = credential("Zoe")
    rig.scan_result = Discovery((upper, *rig.scan_result.accounts))
    rig.begin_run()
    assert sorted(rig.fetching) == ["claude-Zoe.json", ADA, BOB, CAROL]
    rig.answer_all()
    assert [each.account.id for each in rig.snapshot.accounts] == [ADA, BOB, "claude-Zoe.json", CAROL]


def test_results_are_published_now_and_then_and_the_last_one_at_once() -> None:
    rig = three()
    rig.begin_run()
    published = len(rig.published)
    rig.answer(ADA)
    assert len(rig.published) == published, "half a second after the first snapshot, not before"
    rig.pass_time(0.5)
    assert len(rig.published) == published + 1
    assert (rig.state(ADA), rig.state(BOB)) == (AccountState.OK, AccountState.PENDING)
    rig.answer(BOB)
    rig.answer(CAROL)
    assert len(rig.published) == published + 2
    assert rig.state(CAROL) is AccountState.OK


def test_last_known_values_are_published_before_anything_is_fetched() -> None:
    known = AccountRecord(
        Account(ADA, "claude", "ada@example.com", "Max"),
        polled_at=START - timedelta(hours=1),
        updated_at=START - timedelta(hours=1),
        windows=(QuotaWindow("5-hour", 12.0),),
    )
    rig = Rig(credential("ada"), records={ADA: known})
    rig.engine.prepare()
    assert rig.fetching == []
    usage = rig.usage(ADA)
    assert (usage.state, usage.windows, usage.updated_at) == (AccountState.STALE, known.windows, known.updated_at)
    assert usage.account.plan == "Max"
    rig.begin_run()
    rig.answer(ADA)
    assert rig.state(ADA) is AccountState.OK


def test_a_new_refresh_cancels_the_fetches_of_the_one_before() -> None:
    rig = three()
    rig.begin_run()
    under_way = rig.begin(ADA)
    waiting = rig.pending(BOB)[0]
    rig.refresh()
    assert waiting.future.cancelled(), "what had not begun must not begin"
    assert sorted(rig.fetching) == [ADA, ADA, BOB, CAROL], "the one under way can only be cancelled"
    rig.finish(under_way, answer(1.0))
    rig.pass_time(1.0)
    assert rig.state(ADA) is AccountState.PENDING, "its answer is not shown"
    rig.answer(ADA, answer(2.0))
    rig.answer_all()
    assert rig.usage(ADA).windows[0].used_percent == 2.0


def test_a_fetch_that_is_replaced_has_its_token_cancelled() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    task = fetch_tasks(rig.engine)[ADA]
    rig.begin(ADA)
    rig.refresh()
    assert task.cancel_token.is_cancelled
    assert not fetch_tasks(rig.engine)[ADA].cancel_token.is_cancelled


def test_a_cancelled_fetch_that_ends_last_changes_nothing() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    old = rig.begin(ADA)
    rig.refresh()
    rig.answer(ADA, answer(2.0))
    shown = len(rig.published)
    rig.finish(old, answer(1.0))
    rig.pass_time(5.0)
    assert rig.usage(ADA).windows[0].used_percent == 2.0
    assert len(rig.published) == shown


def test_the_last_good_values_stay_and_are_marked_stale() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, answer(30.0))
    fresh = rig.usage(ADA)
    rig.pass_time(60)
    rig.refresh()
    rig.answer(ADA, failure())
    usage = rig.usage(ADA)
    assert usage.state is AccountState.STALE
    assert (usage.windows, usage.updated_at) == (fresh.windows, fresh.updated_at)
    assert usage.failure is not None
    assert usage.failure.kind is FailureKind.PROVIDER_DOWN
    rig.refresh()
    rig.answer(ADA)
    assert (rig.state(ADA), rig.usage(ADA).failure) == (AccountState.OK, None)


def test_without_values_a_failure_is_an_error_and_an_expired_login_is_expired() -> None:
    rig = three()
    rig.begin_run()
    rig.answer(ADA, failure(FailureKind.BLOCKED))
    rig.answer(BOB, failure(FailureKind.LOGIN_EXPIRED))
    rig.answer(CAROL, failure(FailureKind.NO_WINDOWS))
    assert [each.state for each in rig.snapshot.accounts] == [
        AccountState.ERROR,
        AccountState.EXPIRED,
        AccountState.ERROR,
    ]


def test_an_expired_login_keeps_its_values_without_counting_them() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA)
    rig.refresh()
    rig.answer(ADA, failure(FailureKind.LOGIN_EXPIRED))
    assert rig.state(ADA) is AccountState.EXPIRED
    assert rig.usage(ADA).windows
    assert rig.snapshot.lowest(rig.now) is None


def test_the_plan_of_an_answer_is_kept_when_the_file_names_none() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, answer(plan="Team"))
    rig.refresh()
    rig.answer(ADA, failure())
    rig.change(credential("ada", token="rotated"))
    assert rig.usage(ADA).account.plan == "Team"


def test_disabled_unsupported_and_broken_accounts_are_listed_and_never_polled() -> None:
    rig = Rig(
        credential("ada", disabled=True),
        credential("bob", problem=Failure(FailureKind.UNREADABLE_FILE, "The file is empty.")),
        credential("kim", "kimi", is_supported=False),
    )
    rig.begin_run()
    rig.refresh(Reason.WOKE)
    rig.pass_time(3600)
    assert rig.pool.fetches == []
    assert [each.state for each in rig.snapshot.accounts] == [
        AccountState.DISABLED,
        AccountState.ERROR,
        AccountState.UNSUPPORTED,
    ]


def test_a_raising_callback_does_not_stop_the_engine(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(credential("ada"))
    rig.show_error = ValueError("secret-in-an-error")
    rig.save_error = OSError("secret-in-an-error")
    with caplog.at_level(logging.ERROR):
        rig.begin_run()
        rig.answer(ADA)
        rig.pass_time(10)
    rig.show_error = None
    rig.refresh()
    rig.answer(ADA, answer(3.0))
    assert rig.usage(ADA).windows[0].used_percent == 3.0
    assert "ValueError" in caplog.text
    assert "secret-in-an-error" not in caplog.text


def test_a_sink_that_raises_harms_no_other_sink() -> None:
    rig = Rig(credential("ada"))
    rig.show_error = ValueError("broken")
    rig.begin_run()
    assert rig.second_sink == rig.published != []


def test_a_crashing_fetcher_is_one_account_s_failure(caplog: pytest.LogCaptureFixture) -> None:
    rig = three()
    rig.begin_run()
    with caplog.at_level(logging.ERROR):
        rig.answer(ADA, KeyError("secret-in-an-error"))
    rig.answer_all()
    assert [each.state for each in rig.snapshot.accounts] == [AccountState.ERROR, AccountState.OK, AccountState.OK]
    usage = rig.usage(ADA)
    assert usage.failure is not None
    assert usage.failure.kind is FailureKind.BAD_ANSWER
    assert "KeyError" in caplog.text
    assert "secret-in-an-error" not in caplog.text
    rig.refresh()
    rig.answer_all()
    assert rig.state(ADA) is AccountState.OK


def test_records_are_saved_a_while_after_they_changed_and_at_the_end() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.pass_time(5)
    saved = len(rig.saved)
    rig.answer(ADA, answer(7.0))
    assert len(rig.saved) == saved
    rig.pass_time(3)
    assert len(rig.saved) == saved + 1
    assert rig.saved[-1][ADA].windows[0].used_percent == 7.0
    rig.engine.post(rig.engine.close)
    rig.step()
    assert len(rig.saved) == saved + 2


def test_the_pool_lives_for_as_long_as_there_are_fetches() -> None:
    rig = three()
    rig.begin_run()
    first, *others = rig.pending()
    rig.finish(first, answer())
    shut = [rig.pool.is_shut]
    for each in others:
        rig.finish(each, answer())
    shut.append(rig.pool.is_shut)
    rig.engine.request(Reason.MANUAL)
    rig.step()
    assert [*shut, rig.pool.is_shut] == [False, True, False]
    assert len(rig.pending()) == 1 + len(others)


def test_nothing_is_published_discovered_or_fetched_after_the_end() -> None:
    rig = three()
    rig.begin_run()
    waiting = rig.pending(BOB)[0]
    under_way = rig.begin(ADA)
    rig.engine.post(rig.engine.close)
    rig.engine.request(Reason.MANUAL)
    rig.step()
    shown, scans = len(rig.published), rig.scans
    assert rig.pool.is_shut
    assert waiting.future.cancelled()
    rig.finish(under_way, answer())
    rig.step()
    assert (len(rig.published), rig.scans, rig.fetching) == (shown, scans, [])


def test_a_warning_beside_good_values_is_shown_with_them() -> None:
    warning = Failure(FailureKind.UNREADABLE_FILE, "The refreshed login could not be written.")
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, FetchResult(answer().usage, error=warning, access_token="refreshed"))
    assert (rig.state(ADA), rig.usage(ADA).failure) == (AccountState.OK, warning)
    assert rig.fetching == [], "the token that is in use is newer than the one in the file: no reason to ask again"
