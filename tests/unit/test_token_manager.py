"""Token refreshes against a provider with single-use tokens, on real files."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from .platforms import links
from .token_files import LIFETIME_S, MORE, TokenRig, fields, kind_of, reply

if TYPE_CHECKING:
    from pathlib import Path


# Refreshing.


def test_an_expired_login_is_refreshed_and_nothing_else_in_its_file_changes(expired: TokenRig) -> None:
    login = expired.refresh()
    assert (login.access_token, login.refresh_token) == expired.newest == expired.pair()
    assert login.expires_at == expired.clock() + timedelta(seconds=LIFETIME_S)
    content = expired.content()
    assert content["expired"] == "2026-09-23T04:00:01Z"
    assert content["last_refresh"] == "2026-09-22T20:00:01Z"
    assert {key: content[key] for key in MORE} == MORE
    assert list(content) == [*fields(expired.provider.newest), *MORE]


def test_the_request_is_the_providers_form(expired: TokenRig) -> None:
    expired.refresh()
    (request,) = expired.provider.requests
    assert (request.method, request.url) == ("POST", "https://platform.claude.com/v1/oauth/token")
    assert request.body is not None
    assert parse_qs(request.body.decode())["refresh_token"] == ["refresh-1"]


def test_nothing_stays_behind_but_the_lock_and_what_follows_the_spent_token(expired: TokenRig) -> None:
    expired.refresh()
    assert expired.journals() == []
    assert sorted(path.suffix for path in (expired.state / "renewals").iterdir()) == [".lock", ".spent"]
    assert list(expired.path.parent.iterdir()) == [expired.path]


def test_what_somebody_else_has_refreshed_is_used(expired: TokenRig) -> None:
    stale = expired.credential()
    theirs = expired.provider.sign_in()
    expired.write(theirs)
    assert expired.manager.refresh(stale, stale.login).access_token == theirs.access
    assert expired.provider.requests == []


def test_a_token_that_was_refused_before_its_end_is_waited_for_a_second(token_rig: TokenRig) -> None:
    token_rig.closing.during = lambda: token_rig.write(token_rig.provider.sign_in())
    assert token_rig.refresh().access_token == "access-2"
    assert token_rig.closing.waits == [1.0]
    assert token_rig.provider.requests == []


def test_and_refreshed_when_nobody_has_written_a_new_one(token_rig: TokenRig) -> None:
    assert token_rig.refresh().access_token == "access-2"
    assert token_rig.pair() == token_rig.newest


def test_a_file_that_only_grants_more_time_to_the_same_token_is_believed(expired: TokenRig) -> None:
    stale = expired.credential()
    expired.write(expired.provider.newest, expired="2030-01-01T00:00:00Z")
    assert expired.manager.refresh(stale, stale.login).access_token == "access-1"
    assert expired.provider.requests == []


def test_but_not_when_the_provider_has_refused_it(token_rig: TokenRig) -> None:
    stale = token_rig.credential()
    token_rig.write(token_rig.provider.newest, expired="2030-01-01T00:00:00Z")
    assert token_rig.manager.refresh(stale, stale.login).access_token == "access-2"


def test_without_a_new_refresh_token_the_old_one_stays(tmp_path: Path) -> None:
    token_rig = TokenRig(tmp_path, rotates=False)
    token_rig.expire()
    login = token_rig.refresh()
    assert (login.access_token, login.refresh_token) == ("access-2", "refresh-1") == token_rig.pair()
    token_rig.expire()
    assert token_rig.refresh().access_token == "access-3"


@pytest.mark.parametrize("named", [None, 0, -5, "soon", "1e999", True])
def test_without_a_lifetime_it_is_an_hour(expired: TokenRig, named: object) -> None:
    body = {"access_token": "fresh", "refresh_token": "key", "expires_in": named}
    expired.provider.script.append(reply(body))
    assert expired.refresh().expires_at == expired.clock() + timedelta(seconds=3600)
    assert expired.content()["expired"] == "2026-09-22T21:00:01Z"


def test_a_lifetime_of_centuries_is_bounded(expired: TokenRig) -> None:
    expired.provider.script.append(reply({"access_token": "fresh", "expires_in": 1e300}))
    expires_at = expired.refresh().expires_at
    assert expires_at is not None
    assert expires_at <= expired.clock() + timedelta(days=366)


def test_eight_threads_at_once_make_one_rotation(expired: TokenRig) -> None:
    credential, barrier = expired.credential(), threading.Barrier(8)
    expired.start(threading.Event())

    def refresh(_: int) -> str:
        barrier.wait()
        return expired.manager.refresh(credential, credential.login).access_token

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(refresh, range(8))) == {"access-2"}
    assert expired.provider.rotations == 1


@links
def test_a_link_stays_a_link_and_its_target_is_refreshed(expired: TokenRig, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere" / "login"
    target.parent.mkdir()
    expired.path.rename(target)
    expired.path.symlink_to(target)
    expired.refresh()
    assert expired.path.is_symlink()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"
    assert list(target.parent.iterdir()) == [target]


@links
def test_a_link_that_comes_during_a_refresh_is_replaced_by_a_file(expired: TokenRig, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"

    def move() -> None:
        expired.path.rename(target)
        expired.path.symlink_to(target)

    expired.provider.script.append(move)
    expired.refresh()
    assert expired.path.is_symlink()
    assert json.loads(target.read_bytes())["refresh_token"] == "refresh-2"
    assert list(expired.path.parent.iterdir()) == [expired.path]


# What is not refreshed.


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refr', FailureKind.UNREADABLE_FILE),
        (b"[]", FailureKind.UNREADABLE_FILE),
        (b'{"type": "codex", "refresh_token": "refresh-1"}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refresh_token": "refresh-1", "disabled": true}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude", "refresh_token": "refresh\\r\\n1"}', FailureKind.UNREADABLE_FILE),
        (b'{"type": "claude"}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "token": {"refresh_token": "refresh-1"}}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "refresh": "refresh-1"}', FailureKind.LOGIN_EXPIRED),
        (b'{"type": "claude", "refresh_token": "refresh-1", "weight": 1e999}', FailureKind.LOGIN_EXPIRED),
        (None, FailureKind.UNREADABLE_FILE),
    ],
)
def test_a_file_that_has_become_unfit_meanwhile_is_left_alone(
    expired: TokenRig, content: bytes | None, kind: FailureKind
) -> None:
    stale = expired.credential()
    if content is None:
        expired.path.unlink()
    else:
        expired.path.write_bytes(content)
    with pytest.raises(FetchError) as caught:
        expired.manager.refresh(stale, stale.login)
    assert caught.value.failure.kind is kind
    assert expired.provider.requests == []
    assert content is None or expired.path.read_bytes() == content


@pytest.mark.parametrize("theirs", [{"email": "bob@example.com"}, {"organization_uuid": "org-2"}])
def test_another_person_s_login_is_neither_used_nor_refreshed_for_the_one_before(
    expired: TokenRig, theirs: dict[str, object]
) -> None:
    expired.write(expired.provider.newest, **MORE, organization_uuid="org-1")
    stale = expired.credential()
    expired.write(expired.provider.sign_in(), **MORE | theirs)
    with pytest.raises(FetchError) as caught:
        expired.manager.refresh(stale, stale.login)
    assert caught.value.failure.kind is FailureKind.UNREADABLE_FILE
    assert expired.provider.requests == []


@pytest.mark.parametrize("kind", ["codex", "kimi", "antigravity", "unheard-of"])
def test_the_logins_of_others_are_never_refreshed(token_rig: TokenRig, kind: str) -> None:
    token_rig.write(token_rig.provider.newest, type=kind, expired="2020-01-01T00:00:00Z")
    before = token_rig.path.read_bytes()
    assert kind_of(token_rig) is FailureKind.LOGIN_EXPIRED
    assert token_rig.provider.requests == []
    assert token_rig.path.read_bytes() == before
    assert not token_rig.state.exists()


def test_nobody_who_is_quitting_begins_a_refresh(expired: TokenRig) -> None:
    expired.closing.set()
    assert kind_of(expired) is FailureKind.NETWORK
    assert expired.provider.requests == []


def test_one_under_way_ends_well_while_quitting(expired: TokenRig) -> None:
    expired.provider.script.append(expired.closing.set)
    assert expired.refresh().access_token == "access-2"
    assert expired.pair() == expired.newest


# Others at the same file.
