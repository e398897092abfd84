"""The engine and its sources: only what changed is fetched, and what did not change stays as it is."""

from __future__ import annotations

import pytest
from insides import discoverer
from msgspec.structs import replace

from trayquota.core.account_state import FetchResult
from trayquota.core.model import AccountState, Failure, FailureKind
from trayquota.sources.base import Discovery

from .engine_rig import LONGEST_S, Rig, answer, credential, failure, pause

ADA, BOB = "claude-ada.json", "claude-bob.json"
CODEX = "codex-carol.json"


def settled(*names: str) -> Rig:
    """Return a rig whose accounts have been fetched."""
    rig = Rig(*(credential(name) for name in names))
    rig.begin_run()
    rig.answer_all()
    rig.pass_time(5)
    return rig


def test_only_an_account_that_is_new_is_fetched() -> None:
    rig = settled("ada")
    rig.change(credential("ada"), credential("bob"))
    assert rig.fetching == [BOB]
    assert rig.snapshot.refreshing
    assert rig.state(ADA) is AccountState.OK
    rig.answer(BOB)
    assert rig.state(BOB) is AccountState.OK


def test_an_account_that_is_gone_is_no_longer_shown_or_polled() -> None:
    rig = settled("ada", "bob")
    rig.refresh()
    waiting = rig.pending(BOB)[0]
    rig.change(credential("ada"))
    assert waiting.future.cancelled()
    rig.pass_time(0.5)
    assert [each.account.id for each in rig.snapshot.accounts] == [ADA]
    rig.answer(ADA)
    rig.pass_time(3600)
    assert set(rig.fetching) <= {ADA}


def test_an_account_that_comes_back_has_its_last_values_and_is_fetched() -> None:
    rig = settled("ada")
    rig.change()
    assert rig.snapshot.accounts == ()
    rig.change(credential("ada"))
    assert rig.usage(ADA).windows == answer().usage.windows  # type: ignore[union-attr]
    assert rig.state(ADA) is AccountState.STALE
    assert rig.fetching == [ADA]


def test_an_account_that_was_disabled_is_fetched_when_it_is_enabled() -> None:
    rig = settled("ada")
    rig.refresh()
    waiting = rig.pending(ADA)[0]
    rig.change(credential("ada", disabled=True))
    assert waiting.future.cancelled()
    assert rig.state(ADA) is AccountState.DISABLED
    rig.refresh()
    assert rig.fetching == []
    rig.change(credential("ada"))
    assert rig.fetching == [ADA]


def test_a_file_that_is_broken_and_repaired_keeps_its_values_meanwhile() -> None:
    rig = settled("ada")
    problem = Failure(FailureKind.UNREADABLE_FILE, "The file is empty.")
    rig.change(credential("ada", problem=problem))
    assert (rig.state(ADA), rig.usage(ADA).failure) == (AccountState.STALE, problem)
    assert rig.usage(ADA).windows
    rig.change(credential("ada"))
    assert rig.fetching == [ADA]


def test_another_person_in_the_same_file_starts_afresh() -> None:
    rig = Rig(credential("carol", "codex", account_id="id-1"))
    rig.begin_run()
    old = rig.begin(CODEX)
    rig.change(credential("carol", "codex", account_id="id-2"))
    assert rig.fetching == [CODEX, CODEX]
    rig.finish(old, answer(11.0))
    assert rig.usage(CODEX).windows == ()
    rig.answer(CODEX, answer(22.0))
    assert rig.usage(CODEX).windows[0].used_percent == 22.0


def test_the_routine_rotation_of_a_token_causes_no_fetch() -> None:
    rig = settled("ada")
    rig.change(credential("ada", token="rotated"))
    assert rig.fetching == []


def test_our_own_rewrite_of_a_file_causes_no_fetch() -> None:
    rig = settled("ada")
    rig.refresh()
    work = rig.begin(ADA)
    # The file is rewritten before the result is in: first the token is refreshed, then the usage is fetched.
    rig.change(credential("ada", token="refreshed"))
    assert rig.fetching == [ADA]
    rig.finish(work, answer(token="refreshed"))
    rig.pass_time(5)
    assert rig.fetching == []


def test_our_own_rewrite_causes_no_fetch_when_the_one_after_it_failed() -> None:
    rig = settled("ada")
    rig.refresh()
    work = rig.begin(ADA)
    rig.change(credential("ada", token="refreshed"))
    rig.finish(work, failure(token="refreshed"))
    rig.pass_time(5)
    assert rig.fetching == []


def test_our_own_rewrite_causes_no_fetch_when_the_account_had_failed_before() -> None:
    rig = settled("ada")
    rig.refresh()
    rig.answer(ADA, failure(token="token-ada"))
    rig.refresh()
    work = rig.begin(ADA)
    rig.change(credential("ada", token="refreshed"))
    assert rig.fetching == [ADA]
    rig.finish(work, answer(token="refreshed"))
    assert rig.fetching == []


def test_our_own_rewrite_that_is_discovered_late_causes_no_fetch() -> None:
    rig = settled("ada")
    rig.refresh()
    rig.answer(ADA, failure(token="refreshed"))
    assert rig.fetching == [], "the file that was read still holds the login that was refreshed"
    rig.change(credential("ada", token="refreshed"))
    assert rig.fetching == []


