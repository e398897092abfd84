"""Canary tokens and addresses are planted everywhere, and looked for wherever they must not be."""

from __future__ import annotations

import gc
import json
import logging
import stat
import sys
import traceback
from typing import TYPE_CHECKING

import pytest

import trayquota
from trayquota.core.credential import Tokens
from trayquota.core.errors import FetchError, TokenWriteError
from trayquota.engine.fetcher import Fetcher
from trayquota.net.cancellation import CancelToken
from trayquota.providers.base import Request, Response
from trayquota.providers.claude import PROVIDER
from trayquota.tokens import writer
from trayquota.tokens.pending_tokens import PendingTokens

from . import facts
from .fetcher_rig import UsageEndpoint
from .fetcher_rig import reply as usage_reply
from .loopback_servers import Server, answer, nothing_left_behind, transport_to
from .token_files import START, House, Pair, Provider, reply, unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from .loopback_servers import Visit

ACCESS = "canary-access-0123456789"
REFRESH = "canary-refresh-0123456789"
EMAIL = "canary.person@example.com"
SECRETS = (ACCESS, REFRESH, EMAIL, "canary")
TOKENS = ("canary-access", "canary-refresh", "canary-password", "canary-account")
MORE: dict[str, object] = {
    "email": EMAIL,
    "account_uuid": "canary-account-uuid",
    "proxy_url": "http://canary:canary-password@127.0.0.1:1",
}


class CanaryProvider(Provider):
    """Every token of its is a canary."""

    def sign_in(self) -> Pair:
        pair = super().sign_in()
        self.newest = Pair(f"{ACCESS}-{pair.access}", f"{REFRESH}-{pair.refresh}", pair.expired)
        return self.newest


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.provider = CanaryProvider(house.clock)
    house.path = house.path.rename(house.path.with_name(f"claude-{EMAIL}.json"))
    house.write(house.provider.sign_in(), **MORE)
    house.start()
    house.expire()
    return house


