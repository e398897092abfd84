"""Asking an account: which login is used, when it is renewed, and what comes out."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.engine.fetch_pool import REQUEST_S, TOKEN_REFRESH_S
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.providers.base import Response

from .token_files import MORE, START, House, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from trayquota.core.account_state import FetchResult
    from trayquota.providers.base import Request

QUOTA = {"five_hour": {"utilization": 58.0, "resets_at": "2026-09-22T14:13:00Z"}}
EXPIRED = {"type": "error", "error": {"type": "authentication_error", "details": {"error_code": "token_expired"}}}
SCOPE = {"error": {"type": "permission_error", "message": "needs scope user:profile"}}
REVOKED = {"error": {"type": "permission_error", "message": "token was revoked"}}
FORBIDDEN = {"error": {"type": "permission_error", "message": "not today"}}
CLOSED = {"error": {"message": "OAuth is not allowed for this organization"}}


def said(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or {"content-type": "application/json"}, data, START)


GOOD = said(200, QUOTA)
REFUSED = said(401, EXPIRED)


class Line:
    """The usage endpoint: takes only the newest access token, unless it is told what to say."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.script: deque[Response | FetchError | Callable[[], object]] = deque()
        self.tokens: list[str] = []
        self.proxies: list[str | None] = []

    def send(
        self, request: Request, *, proxy_url: str | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        assert cancel_token is not None
        if cancel_token.is_cancelled:
            raise fetch_error(FailureKind.NETWORK, "The question was withdrawn.")
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        self.proxies.append(proxy_url)
        while self.script:
            answer = self.script.popleft()
            if isinstance(answer, Response):
                return answer
            if isinstance(answer, FetchError):
                raise answer
            answer()
        return GOOD if self.tokens[-1] == self.house.provider.newest.access else REFUSED


class Desk:
    """A house with a fetcher in it."""

    def __init__(self, folder: Path, *, renew_logins: bool = True) -> None:
        self.house = House(folder)
        self.line = Line(self.house)
        self.cancel_token = CancelToken()
        self.allowed_s: list[float] = []
        self.fetcher = Fetcher(self.line.send, self.house.manager, self.house.clock, renew_logins=renew_logins)

    def ask(self) -> FetchResult:
        return self.fetcher(self.house.credential(), self.cancel_token, self.allowed_s.append)

    def kind(self) -> FailureKind:
        outcome = self.ask()
        assert outcome.usage is None
        assert outcome.error is not None
        return outcome.error.kind

    @property
    def rotations(self) -> int:
        return self.house.provider.rotations


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_login_that_is_good_is_used(desk: Desk) -> None:
    outcome = desk.ask()
    assert outcome.usage is not None
    assert [each.used_percent for each in outcome.usage.windows] == [58.0]
    assert (outcome.error, outcome.access_token, outcome.is_rate_limited) == (None, "access-1", False)
    assert desk.house.provider.requests == []


def test_the_accounts_own_proxy_is_used(desk: Desk) -> None:
    desk.house.write(desk.house.provider.newest, proxy_url="socks5://127.0.0.1:1080")
    desk.ask()
    assert desk.line.proxies == ["socks5://127.0.0.1:1080"]


def test_an_expired_login_is_renewed_before_it_is_used(desk: Desk) -> None:
    desk.house.expire()
    outcome = desk.ask()
    assert (outcome.usage is not None, outcome.error, outcome.access_token) == (True, None, "access-2")
    assert desk.line.tokens == ["access-2"]
    assert desk.house.pair() == desk.house.newest


def test_a_login_that_is_refused_is_renewed_once(desk: Desk) -> None:
    desk.line.script.append(REFUSED)
    outcome = desk.ask()
    assert (outcome.usage is not None, outcome.access_token) == (True, "access-2")
    assert desk.line.tokens == ["access-1", "access-2"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said(403, SCOPE), FailureKind.SCOPE_MISSING),
        (said(403, REVOKED), FailureKind.LOGIN_EXPIRED),
        (said(401, CLOSED), FailureKind.REFUSED),
        (said(403, b"<html>blocked</html>", {"content-type": "text/html"}), FailureKind.BLOCKED),
        (said(503, b"<html>blocked</html>", {"content-type": "text/html"}), FailureKind.BLOCKED),
        (said(500, {}), FailureKind.PROVIDER_DOWN),
        (said(529, {}), FailureKind.PROVIDER_DOWN),
        (said(302, b""), FailureKind.REFUSED),
        (said(404, b""), FailureKind.BAD_ANSWER),
        (said(200, b"<html>sign in</html>"), FailureKind.BAD_ANSWER),
        (said(200, b'{"five_hour": '), FailureKind.BAD_ANSWER),
        (said(200, {}), FailureKind.NO_WINDOWS),
        (fetch_error(FailureKind.NETWORK, "gone"), FailureKind.NETWORK),
    ],
)
def test_what_a_renewal_cannot_mend_leads_to_none(desk: Desk, answer: Response | FetchError, kind: FailureKind) -> None:
    before = desk.house.path.read_bytes()
    desk.line.script.append(answer)
    assert desk.kind() is kind
    assert desk.house.provider.requests == []
    assert desk.house.path.read_bytes() == before


def test_a_pause_is_told_with_its_length(desk: Desk) -> None:
    desk.line.script.append(said(429, {}, {"retry-after": "1600"}))
    outcome = desk.ask()
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.is_rate_limited, outcome.retry_after_s) == (
        FailureKind.RATE_LIMITED,
        True,
        1600,
    )
    assert outcome.access_token == "access-1"