def test_a_rotated_token_is_tried_once_when_the_account_had_failed() -> None:
    rig = settled("ada", "bob")
    rig.refresh()
    rig.answer(ADA, failure(FailureKind.LOGIN_EXPIRED, token="token-ada"))
    rig.answer(BOB)
    rotated = credential("ada", token="rotated")
    rig.change(rotated, credential("bob", token="rotated-too"))
    assert rig.fetching == [ADA]
    rig.answer(ADA, failure(FailureKind.LOGIN_EXPIRED, token="rotated"))
    rig.change(replace(rotated, disabled=False), credential("bob"))
    rig.pass_time(30)
    assert rig.fetching == []


def test_a_token_rotated_while_the_old_one_fails_is_tried_at_once() -> None:
    rig = settled("ada")
    rig.refresh()
    work = rig.begin(ADA)
    rig.change(credential("ada", token="rotated"))
    assert rig.fetching == [ADA]
    rig.finish(work, failure(FailureKind.LOGIN_EXPIRED, token="token-ada"))
    assert rig.fetching == [ADA]
    assert rig.pending(ADA)[0].credential.login.access_token == "rotated"


@pytest.mark.parametrize("kind", list(FailureKind))
def test_a_token_newer_than_the_file_s_does_not_cause_fetches_for_ever(kind: FailureKind) -> None:
    """A refreshed login that could not be written into its file is used from elsewhere."""
    rig = settled("ada")
    rig.refresh()
    rig.answer(ADA, failure(kind, token="kept elsewhere"))
    assert rig.fetching == []


def test_a_rate_limited_account_is_not_polled_because_its_token_changed() -> None:
    rig = settled("ada")
    rig.refresh()
    rig.answer(ADA, pause())
    rig.change(credential("ada", token="rotated"))
    assert rig.fetching == []


def test_many_changes_make_one_discovery() -> None:
    rig = settled("ada")
    scans = rig.scans
    for _ in range(100):
        rig.engine.source_changed(rig)
    rig.pass_time(5)
    assert rig.scans == scans + 1


def test_a_file_that_seems_half_written_is_discovered_again_after_its_retry_delay() -> None:
    rig = settled("ada")
    rig.scan_result = replace(rig.scan_result, retry_s=0.25)
    rig.refresh()
    scans = rig.scans
    rig.scan_result = replace(rig.scan_result, retry_s=None)
    rig.pass_time(0.24)
    assert rig.scans == scans
    rig.pass_time(0.02)
    assert rig.scans == scans + 1
    rig.pass_time(5)
    assert rig.scans == scans + 1


def test_a_change_that_no_source_reported_is_discovered_within_a_minute() -> None:
    rig = settled("ada")
    rig.scan_result = Discovery((credential("ada"), credential("bob")))
    rig.pass_time(60)
    assert rig.fetching == [BOB]


def test_a_source_that_takes_its_time_does_not_keep_known_accounts_from_being_polled() -> None:
    rig = settled("ada")
    rig.is_slow = True
    rig.refresh()
    assert rig.fetching == [], "it may be about to say that the account has changed"
    rig.pass_time(1.9)
    assert rig.fetching == []
    rig.pass_time(0.2)
    assert rig.fetching == [ADA]
    rig.answer_all()
    rig.pass_time(LONGEST_S)
    assert rig.fetching == [ADA], "the source has still not answered, and they are polled as usual"
    rig.scan_result = Discovery((credential("ada"), credential("bob")))
    rig.discoveries.pop(0)()
    rig.step()
    assert rig.fetching == [ADA, BOB]


def test_an_engine_that_waits_for_a_source_does_not_spin() -> None:
    rig = settled("ada")
    rig.is_slow = True
    rig.pass_time(LONGEST_S)
    steps = rig.steps
    rig.pass_time(60)
    assert rig.steps - steps < 10


def test_the_first_picture_does_not_wait_for_a_source_that_takes_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(credential("ada"))
    rig.is_slow = True

    def take(timeout_s: float) -> None:
        assert 0 < timeout_s <= 0.5

    with monkeypatch.context() as patched:
        patched.setattr(discoverer(rig.engine), "take", take)
        rig.engine.prepare()
    assert rig.snapshot.accounts == ()
    rig.begin_run()
    rig.discoveries.pop(0)()
    rig.step()
    assert rig.state(ADA) is AccountState.PENDING
    rig.discoveries.pop(0)()
    rig.step()
    assert rig.fetching == [ADA]


def test_a_source_that_raises_is_discovered_again() -> None:
    rig = Rig(credential("ada"))
    rig.scan_error = OSError("unmounted")
    rig.begin_run()
    assert rig.fetching == []
    rig.scan_error = None
    rig.pass_time(60)
    assert rig.fetching == [ADA]


def test_a_folder_that_goes_and_comes_takes_its_accounts_along() -> None:
    rig = settled("ada")
    rig.change(notice="No folder yet.")
    assert (rig.snapshot.accounts, rig.snapshot.notice) == ((), "No folder yet.")
    rig.pass_time(3600)
    assert rig.fetching == []
    rig.change(credential("ada"))
    assert rig.snapshot.notice is None
    assert rig.state(ADA) is AccountState.STALE
    rig.answer(ADA)
    assert rig.state(ADA) is AccountState.OK


def test_the_values_of_an_account_that_is_gone_are_still_saved() -> None:
    rig = settled("ada")
    rig.change()
    rig.pass_time(5)
    assert rig.saved[-1][ADA].windows


def test_a_good_result_with_a_warning_is_not_fetched_again_when_the_file_is_rewritten_at_last() -> None:
    warning = Failure(FailureKind.UNREADABLE_FILE, "The refreshed login could not be written.")
    rig = settled("ada")
    rig.refresh()
    rig.answer(ADA, FetchResult(answer().usage, error=warning, access_token="refreshed"))
    rig.change(credential("ada", token="refreshed"))
    assert rig.fetching == []
