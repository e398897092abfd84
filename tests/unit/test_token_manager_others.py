"""Refreshing tokens while other programs read, write and lock the same file."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.system.file_lock import lock_held
from trayquota.tokens.journal import Journal
from trayquota.tokens.pending_tokens import fingerprint

from .token_files import START, Pair, TokenRig, failure_of, fields, kind_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_login_during_a_refresh_wins(expired: TokenRig) -> None:
    def sign_in() -> None:
        expired.write(theirs, note="new")

    theirs = Pair("their-access", "their-refresh", START + timedelta(days=9))
    expired.provider.script.append(sign_in)
    expired.refresh()
    assert expired.content() == fields(theirs) | {"note": "new"}
    assert expired.journals() == []
    assert expired.manager.current_tokens(expired.credential())[0].access_token == "their-access"


def test_a_file_that_is_being_written_after_the_refresh_gets_the_pair_later(expired: TokenRig) -> None:
    old, stale = expired.path.read_bytes(), expired.credential()
    expired.provider.script.append(lambda: expired.path.write_bytes(old[:40]))
    assert expired.refresh().access_token == "access-2"
    assert expired.path.read_bytes() == old[:40]
    login, warning = expired.manager.current_tokens(stale)
    assert login.access_token == "access-2"
    assert warning is not None
    assert "it cannot be read at the moment" in warning.message
    expired.path.write_bytes(old)
    assert expired.manager.current_tokens(stale)[1] is None
    assert expired.pair() == expired.newest


def test_a_refresh_by_somebody_else_of_a_token_that_stays_is_not_undone(tmp_path: Path) -> None:
    token_rig = TokenRig(tmp_path, rotates=False)
    token_rig.expire()
    theirs = token_rig.provider.newest
    token_rig.provider.script.append(lambda: token_rig.write(Pair("theirs", "refresh-1", START)))
    token_rig.refresh()
    assert token_rig.pair() == ("theirs", "refresh-1")
    assert theirs.access == "access-1"
    assert token_rig.journals() == []


def test_nor_is_one_that_comes_later(tmp_path: Path) -> None:
    token_rig = TokenRig(tmp_path, rotates=False)
    token_rig.expire()
    token_rig.refresh()
    token_rig.write(Pair("theirs", "refresh-1", token_rig.provider.newest.expired))
    assert token_rig.manager.current_tokens(token_rig.credential())[0].access_token == "theirs"
    assert token_rig.pair() == ("theirs", "refresh-1")


def test_the_dead_pair_that_a_program_writes_back_out_of_its_memory_is_replaced(expired: TokenRig) -> None:
    old = expired.path.read_bytes()
    expired.refresh()
    expired.path.write_bytes(old)
    login, warning = expired.manager.current_tokens(expired.credential())
    assert (login.access_token, warning) == ("access-2", None)
    assert expired.pair() == expired.newest
    expired.path.write_bytes(old)
    assert expired.refresh().access_token == "access-2"
    assert (expired.pair(), expired.provider.rotations) == (expired.newest, 1)


def test_somebody_who_holds_the_lock_is_waited_for_and_then_left_alone(expired: TokenRig) -> None:
    place = Journal(expired.state / "renewals").path_for(fingerprint("refresh-1"), ".lock")
    place.parent.mkdir(parents=True)
    with lock_held(place):
        assert kind_of(expired) is FailureKind.NETWORK
    assert sum(expired.closing.waits) == pytest.approx(20)
    assert expired.provider.requests == []


def test_whoever_is_quitting_does_not_wait_for_the_lock(expired: TokenRig) -> None:
    place = Journal(expired.state / "renewals").path_for(fingerprint("refresh-1"), ".lock")
    place.parent.mkdir(parents=True)
    expired.closing.during = expired.closing.set
    with lock_held(place):
        assert "cancelled" in failure_of(expired).failure.message
    assert len(expired.closing.waits) == 1


def test_waiting_for_refreshes_under_way(expired: TokenRig) -> None:
    idle: list[bool] = []
    expired.provider.script.append(lambda: idle.append(expired.manager.wait_idle(0)))
    expired.refresh()
    assert idle == [False]
    assert expired.manager.wait_idle(0)
