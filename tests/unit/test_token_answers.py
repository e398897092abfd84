"""What comes back for a refresh token: odd answers that hold a pair, and tokens that somebody else has spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import FetchError
from trayquota.core.model import FailureKind

from .token_files import START, Pair, TokenRig, kind_of, reply

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def expired(tmp_path: Path) -> TokenRig:
    token_rig = TokenRig(tmp_path)
    token_rig.expire()
    return token_rig


@pytest.mark.parametrize("looks", [0, 4, 25])
def test_a_login_is_called_expired_while_the_proxy_writes_its_new_pair(expired: TokenRig, looks: int) -> None:
    """The proxy has spent the token and needs a moment to write its file."""
    theirs = expired.provider.sign_in()
    pauses: list[float] = []

    def write_in_time() -> None:
        pauses.append(0)
        if len(pauses) == looks:
            expired.write(theirs)

    if not looks:
        expired.provider.script.append(lambda: expired.write(theirs))
    expired.closing.during = write_in_time
    assert expired.refresh().access_token == theirs.access
    assert expired.pair() == (theirs.access, theirs.refresh)
    assert len(expired.provider.requests) == 1


def test_a_token_is_called_dead_sooner_or_later_than_after_three_seconds(expired: TokenRig) -> None:
    expired.provider.sign_in()
    with pytest.raises(FetchError):
        expired.refresh()
    assert sum(expired.closing.waits) == pytest.approx(3)


def test_a_token_is_called_dead_although_the_program_could_not_wait_for_the_proxy(expired: TokenRig) -> None:
    expired.provider.sign_in()
    expired.closing.during = expired.closing.set
    assert kind_of(expired) is FailureKind.NETWORK
    expired.start()
    with pytest.raises(FetchError):
        expired.refresh()
    assert len(expired.provider.requests) == 2


def test_an_unusable_access_token_costs_the_refresh_token_beside_it(expired: TokenRig) -> None:
    body = {"access_token": "two\r\nlines", "refresh_token": "new-key", "expires_in": 28800}
    expired.provider.script.append(reply(body))
    with pytest.raises(FetchError) as caught:
        expired.refresh()
    assert caught.value.failure.kind is FailureKind.PROVIDER_DOWN
    assert expired.pair() == ("access-1", "new-key")
    assert expired.credential().login.is_expired(expired.clock())
    with pytest.raises(FetchError):
        expired.refresh()
    assert len(expired.provider.requests) == 1, "it is not sent again and again"
    expired.clock.advance(300)
    expired.provider.newest = Pair("", "new-key", START)
    assert expired.refresh().access_token == expired.provider.newest.access


@pytest.mark.parametrize("token", ["x" * 20000, "x" * 200000])
def test_a_long_refresh_token_is_lost(expired: TokenRig, token: str) -> None:
    expired.provider.script.append(reply({"access_token": "fresh", "refresh_token": token}))
    expired.refresh()
    assert expired.pair() == ("fresh", token)
    assert expired.credential().problem is None
    expired.expire()
    expired.provider.newest = Pair("fresh", token, START)
    assert expired.refresh().access_token == expired.provider.newest.access


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"access_token": "fresh", "refresh_token": "new-key"}',
        b'{"access_token": "fresh", "refresh_token": "new-key"}\n<!-- x -->',
        b'{"access_token": "fresh", "refresh_token": "new-key", "expires_in": 28',
        b'{"data": {"access_token": "fresh", "refresh_token": "new-key"}}',
        b'{"accessToken": "fresh", "refreshToken": "new-key"}',
    ],
)
def test_a_pair_in_an_odd_answer_is_lost(expired: TokenRig, body: bytes) -> None:
    expired.provider.script.append(reply(body, 201))
    expired.refresh()
    assert expired.pair() == ("fresh", "new-key")