@pytest.fixture(autouse=True)
def _every_log_is_read(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a test does, no log of anybody's holds a canary."""
    caplog.set_level(logging.DEBUG)
    yield
    caught = [*caplog.get_records("setup"), *caplog.get_records("call")]
    formatter = logging.Formatter("%(message)s")
    for record in caught:
        for secret in SECRETS:
            assert secret not in formatter.format(record), record.name


def told_by(error: BaseException) -> str:
    """All that an error shows to somebody who prints it."""
    parts = [str(error), repr(error), repr(error.args), *traceback.format_exception(error)]
    if isinstance(error, FetchError):
        parts += [repr(error.failure), error.failure.message, str(error.failure.kind)]
    return "\n".join(parts)


def assert_discreet(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


def caught(house: House) -> FetchError:
    with pytest.raises(FetchError) as info:
        house.refresh()
    return info.value


# What objects say of themselves.


def objects() -> list[object]:
    """Every object of the program that there is."""
    gc.collect()
    own = (trayquota.__name__, f"{trayquota.__name__}.")
    return [each for each in gc.get_objects() if str(type(each).__module__).startswith(own)]


def test_no_object_of_the_program_shows_a_token(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def look(*_: object) -> None:
        # The collector does not know an object that can be in no cycle.
        for each in (*objects(), credential.login):
            seen[f"{type(each).__module__}.{type(each).__qualname__}"] = repr(each)
            assert not [token for token in TOKENS if token in repr(each)], type(each)

    credential = house.credential()
    fetcher = Fetcher(UsageEndpoint(house).send, house.manager, house.clock)
    house.provider.script.append(look)
    monkeypatch.setattr(writer, "sync_folder", look)
    outcome = fetcher(credential, CancelToken(), lambda _s: None)
    held = [house.store, outcome, PROVIDER.refresh_request(REFRESH), credential]
    look()
    assert len(held) == 4
    assert {
        "Credential",
        "Tokens",
        "Request",
        "Reservation",
        "TokenManager",
        "Fetcher",
        "FetchResult",
        "CancelToken",
    } <= {name.rpartition(".")[2] for name in seen}


@pytest.mark.parametrize(
    "each",
    [
        Request("GET", "https://api.example.com/", {"Authorization": ACCESS}, REFRESH.encode()),
        Response(200, {"set-cookie": ACCESS}, REFRESH.encode(), START),
        PROVIDER.read_refresh(reply({"access_token": ACCESS, "refresh_token": REFRESH})),
        PendingTokens(f"/{ACCESS}.json", "", "", ACCESS, REFRESH, "", ""),
        Tokens(ACCESS, REFRESH, account_id=ACCESS, proxy_url=ACCESS),
    ],
)
def test_messages_do_not_show_what_they_carry(each: object) -> None:
    assert_discreet(repr(each))


# What failures say.

ANSWERS = [
    reply({"error": "invalid_grant", "error_description": f"{REFRESH} of {EMAIL}"}, 400),
    reply({"error": f"{REFRESH}"}, 400),
    reply({"error": {"message": EMAIL}}, 401),
    reply(f"<html>{EMAIL} {REFRESH}".encode(), 403),
    reply({"message": REFRESH}, 429, retry_after=REFRESH),
    reply({"message": REFRESH}, 500),
    reply(REFRESH.encode()),
    reply({"access_token": f"{ACCESS}\n"}),
    reply({"access_token": [ACCESS]}),
    reply(b"["),
]


@pytest.mark.parametrize("said_by_the_provider", ANSWERS)
def test_a_token_refresh_that_is_refused(house: House, said_by_the_provider: Response) -> None:
    house.provider.script.extend([said_by_the_provider] * 3)
    assert_discreet(told_by(caught(house)))
    # What is remembered of it is a fingerprint.
    house.store.save({}, house.clock())
    state = (house.state / "state.json").read_text()
    assert_discreet(state)
    for name in json.loads(state)["refresh_backoffs"]:
        assert len(bytes.fromhex(name)) == 32


@pytest.mark.parametrize(
    "content",
    [
        b"",
        f'{{"type": "claude", "refresh_token": "{REFRESH}'.encode(),
        f'["{REFRESH}"]'.encode(),
        f'{{"type": "claude", "refresh_token": "{REFRESH}\\n", "email": "{EMAIL}"}}'.encode(),
        f'{{"type": "claude", "token": {{"refresh_token": "{REFRESH}"}}}}'.encode(),
        f'{{"type": "codex", "refresh_token": "{REFRESH}"}}'.encode(),
        f'{{"type": "claude", "refresh_token": "{REFRESH}", "x": 1e999}}'.encode(),
        b"\xff" + REFRESH.encode(),
    ],
)
def test_a_file_that_is_no_good(house: House, content: bytes) -> None:
    credential = house.credential()
    house.path.write_bytes(content)
    with pytest.raises(FetchError) as info:
        house.manager.refresh(credential, credential.login)
    assert_discreet(told_by(info.value))


def test_a_file_that_cannot_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        house.refresh()
        warning = house.manager.current_tokens(house.credential())[1]
    assert warning is not None
    assert_discreet(repr(warning))
    (journal,) = house.journals()
    assert_discreet(str(journal.name))
    if sys.platform != "win32":
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(house.state.stat().st_mode) == 0o700
    house.store.save({}, house.clock())
    assert_discreet((house.state / "state.json").read_text())


def test_a_state_folder_that_cannot_be_written(house: House) -> None:
    house.state.mkdir(exist_ok=True)
    (house.state / "renewals").write_text("")
    assert_discreet(told_by(caught(house)))


def test_a_pair_that_cannot_be_put_away(house: House) -> None:
    """The errors of the writing itself, before anybody has made a failure of them."""
    spent = house.content()["refresh_token"].encode()
    house.refresh()
    for content in (b"", b"[]", REFRESH.encode(), b'{"type": "claude", "refresh_token": "%s", "x": 1e999}' % spent):
        house.path.write_bytes(content)
        with pytest.raises(TokenWriteError) as info:
            writer.write_tokens(house.path, house.manager.files.successor, house.state)
        assert_discreet(told_by(info.value).replace(EMAIL, ""))


STATUSES = [200, 204, 301, 302, 400, 401, 402, 403, 404, 407, 418, 429, 500, 503, 529]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_an_answer_of_any_kind(house: House, status: int, kind: str) -> None:
    line = UsageEndpoint(house)
    body = {"error": {"message": f"{ACCESS} {EMAIL}", "type": ACCESS}, "plan_type": EMAIL}
    line.script.append(usage_reply(status, body, {"content-type": kind, "retry-after": ACCESS, "location": ACCESS}))
    house.write(house.provider.newest, type="codex", email=EMAIL, expired="")
    outcome = Fetcher(line.send, house.manager, house.clock)(house.credential(), CancelToken(), lambda _s: None)
    assert outcome.error is not None
    assert_discreet(repr(outcome.error))


BROKEN = [
    lambda visit: visit.leave(),
    lambda visit: visit.reset(),
    lambda visit: visit.send(f"HTTP/1.1 200 {EMAIL}\r\n".encode()) and visit.leave(),
    lambda visit: visit.send(f"{EMAIL} {ACCESS}\r\n\r\n".encode()) and visit.leave(),
    lambda visit: visit.send(answer(b"[" * (2 << 20), "200 OK", f"X-{ACCESS}: x")),
    lambda visit: visit.send(answer(ACCESS.encode(), "200 OK", "Content-Encoding: gzip")),
    lambda visit: visit.send(answer(b"x", f"302 {EMAIL}", f"Location: https://{ACCESS}.example.com/")),
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_line_that_breaks(house: House, broken: Visit) -> None:
    house.write(house.provider.newest, email=EMAIL, expired="")
    with nothing_left_behind(), Server(broken) as server, transport_to(server) as transport:  # type: ignore[arg-type]
        for request in (
            facts.requests(PROVIDER, house.credential().login)[0],
            PROVIDER.refresh_request(REFRESH),
        ):
            server.answers[:] = [broken]  # type: ignore[list-item]
            with pytest.raises(FetchError) as info:
                facts.fetched(PROVIDER, transport.send(request))
            assert_discreet(told_by(info.value))
            assert info.value.__context__ is None or info.value.__suppress_context__
