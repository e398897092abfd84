"""The answer to a request that cannot be sent again: whatever arrives of it counts, however it ends."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trayquota.core.errors import FetchError
from trayquota.net import exchange as exchange_module
from trayquota.net.salvage import salvage

from .loopback_servers import Server, answer, chunked, packed, post, transport_to
from .token_files import START

if TYPE_CHECKING:
    from collections.abc import Callable

    from .loopback_servers import Visit

PAIR = b'{"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 28800}'
HEAD = b"HTTP/1.1 200 OK\r\n"
TOO_LONG = HEAD + b"Content-Length: %d\r\n\r\n" % (len(PAIR) + 2) + PAIR
TOO_SHORT = HEAD + b"Content-Length: 10\r\n\r\n" + PAIR
NO_LAST_CHUNK = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(PAIR) + PAIR + b"\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"


pytestmark = pytest.mark.usefixtures("nothing_is_left")


def body_of(*answers: bytes | Callable[[Visit], object]) -> bytes:
    with Server(*answers) as server, transport_to(server) as transport:
        body = transport.send(replace(post(), is_irreversible=True)).body
        assert len(server.requests) == 1, "it was sent again"
    return body


@pytest.mark.parametrize(
    "data",
    [
        answer(PAIR),
        answer(PAIR, "201 Created"),
        TOO_LONG,
        TOO_SHORT,
        NO_LAST_CHUNK,
        NO_LAST_CHUNK + b"garbage",
        INTERIM + INTERIM + answer(PAIR),
        b"HTTP/1.1 102 Processing\r\n\r\n" + NO_LAST_CHUNK,
        packed(PAIR),
        answer(gzip.compress(PAIR) + bytes(8), "200 OK", "Content-Encoding: gzip"),
        answer(zlib.compress(PAIR), "200 OK", "Content-Encoding: deflate"),
        answer(gzip.compress(PAIR)[:-4], "200 OK", "Content-Encoding: gzip"),
        answer(PAIR, "200 OK", "Content-Encoding: gzip"),
        answer(PAIR, "200 OK", "Content-Encoding: br"),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + PAIR,
        chunked(PAIR[:10], PAIR[10:]),
        PAIR,
        b"ICY 200 OK\r\n\r\n" + PAIR,
        b"HTTP/2 200\r\nContent-Length: %d\r\n\r\n" % len(PAIR) + PAIR,
        TOO_LONG.replace(b"\r\n", b"\n"),
        answer(PAIR, "200 OK", *(f"X-{number}: {'x' * 100}" for number in range(150))),
        answer(PAIR, "200 OK", "X: " + "x" * 70_000),
        answer(gzip.compress(PAIR)),
    ],
)
def test_a_pair_that_came_is_thrown_away(data: bytes) -> None:
    assert body_of(data) == PAIR


def test_a_pair_in_a_chunk_of_no_length_is_thrown_away() -> None:
    assert PAIR in body_of(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + PAIR + b"\r\n0\r\n\r\n")


@pytest.mark.parametrize("data", [TOO_LONG, NO_LAST_CHUNK])
@pytest.mark.parametrize("end", ["wait", "reset", "leave"])
def test_a_pair_is_thrown_away_because_of_how_its_connection_ended(data: bytes, end: str) -> None:
    """A server that stalls is not waited for either: there is nothing more to come."""

    def serve(visit: Visit) -> None:
        visit.send(data)
        getattr(visit, end)()

    assert body_of(serve) == PAIR


def test_an_answer_that_takes_longer_than_others_may_is_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 0.05)

    def serve(visit: Visit) -> None:
        visit.server.closing.wait(0.2)
        visit.send(answer(PAIR))

    assert body_of(serve) == PAIR


def test_it_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "IRREVERSIBLE_DEADLINE_S", 0.05)
    with Server(lambda visit: visit.wait()) as server, transport_to(server) as transport, pytest.raises(FetchError):
        transport.send(replace(post(), is_irreversible=True))


@pytest.mark.parametrize("data", [TOO_LONG, NO_LAST_CHUNK])
def test_any_other_answer_is_believed_though_its_end_is_missing(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 0.2)
    with Server(data) as server, transport_to(server) as transport, pytest.raises(FetchError):
        transport.send(post())


@given(st.integers(0, len(NO_LAST_CHUNK)))
def test_what_has_come_so_far_is_not_what_is_returned(size: int) -> None:
    start = NO_LAST_CHUNK.index(PAIR)
    found = salvage(NO_LAST_CHUNK[:size], START)
    body = found.body if found is not None else b""
    assert body == PAIR[: max(0, size - start)]


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_an_accident(data: bytes) -> None:
    salvage(data, START)
    salvage(HEAD + b"Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n" + data, START)


def test_an_answer_fills_the_memory() -> None:
    bomb = answer(gzip.compress(bytes(64 << 20)), "200 OK", "Content-Encoding: gzip")
    found = salvage(bomb, START)
    assert found is not None
    assert len(found.body) <= 1 << 20
