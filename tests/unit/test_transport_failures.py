"""What the transport makes of answers that nobody should send, and of lines that break."""

from __future__ import annotations

import gzip
import logging
import socket
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.net import exchange as exchange_module
from trayquota.net.exchange import LARGEST_BYTES

from .loopback_servers import Server, answer, chunked, failure_of, get, packed, post, transport_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.providers.base import Request

    from .loopback_servers import Visit

ENDLESS = 600.0
DAMAGED = FailureKind.BAD_ANSWER
HEAD = b"HTTP/1.1 200 OK\r\n"


pytestmark = pytest.mark.usefixtures("nothing_is_left")


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 0.3)


def kind_of(*answers: bytes | Callable[[Visit], object]) -> FailureKind:
    with Server(*answers) as server, transport_to(server) as transport:
        kind = failure_of(transport, get()).failure.kind
        # Whatever it was, the next one is asked as if nothing had been.
        server.answers[:] = [answer(b"fine")]
        assert transport.send(get()).body == b"fine"
        return kind


# Too much.


def flood(piece: bytes, *headers: bytes) -> Callable[[Visit], object]:
    def send(visit: Visit) -> None:
        visit.send(HEAD + b"\r\n".join(headers) + b"\r\n\r\n")
        for _ in range(40 << 20 >> 16):
            if not visit.send(piece):
                return

    return send


@pytest.mark.parametrize(
    "large",
    [
        flood(bytes(1 << 16), b"Content-Length: 41943040"),
        flood(b"10000\r\n" + bytes(1 << 16) + b"\r\n", b"Transfer-Encoding: chunked"),
        flood(bytes(1 << 16)),
        flood(b"x" * (1 << 16), b"Content-Type: text/html"),
    ],
)
def test_an_oversize_answer_is_not_read_to_its_end(large: Callable[[Visit], object]) -> None:
    with Server(large) as server, transport_to(server) as transport:
        assert failure_of(transport, get()).failure.kind is DAMAGED
    assert server.sent < 40 << 20


@pytest.mark.parametrize(
    "bomb",
    [
        packed(bytes(256 << 20)),
        answer(gzip.compress(gzip.compress(bytes(256 << 20))), "200 OK", "Content-Encoding: gzip, gzip"),
        chunked(gzip.compress(bytes(64 << 20))).replace(b"chunked", b"chunked\r\nContent-Encoding: gzip"),
    ],
    ids=["gzip", "twice", "chunked"],
)
def test_a_gzip_bomb_takes_no_memory(bomb: bytes) -> None:
    with Server(bomb) as server, transport_to(server) as transport:
        tracemalloc.start()
        try:
            assert failure_of(transport, get()).failure.kind is DAMAGED
            assert tracemalloc.get_traced_memory()[1] < 8 * LARGEST_BYTES
        finally:
            tracemalloc.stop()


def test_what_follows_a_gzip_body_is_not_collected() -> None:
    whole = gzip.compress(b"{}")

    def send(visit: Visit) -> None:
        visit.send(HEAD + b"Content-Encoding: gzip\r\n\r\n" + whole)
        while visit.send(bytes(1 << 16)):
            pass

    assert kind_of(send) is DAMAGED


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"x" * 70000 + b"\r\n",
        b"".join(b"X-%d: x\r\n" % each for each in range(200)),
        b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 70000,
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
    ],
)
def test_oversize_headers_and_chunks_are_a_network_failure(head: bytes) -> None:
    assert kind_of(lambda visit: visit.send(HEAD + head) and visit.leave()) is FailureKind.NETWORK