def test_a_login_that_is_refused_although_new_is_not_renewed_again_and_again(desk: Desk) -> None:
    for _ in range(5):
        desk.line.script.extend([said(403, FORBIDDEN)] * 2)
        assert desk.kind() is FailureKind.REFUSED
        desk.line.script.clear()
    assert desk.rotations == 1
    assert desk.line.tokens == ["access-1"] + ["access-2"] * 5
    assert desk.ask().usage is not None


def test_but_it_is_when_its_time_has_come(desk: Desk) -> None:
    desk.line.script.extend([said(403, FORBIDDEN)] * 2)
    desk.ask()
    desk.house.expire()
    assert desk.ask().access_token == "access-3"


def test_and_when_it_was_good_in_between(desk: Desk) -> None:
    desk.line.script.extend([REFUSED] * 2)
    desk.ask()
    desk.ask()
    desk.line.script.append(REFUSED)
    assert desk.ask().access_token == "access-3"


def test_and_when_somebody_has_signed_in(desk: Desk) -> None:
    desk.line.script.extend([REFUSED] * 2)
    desk.ask()
    desk.house.write(desk.house.provider.sign_in())
    desk.line.script.append(REFUSED)
    assert desk.ask().access_token == "access-4"


@pytest.mark.parametrize(
    "more", [{"refresh_token": ""}, {"access_token": ""}, {"access_token": "", "refresh_token": ""}]
)
def test_a_file_without_one_of_the_tokens(desk: Desk, more: dict[str, object]) -> None:
    desk.house.write(desk.house.provider.newest, **more)
    desk.house.expire()
    if more.get("refresh_token") == "":
        assert desk.kind() is FailureKind.LOGIN_EXPIRED
        assert desk.line.tokens == []
    else:
        assert desk.ask().access_token == "access-2"


def test_a_setup_token_without_an_end_is_used_as_it_is(desk: Desk) -> None:
    desk.house.write(desk.house.provider.newest, refresh_token="", expired="")
    desk.house.expire()
    assert desk.ask().access_token == "access-1"


def test_nothing_is_renewed_against_the_users_will(tmp_path: Path) -> None:
    desk = Desk(tmp_path, renew_logins=False)
    desk.line.script.append(REFUSED)
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    desk.house.expire()
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    assert (desk.house.provider.requests, desk.line.tokens) == ([], ["access-1"])


def test_the_logins_of_others_are_never_renewed(desk: Desk) -> None:
    desk.house.write(desk.house.provider.newest, type="codex", account_id="a")
    desk.line.script.append(said(401, {"error": {"code": "token_expired"}}))
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    desk.house.expire()
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    assert (desk.house.provider.requests, desk.line.tokens) == ([], ["access-1"])
    assert not desk.house.state.exists()


def test_a_dead_login_is_the_users_to_renew(desk: Desk) -> None:
    desk.house.expire()
    desk.house.provider.sign_in()
    desk.house.clock.advance(86400)
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    assert desk.kind() is FailureKind.LOGIN_EXPIRED
    assert (len(desk.house.provider.requests), desk.line.tokens) == (1, [])


def test_what_is_withdrawn_is_not_asked_and_not_renewed(desk: Desk) -> None:
    desk.cancel_token.cancel()
    assert desk.kind() is FailureKind.NETWORK
    desk.house.expire()
    assert desk.kind() is FailureKind.NETWORK
    assert (desk.house.provider.requests, desk.line.tokens) == ([], [])


def test_a_token_refresh_under_way_is_not_cancelled_and_has_time_of_its_own(desk: Desk) -> None:
    desk.house.expire()
    desk.house.provider.script.append(lambda: desk.allowed_s.append(0.0))
    desk.house.provider.script.append(desk.cancel_token.cancel)
    assert desk.kind() is FailureKind.NETWORK
    assert desk.allowed_s == [TOKEN_REFRESH_S, 0.0, REQUEST_S]
    assert desk.house.pair() == desk.house.newest
    assert desk.line.tokens == []


def test_each_request_has_time_of_its_own(desk: Desk) -> None:
    desk.line.script.append(REFUSED)
    desk.ask()
    assert desk.allowed_s == [REQUEST_S, TOKEN_REFRESH_S, REQUEST_S]


def test_a_login_that_may_not_be_written_is_not_refreshed(desk: Desk) -> None:
    desk.house.expire()
    credential = replace(desk.house.credential(), writable=False)
    result = desk.fetcher(credential, desk.cancel_token, desk.allowed_s.append)
    assert result.error is not None
    assert result.error.kind is FailureKind.LOGIN_EXPIRED
    assert desk.house.provider.requests == []


@pytest.mark.parametrize("more", [{"disabled": True}, {"type": "codex"}])
def test_what_was_switched_off_meanwhile_is_not_renewed(desk: Desk, more: dict[str, object]) -> None:
    desk.line.script.append(lambda: desk.house.write(desk.house.provider.newest, **(MORE | more)))
    desk.line.script.append(REFUSED)
    assert desk.kind() is FailureKind.UNREADABLE_FILE
    assert desk.house.provider.requests == []


def test_a_pair_that_could_not_be_written_is_reported_beside_the_quotas(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.house.expire()
    with monkeypatch.context() as patched:
        unwritable(patched)
        for _ in range(3):
            outcome = desk.ask()
            assert outcome.usage is not None
            assert outcome.error is not None
            assert outcome.error.kind is FailureKind.UNREADABLE_FILE
            assert outcome.access_token == "access-2"
    outcome = desk.ask()
    assert (outcome.usage is not None, outcome.error) == (True, None)
    assert (desk.house.pair(), desk.rotations) == (desk.house.newest, 1)


def test_an_outcome_does_not_tell_the_token(desk: Desk) -> None:
    assert "access-1" not in repr(desk.ask())
