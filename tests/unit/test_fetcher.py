"""Fetching an account: which login is used, when it is refreshed, and what the result is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.engine.fetch_pool import REQUEST_S, TOKEN_REFRESH_S

from .fetcher_rig import REFUSED, FetcherRig, reply
from .token_files import MORE, unwritable

if TYPE_CHECKING:
    from pathlib import Path

    from trayquota.providers.base import Response

SCOPE = {"error": {"type": "permission_error", "message": "needs scope user:profile"}}
REVOKED = {"error": {"type": "permission_error", "message": "token was revoked"}}
FORBIDDEN = {"error": {"type": "permission_error", "message": "not today"}}
CLOSED = {"error": {"message": "OAuth is not allowed for this organization"}}


@pytest.fixture
def rig(tmp_path: Path) -> FetcherRig:
    return FetcherRig(tmp_path)


def test_a_good_login_is_used_as_it_is(rig: FetcherRig) -> None:
    result = rig.fetch()
    assert result.usage is not None
    assert [each.used_percent for each in result.usage.windows] == [58.0]
    assert (result.error, result.access_token, result.is_rate_limited) == (None, "access-1", False)
    assert rig.token_rig.provider.requests == []


def test_times_in_an_answer_go_by_the_providers_clock(rig: FetcherRig) -> None:
    rig.token_rig.clock.advance(timedelta(hours=3).total_seconds())
    over = {"utilization": 90.0, "resets_at": "2026-09-22T14:00:00Z"}
    week = {"kind": "weekly_all", "percent": 50.0, "resets_at": "2026-09-27T16:00:00Z"}
    rig.endpoint.script.append(reply(200, {"limits": [week], "five_hour": over}))
    usage = rig.fetch().usage
    assert usage is not None
    assert [window.title for window in usage.windows] == ["Weekly"]
    rig.endpoint.script.append(reply(429, {}, {"retry-after": "Tue, 22 Sep 2026 15:30:00 GMT"}))
    assert rig.fetch().retry_after_s == 1800


def test_the_accounts_own_proxy_is_used(rig: FetcherRig) -> None:
    rig.token_rig.write(rig.token_rig.provider.newest, proxy_url="socks5://127.0.0.1:1080")
    rig.fetch()
    assert rig.endpoint.proxies == ["socks5://127.0.0.1:1080"]


def test_an_expired_login_is_refreshed_before_it_is_used(rig: FetcherRig) -> None:
    rig.token_rig.expire()
    result = rig.fetch()
    assert (result.usage is not None, result.error, result.access_token) == (True, None, "access-2")
    assert rig.endpoint.tokens == ["access-2"]
    assert rig.token_rig.pair() == rig.token_rig.newest


def test_a_login_that_is_refused_is_refreshed_once(rig: FetcherRig) -> None:
    rig.endpoint.script.append(REFUSED)
    result = rig.fetch()
    assert (result.usage is not None, result.access_token) == (True, "access-2")
    assert rig.endpoint.tokens == ["access-1", "access-2"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(403, SCOPE), FailureKind.SCOPE_MISSING),
        (reply(403, REVOKED), FailureKind.LOGIN_EXPIRED),
        (reply(401, CLOSED), FailureKind.REFUSED),
        (reply(403, b"<html>blocked</html>", {"content-type": "text/html"}), FailureKind.BLOCKED),
        (reply(503, b"<html>blocked</html>", {"content-type": "text/html"}), FailureKind.BLOCKED),
        (reply(500, {}), FailureKind.PROVIDER_DOWN),
        (reply(529, {}), FailureKind.PROVIDER_DOWN),
        (reply(302, b""), FailureKind.BLOCKED),
        (reply(404, b""), FailureKind.BAD_ANSWER),
        (reply(200, b"<html>sign in</html>"), FailureKind.BLOCKED),
        (reply(200, b'{"five_hour": '), FailureKind.BAD_ANSWER),
        (reply(200, {}), FailureKind.NO_WINDOWS),
        (fetch_error(FailureKind.NETWORK, "gone"), FailureKind.NETWORK),
    ],
)
def test_what_a_new_token_cannot_change_leads_to_no_token_refresh(
    rig: FetcherRig, answer: Response | FetchError, kind: FailureKind
) -> None:
    before = rig.token_rig.path.read_bytes()
    rig.endpoint.script.append(answer)
    assert rig.kind() is kind
    assert rig.token_rig.provider.requests == []
    assert rig.token_rig.path.read_bytes() == before


def test_a_429_is_returned_with_its_retry_after(rig: FetcherRig) -> None:
    rig.endpoint.script.append(reply(429, {}, {"retry-after": "1600"}))
    result = rig.fetch()
    assert result.error is not None
    assert (result.error.kind, result.is_rate_limited, result.retry_after_s) == (
        FailureKind.RATE_LIMITED,
        True,
        1600,
    )
    assert result.access_token == "access-1"


def test_a_login_that_is_refused_although_new_is_not_refreshed_again(rig: FetcherRig) -> None:
    for _ in range(5):
        rig.endpoint.script.extend([reply(403, FORBIDDEN)] * 2)
        assert rig.kind() is FailureKind.REFUSED
        rig.endpoint.script.clear()
    assert rig.rotations == 1
    assert rig.endpoint.tokens == ["access-1"] + ["access-2"] * 5
    assert rig.fetch().usage is not None


def test_a_login_that_was_refused_although_new_is_refreshed_when_it_expires(rig: FetcherRig) -> None:
    rig.endpoint.script.extend([reply(403, FORBIDDEN)] * 2)
    rig.fetch()
    rig.token_rig.expire()
    assert rig.fetch().access_token == "access-3"


def test_a_login_that_was_refused_although_new_is_refreshed_when_it_was_good_in_between(rig: FetcherRig) -> None:
    rig.endpoint.script.extend([REFUSED] * 2)
    rig.fetch()
    rig.fetch()
    rig.endpoint.script.append(REFUSED)
    assert rig.fetch().access_token == "access-3"


def test_a_login_that_was_refused_although_new_is_refreshed_after_a_sign_in(rig: FetcherRig) -> None:
    rig.endpoint.script.extend([REFUSED] * 2)
    rig.fetch()
    rig.token_rig.write(rig.token_rig.provider.sign_in())
    rig.endpoint.script.append(REFUSED)
    assert rig.fetch().access_token == "access-4"


@pytest.mark.parametrize(
    "more", [{"refresh_token": ""}, {"access_token": ""}, {"access_token": "", "refresh_token": ""}]
)
def test_a_file_without_one_of_the_tokens_is_used_or_refreshed_where_it_can_be(
    rig: FetcherRig, more: dict[str, object]
) -> None:
    rig.token_rig.write(rig.token_rig.provider.newest, **more)
    rig.token_rig.expire()
    if more.get("refresh_token") == "":
        assert rig.kind() is FailureKind.LOGIN_EXPIRED
        assert rig.endpoint.tokens == []
    else:
        assert rig.fetch().access_token == "access-2"


def test_a_setup_token_without_an_expiry_is_used_as_it_is(rig: FetcherRig) -> None:
    rig.token_rig.write(rig.token_rig.provider.newest, refresh_token="", expired="")
    rig.token_rig.expire()
    assert rig.fetch().access_token == "access-1"


def test_no_token_is_refreshed_where_the_setting_forbids_it(tmp_path: Path) -> None:
    rig = FetcherRig(tmp_path, refreshes_tokens=False)
    rig.endpoint.script.append(REFUSED)
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    rig.token_rig.expire()
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    assert (rig.token_rig.provider.requests, rig.endpoint.tokens) == ([], ["access-1"])


def test_the_logins_of_other_programs_are_never_refreshed(rig: FetcherRig) -> None:
    rig.token_rig.write(rig.token_rig.provider.newest, type="codex", account_id="a")
    rig.endpoint.script.append(reply(401, {"error": {"code": "token_expired"}}))
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    rig.token_rig.expire()
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    assert (rig.token_rig.provider.requests, rig.endpoint.tokens) == ([], ["access-1"])
    assert not rig.token_rig.state.exists()


def test_a_dead_refresh_token_is_sent_once_and_the_user_has_to_sign_in(rig: FetcherRig) -> None:
    rig.token_rig.expire()
    rig.token_rig.provider.sign_in()
    rig.token_rig.clock.advance(86400)
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    assert rig.kind() is FailureKind.LOGIN_EXPIRED
    assert (len(rig.token_rig.provider.requests), rig.endpoint.tokens) == (1, [])


def test_a_cancelled_fetch_sends_and_refreshes_nothing(rig: FetcherRig) -> None:
    rig.cancel_token.cancel()
    assert rig.kind() is FailureKind.NETWORK
    rig.token_rig.expire()
    assert rig.kind() is FailureKind.NETWORK
    assert (rig.token_rig.provider.requests, rig.endpoint.tokens) == ([], [])


def test_a_token_refresh_under_way_is_not_cancelled_and_has_time_of_its_own(rig: FetcherRig) -> None:
    rig.token_rig.expire()
    rig.token_rig.provider.script.append(lambda: rig.allowed_s.append(0.0))
    rig.token_rig.provider.script.append(rig.cancel_token.cancel)
    assert rig.kind() is FailureKind.NETWORK
    assert rig.allowed_s == [TOKEN_REFRESH_S, 0.0, REQUEST_S]
    assert rig.token_rig.pair() == rig.token_rig.newest
    assert rig.endpoint.tokens == []


def test_each_request_has_time_of_its_own(rig: FetcherRig) -> None:
    rig.endpoint.script.append(REFUSED)
    rig.fetch()
    assert rig.allowed_s == [REQUEST_S, TOKEN_REFRESH_S, REQUEST_S]


def test_a_login_that_may_not_be_written_is_not_refreshed(rig: FetcherRig) -> None:
    rig.token_rig.expire()
    credential = replace(rig.token_rig.credential(), writable=False)
    result = rig.fetcher(credential, rig.cancel_token, rig.allowed_s.append)
    assert result.error is not None
    assert result.error.kind is FailureKind.LOGIN_EXPIRED
    assert rig.token_rig.provider.requests == []


@pytest.mark.parametrize("more", [{"disabled": True}, {"type": "codex"}])
def test_an_account_that_was_disabled_meanwhile_is_not_refreshed(rig: FetcherRig, more: dict[str, object]) -> None:
    rig.endpoint.script.append(lambda: rig.token_rig.write(rig.token_rig.provider.newest, **(MORE | more)))
    rig.endpoint.script.append(REFUSED)
    assert rig.kind() is FailureKind.UNREADABLE_FILE
    assert rig.token_rig.provider.requests == []


def test_new_tokens_that_could_not_be_written_are_reported_beside_the_usage(
    rig: FetcherRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.token_rig.expire()
    with monkeypatch.context() as patched:
        unwritable(patched)
        for _ in range(3):
            result = rig.fetch()
            assert result.usage is not None
            assert result.error is not None
            assert result.error.kind is FailureKind.UNREADABLE_FILE
            assert result.access_token == "access-2"
    result = rig.fetch()
    assert (result.usage is not None, result.error) == (True, None)
    assert (rig.token_rig.pair(), rig.rotations) == (rig.token_rig.newest, 1)


def test_a_result_s_repr_does_not_hold_the_token(rig: FetcherRig) -> None:
    assert "access-1" not in repr(rig.fetch())
