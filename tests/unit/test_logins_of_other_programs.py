"""Logins that the program which wrote the file refreshes: a moment of grace, then words about that program."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.account_state import REFRESH_GRACE
from trayquota.core.credential import Tokens
from trayquota.core.errors import fetch_error
from trayquota.core.model import AccountState, FailureKind
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.store.state import StateStore
from trayquota.tokens.manager import TokenManager
from trayquota.views.labels import needs_user

from .engine_rig import START, Rig, answer, credential, failure

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.core.account_state import FetchResult
    from trayquota.core.credential import Credential
    from trayquota.providers.base import Response

KIM = "kimi-kim.json"
GRACE_S = REFRESH_GRACE.total_seconds()


def expired(*, ago_s: float = 0.0) -> FetchResult:
    """Return the result for a login that ended so long before the test began."""
    ended = START - timedelta(seconds=ago_s)
    return replace(failure(FailureKind.LOGIN_EXPIRED, token="token-kim"), expired_at=ended)


def rig_with(*results: FetchResult) -> Rig:
    rig = Rig(credential("kim", "kimi", refreshed_by="CLIProxyAPI"))
    rig.begin_run()
    for number, result in enumerate(results):
        if number:
            rig.refresh()
        rig.answer(KIM, result)
    return rig


def test_within_the_grace_nothing_is_announced_and_the_last_values_stay() -> None:
    rig = rig_with(answer(token="token-kim"), expired())
    usage = rig.usage(KIM)
    assert usage.state is AccountState.STALE
    assert [window.used_percent for window in usage.windows] == [58]
    assert not needs_user(usage)


def test_after_the_grace_it_is_tried_again_and_then_the_person_is_needed() -> None:
    rig = rig_with(answer(token="token-kim"), expired())
    rig.pass_time(GRACE_S + 1)
    rig.answer(KIM, expired())
    usage = rig.usage(KIM)
    assert usage.state is AccountState.STALE, "the last values stay"
    assert needs_user(usage)


def test_a_login_that_ended_long_ago_has_no_grace() -> None:
    rig = rig_with(expired(ago_s=GRACE_S + 1))
    assert rig.usage(KIM).state is AccountState.EXPIRED
    assert needs_user(rig.usage(KIM))


def test_without_values_the_grace_is_an_error_that_needs_nobody() -> None:
    rig = rig_with(expired())
    assert rig.usage(KIM).state is AccountState.ERROR
    assert not needs_user(rig.usage(KIM))


def test_a_refreshed_file_ends_it_at_once() -> None:
    rig = rig_with(answer(token="token-kim"), expired())
    rig.change(credential("kim", "kimi", token="token-new", refreshed_by="CLIProxyAPI"))
    rig.answer(KIM, answer(30, token="token-new"))
    assert rig.usage(KIM).state is AccountState.OK


def fetched(tmp_path: Path, login: Tokens, *, refused: bool) -> FetchResult:
    """Return what comes of a fetch of an account with that login."""

    def send(*_args: object, **_kwargs: object) -> Response:
        kind = FailureKind.LOGIN_EXPIRED if refused else FailureKind.NETWORK
        raise fetch_error(kind, "refused", may_refresh=True)

    account: Credential = replace(credential("kim", "kimi", refreshed_by="CLIProxyAPI"), login=login)
    manager = TokenManager(tmp_path, send, StateStore(tmp_path / "s"), lambda: START, threading.Event())
    return Fetcher(send, manager, lambda: START)(account, CancelToken(), lambda _s: None)


@pytest.mark.parametrize("refused", [True, False], ids=["refused", "ended"])
def test_it_says_which_program_refreshes_the_login_and_sends_nothing_to_do_so(tmp_path: Path, *, refused: bool) -> None:
    ended = START - timedelta(seconds=60)
    login = Tokens("access", "refresh", None if refused else ended)
    result = fetched(tmp_path, login, refused=refused)
    assert result.error is not None
    assert result.error.kind is FailureKind.LOGIN_EXPIRED
    assert "CLIProxyAPI refreshes this login; is it running?" in result.error.message
    assert result.expired_at == (START if refused else ended)


def test_an_account_is_not_polled_before_its_least_interval_is_over_whatever_the_reason() -> None:
    key = "meta-jo.json"
    rig = Rig(credential("jo", "meta", min_interval_s=900.0))
    rig.begin_run()
    rig.answer(key, answer(token="token-jo"))
    for _ in range(3):
        rig.refresh()
        assert rig.pending() == []
    rig.pass_time(890)
    assert rig.pending() == []
    rig.pass_time(100)
    assert [work.credential.account.id for work in rig.pending()] == [key]
