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
from .token_files import START, Pair, Provider, TokenRig, reply, unwritable

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
def token_rig(tmp_path: Path) -> TokenRig:
    token_rig = TokenRig(tmp_path)
    token_rig.provider = CanaryProvider(token_rig.clock)
    token_rig.path = token_rig.path.rename(token_rig.path.with_name(f"claude-{EMAIL}.json"))
    token_rig.write(token_rig.provider.sign_in(), **MORE)
    token_rig.start()
    token_rig.expire()
    return token_rig


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


def caught(token_rig: TokenRig) -> FetchError:
    with pytest.raises(FetchError) as info:
        token_rig.refresh()
    return info.value


# What objects say of themselves.


def objects() -> list[object]:
    """Every object of the program that there is."""
    gc.collect()
    own = (trayquota.__name__, f"{trayquota.__name__}.")
    return [each for each in gc.get_objects() if str(type(each).__module__).startswith(own)]


def test_no_object_of_the_program_shows_a_token(token_rig: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, str] = {}

    def look(*_: object) -> None:
        # The collector does not know an object that can be in no cycle.
        for each in (*objects(), credential.login):
            seen[f"{type(each).__module__}.{type(each).__qualname__}"] = repr(each)
            assert not [token for token in TOKENS if token in repr(each)], type(each)

    credential = token_rig.credential()
    fetcher = Fetcher(UsageEndpoint(token_rig).send, token_rig.manager, token_rig.clock)
    token_rig.provider.script.append(look)
    monkeypatch.setattr(writer, "sync_folder", look)
    outcome = fetcher(credential, CancelToken(), lambda _s: None)
    held = [token_rig.store, outcome, PROVIDER.refresh_request(REFRESH), credential]
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
def test_a_token_refresh_that_is_refused(token_rig: TokenRig, said_by_the_provider: Response) -> None:
    token_rig.provider.script.extend([said_by_the_provider] * 3)
    assert_discreet(told_by(caught(token_rig)))
    # What is remembered of it is a fingerprint.
    token_rig.store.save({}, token_rig.clock())
    state = (token_rig.state / "state.json").read_text()
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
def test_a_file_that_is_no_good(token_rig: TokenRig, content: bytes) -> None:
    credential = token_rig.credential()
    token_rig.path.write_bytes(content)
    with pytest.raises(FetchError) as info:
        token_rig.manager.refresh(credential, credential.login)
    assert_discreet(told_by(info.value))


def test_a_file_that_cannot_be_written(token_rig: TokenRig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        unwritable(patched)
        token_rig.refresh()
        warning = token_rig.manager.current_tokens(token_rig.credential())[1]
    assert warning is not None
    assert_discreet(repr(warning))
    (journal,) = token_rig.journals()
    assert_discreet(str(journal.name))
    if sys.platform != "win32":
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600
        assert stat.S_IMODE(journal.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(token_rig.state.stat().st_mode) == 0o700
    token_rig.store.save({}, token_rig.clock())
    assert_discreet((token_rig.state / "state.json").read_text())


def test_a_state_folder_that_cannot_be_written(token_rig: TokenRig) -> None:
    token_rig.state.mkdir(exist_ok=True)
    (token_rig.state / "renewals").write_text("")
    assert_discreet(told_by(caught(token_rig)))


def test_a_pair_that_cannot_be_put_away(token_rig: TokenRig) -> None:
    """The errors of the writing itself, before anybody has made a failure of them."""
    spent = token_rig.content()["refresh_token"].encode()
    token_rig.refresh()
    for content in (b"", b"[]", REFRESH.encode(), b'{"type": "claude", "refresh_token": "%s", "x": 1e999}' % spent):
        token_rig.path.write_bytes(content)
        with pytest.raises(TokenWriteError) as info:
            writer.write_tokens(token_rig.path, token_rig.manager.files.successor, token_rig.state)
        assert_discreet(told_by(info.value).replace(EMAIL, ""))


STATUSES = [200, 204, 301, 302, 400, 401, 402, 403, 404, 407, 418, 429, 500, 503, 529]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_an_answer_of_any_kind(token_rig: TokenRig, status: int, kind: str) -> None:
    line = UsageEndpoint(token_rig)
    body = {"error": {"message": f"{ACCESS} {EMAIL}", "type": ACCESS}, "plan_type": EMAIL}
    line.script.append(usage_reply(status, body, {"content-type": kind, "retry-after": ACCESS, "location": ACCESS}))
    token_rig.write(token_rig.provider.newest, type="codex", email=EMAIL, expired="")
    outcome = Fetcher(line.send, token_rig.manager, token_rig.clock)(
        token_rig.credential(), CancelToken(), lambda _s: None
    )
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
def test_a_line_that_breaks(token_rig: TokenRig, broken: Visit) -> None:
    token_rig.write(token_rig.provider.newest, email=EMAIL, expired="")
    with nothing_left_behind(), Server(broken) as server, transport_to(server) as transport:  # type: ignore[arg-type]
        for request in (
            facts.requests(PROVIDER, token_rig.credential().login)[0],
            PROVIDER.refresh_request(REFRESH),
        ):
            server.answers[:] = [broken]  # type: ignore[list-item]
            with pytest.raises(FetchError) as info:
                facts.fetched(PROVIDER, transport.send(request))
            assert_discreet(told_by(info.value))
            assert info.value.__context__ is None or info.value.__suppress_context__
