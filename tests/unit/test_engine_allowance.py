"""However often it is requested: three fetches of an account at once, then one in ten seconds, whatever the reason."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from trayquota.core.model import FailureKind
from trayquota.core.person import person
from trayquota.core.refresh_policy import Reason
from trayquota.views.labels import DisplayOptions
from trayquota.views.tray import tray_view

from .engine_rig import Rig, answer, credential, failure

ADA, BOB = "claude-ada.json", "claude-bob.json"


def spent() -> Rig:
    """Return a rig whose one account has had its three fetches."""
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, answer(40.0))
    for _ in range(2):
        rig.refresh()
        rig.answer(ADA, answer(40.0))
    return rig


@pytest.mark.parametrize("reason", [Reason.MANUAL, Reason.WOKE, Reason.START])
def test_a_thousand_requests_in_a_minute_make_eight_fetches(reason: Reason) -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA)
    fetches = 1
    for _ in range(1000):
        rig.pass_time(0.06)
        rig.refresh(reason)
        fetches += len(rig.pending())
        for key in rig.fetching:
            rig.answer(key)
    assert fetches == 3 + 5


def test_a_request_too_many_neither_fetches_nor_ends_what_runs() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    for _ in range(2):
        rig.refresh()
    running = rig.begin(ADA)
    for _ in range(100):
        rig.refresh()
    assert len(rig.pending()) == 1
    rig.finish(running, answer(7.0))
    assert [window.used_percent for window in rig.usage(ADA).windows] == [7.0]


def test_a_click_that_fetches_nothing_shows_what_is_known_and_how_old_it_is() -> None:
    rig = spent()
    rig.pass_time(5)
    shown = len(rig.published)
    rig.refresh()
    assert rig.fetching == []
    assert len(rig.published) == shown + 1
    assert not rig.snapshot.refreshing
    assert tray_view(rig.snapshot, rig.now, DisplayOptions()).lines[-1] == "Updated just now"
    assert rig.usage(ADA).windows != ()


def test_each_account_has_an_allowance_of_its_own() -> None:
    rig = spent()
    rig.change(credential("ada"), credential("bob"))
    assert rig.fetching == [BOB]


def test_a_file_that_comes_and_goes_gets_no_new_allowance() -> None:
    rig = spent()
    for _ in range(20):
        rig.change()
        rig.change(credential("ada"))
    assert rig.fetching == []


def test_a_file_that_changes_hands_again_and_again_gets_no_new_allowance() -> None:
    rig = spent()
    for number in range(20):
        other = credential("ada")
        rig.change(replace(other, account=replace(other.account, person=person(name=str(number)))))
    assert len(rig.pool.fetches) == 3
    rig.pass_time(10)
    assert rig.fetching == [ADA], "the person who has the file by then is fetched"


def test_a_new_token_waits_for_the_allowance_and_is_not_lost() -> None:
    rig = Rig(credential("ada"))
    rig.begin_run()
    rig.answer(ADA, failure(FailureKind.LOGIN_EXPIRED, token="token-ada"))
    for _ in range(2):
        rig.refresh()
        rig.answer(ADA, failure(FailureKind.LOGIN_EXPIRED, token="token-ada"))
    rig.change(credential("ada", token="token-new"))
    assert rig.fetching == []
    rig.pass_time(8)
    assert rig.fetching == []
    rig.pass_time(3)
    assert [work.credential.login.access_token for work in rig.pending()] == ["token-new"]


def test_an_engine_that_has_to_wait_does_not_spin() -> None:
    rig = Rig(credential("ada", min_interval_s=900.0))
    rig.begin_run()
    rig.answer(ADA, failure(FailureKind.NETWORK, token="token-ada"))
    steps = rig.steps
    rig.pass_time(800)
    assert rig.steps - steps < 50
    rig.pass_time(110)
    assert rig.fetching == [ADA]