# Damaged.


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"not packed at all", "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(b"{}" * 1000)[:-9], "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(b"{}")[:5], "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(b"{}")[:-4] + b"abcd", "200 OK", "Content-Encoding: gzip"),
        answer(gzip.compress(b"{}") + b"more", "200 OK", "Content-Encoding: gzip"),
        answer(zlib.compress(b"{}"), "200 OK", "Content-Encoding: deflate"),
        answer(b"{}", "200 OK", "Content-Encoding: br"),
        answer(b"{}", "200 OK", "Content-Encoding: " + "gzip, " * 1000),
        packed(b"{}", "gzip, gzip"),
    ],
)
def test_a_damaged_or_unknown_encoding_is_a_bad_answer(sent: bytes) -> None:
    assert kind_of(sent) is DAMAGED


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEAD,
        HEAD + b"Content-Len",
        HEAD + b"Content-Length: 2\r\n",
        HEAD + b"Content-Length: 100\r\n\r\n{}",
        chunked(b"{}", end=b""),
        chunked(b"{}", end=b"ff\r\nshort"),
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 99 Odd\r\n\r\n",
        b"\0" * 1000,
        b"\x15\x03\x01\x00\x02\x02\x28",
    ],
)
def test_an_answer_that_breaks_off_is_a_network_failure(sent: bytes) -> None:
    assert kind_of(lambda visit: (visit.send(sent), visit.leave())) is FailureKind.NETWORK


@pytest.mark.parametrize("before", [b"", HEAD, HEAD + b"Content-Length: 10\r\n\r\n12345"])
def test_a_connection_that_is_reset_is_a_network_failure(before: bytes) -> None:
    assert kind_of(lambda visit: (visit.send(before), visit.reset())) is FailureKind.NETWORK


def test_a_refused_connection_is_a_network_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with transport_to() as transport:
        assert failure_of(transport, get(f"https://127.0.0.1:{port}/")).failure.kind is FailureKind.NETWORK


def test_an_unknown_host_is_said_to_be_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with transport_to() as transport:
        failure = failure_of(transport, get()).failure
    assert failure.kind is FailureKind.NETWORK
    assert "address was not found" in failure.message


# Slow.


SLOW: list[Callable[[Visit], object]] = [
    lambda visit: visit.wait(),
    lambda visit: visit.drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10000),
    lambda visit: visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n") and visit.drip(b" " * 100000),
    lambda visit: visit.send(b"HTTP/1.1 200 OK\r\n\r\n") and visit.drip(b" " * 100000),
    lambda visit: visit.drip(chunked(*[b" "] * 100000)),
    lambda visit: visit.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 100000),
    lambda visit: (
        visit.send(HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10])
        and visit.drip(b"\0\0\0\xff\xff" * 100000)
    ),
]


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("slow", SLOW)
@pytest.mark.parametrize("request_", [get(), post()], ids=["get", "post"])
def test_a_slow_answer_ends_at_the_deadline_however_it_drips(
    slow: Callable[[Visit], object], request_: Request
) -> None:
    with Server(slow) as server, transport_to(server) as transport:
        failure = failure_of(transport, request_).failure
    assert failure.kind is FailureKind.NETWORK
    assert "No answer in time" in failure.message
    assert len(server.requests) == 1


@pytest.mark.usefixtures("_impatient")
def test_an_unanswered_handshake_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "_CONNECT_S", 0.3)
    with Server(lambda visit: visit.wait()) as server, transport_to() as transport:
        failure = failure_of(transport, get(f"https://localhost:{server.port}/")).failure
    assert failure.kind is FailureKind.NETWORK


# What is said of it.


def test_a_failure_contains_nothing_of_its_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    request = get("https://api.example.com/usage?canary", {"Authorization": "Bearer canary\r\n"})
    with Server(lambda visit: visit.leave(), lambda visit: visit.reset()) as server, transport_to(server) as transport:
        for each in (request, get(headers={"X": "canary"}), post(b"canary")):
            error = failure_of(transport, each)
            assert "canary" not in f"{error}{error.args}{error!r}{error.failure}"
            # The libraries' own errors hold the request; none of them hangs on ours.
            assert (error.__cause__, error.__context__) == (None, None)
    assert "Authorization" not in caplog.text
    assert "Bearer" not in caplog.text
