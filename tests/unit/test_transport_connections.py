"""Connections that are kept, not kept, and lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.net import connections

from .loopback_servers import (
    CERTIFICATE,
    Server,
    answer,
    chunked,
    failure_of,
    get,
    packed,
    post,
    transport_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .loopback_servers import Visit


pytestmark = pytest.mark.usefixtures("nothing_is_left")


# Kept.


def test_a_connection_is_reused_by_whichever_thread_sends_next() -> None:
    answers = [answer(b"1"), packed(b"2"), chunked(b"3"), answer(b""), answer(b"5", "401 No"), answer(b"6")]
    with Server(*answers) as server, transport_to(server) as transport:
        for expected in (b"1", b"2", b"3", b"", b"5", b"6"):
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(transport.send, get()).result().body == expected
    assert (server.visitors, len(server.requests)) == (1, 6)


def test_a_tls_connection_is_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "*")
    with Server(*[answer()] * 3, tls=True) as server, transport_to() as transport:
        for _ in range(3):
            transport.send(get(f"https://localhost:{server.port}/"))
    assert server.visitors == 1


def test_a_connection_with_an_unread_rest_is_not_reused() -> None:
    with Server(answer(bytes(2 << 20)), answer(b"fine")) as server, transport_to(server) as transport:
        assert failure_of(transport, get()).failure.kind is FailureKind.BAD_ANSWER
        assert transport.send(get()).body == b"fine"
    assert server.visitors == 2


def test_refreshes_open_no_more_connections_than_threads() -> None:
    with Server(*[answer()] * 12) as server, transport_to(server) as transport, ThreadPoolExecutor(4) as pool:
        together = threading.Barrier(4)

        def ask() -> None:
            together.wait()
            transport.send(get())

        for _ in range(3):
            for each in [pool.submit(ask) for _ in range(4)]:
                each.result()
    assert server.visitors <= 4
    assert len(server.requests) == 12


# Not kept, for the next answer might be somebody else's.

ODD = {
    "an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"1"),
    "another kind of interim answer": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(b"1"),
    "no content": answer(b"", "204 None"),
    "not modified": answer(b"", "304 Not Modified"),
    "more than was announced": answer(b"1") + b"1",
    "two answers": answer(b"1") + answer(b"of somebody else"),
    "more after the last chunk": chunked(b"1") + answer(b"of somebody else"),
    "a body where there is none": answer(b"of somebody else", "204 None"),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_a_host_that_sent_an_odd_answer_gets_a_new_connection_for_each_request(odd: bytes) -> None:
    with Server(odd, *[answer(b"2")] * 3) as server, transport_to(server) as transport:
        transport.send(get())
        for _ in range(3):
            assert transport.send(get()).body == b"2"
    assert (server.visitors, len(server.requests)) == (4, 4)


def test_the_final_answer_is_read_after_any_interim_ones() -> None:
    interim = b"".join(b"HTTP/1.1 %d Wait\r\nX: y\r\n\r\n" % status for status in (100, 102, 103, 199))
    with Server(interim + answer(b"final")) as server, transport_to(server) as transport:
        response = transport.send(get())
    assert (response.status, response.body) == (200, b"final")


def test_an_answer_that_comes_unasked_over_a_kept_connection_is_given_to_nobody() -> None:
    late = threading.Event()

    def twice(visit: Visit) -> None:
        visit.send(answer(b"1"))
        late.wait()
        visit.send(answer(b"of somebody else"))
        sent.set()

    sent = threading.Event()
    with Server(twice, *[answer(b"2")] * 2) as server, transport_to(server) as transport:
        assert transport.send(get()).body == b"1"
        late.set()
        sent.wait()
        assert [transport.send(get()).body for _ in range(2)] == [b"2", b"2"]
    assert server.visitors == 3


@pytest.mark.parametrize(
    "odd",
    [
        answer(b"of somebody else") + answer(b"late"),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"of somebody else"),
        b"the rest of somebody else's answer\r\n",
    ],
)
def test_a_doubtful_answer_on_a_kept_connection_is_thrown_away_and_the_request_repeated(odd: bytes) -> None:
    with Server(answer(b"1"), odd, *[answer(b"2")] * 2) as server, transport_to(server) as transport:
        assert [transport.send(get()).body for _ in range(3)] == [b"1", b"2", b"2"]
    assert (server.visitors, len(server.requests)) == (3, 4)


def test_what_breaks_off_may_go_on_later_so_its_host_s_connections_are_not_kept() -> None:
    with (
        Server(lambda visit: visit.send(answer(b"12345")[:-1]) and visit.leave(), *[answer(b"2")] * 2) as server,
        transport_to(server) as transport,
    ):
        assert failure_of(transport, get()).failure.kind is FailureKind.NETWORK
        assert [transport.send(get()).body for _ in range(2)] == [b"2", b"2"]
    assert server.visitors == 3


def test_an_oversize_answer_is_no_reason_to_distrust_its_host() -> None:
    answers = [answer(bytes(2 << 20)), *[answer(b"2")] * 2]
    with Server(*answers) as server, transport_to(server) as transport:
        assert failure_of(transport, get()).failure.kind is FailureKind.BAD_ANSWER
        assert [transport.send(get()).body for _ in range(2)] == [b"2", b"2"]
    assert server.visitors == 2


def test_a_kept_tls_connection_survives_the_look_whether_it_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "*")
    with (
        Server(answer(b"1"), answer(b"2"), answer(b"x") + answer(b"y"), *[answer(b"3")] * 2, tls=True) as server,
        transport_to() as transport,
    ):
        url = f"https://localhost:{server.port}/"
        assert [transport.send(get(url)).body for _ in range(4)] == [b"1", b"2", b"3", b"3"]
    assert server.visitors == 3


# Lost.


def test_a_connection_that_the_server_closed_is_replaced() -> None:
    closing = answer(b"1", "200 OK", "Connection: close")
    with Server(closing, answer(b"2"), lambda visit: visit.leave()) as server, transport_to(server) as transport:
        assert [transport.send(get()).body for _ in range(2)] == [b"1", b"2"]
    assert server.visitors == 2


@pytest.mark.parametrize("end", [lambda visit: visit.leave(), lambda visit: visit.reset()], ids=["closed", "reset"])
def test_a_kept_connection_that_dies_is_replaced_and_the_request_repeated(
    end: Callable[[Visit], object],
) -> None:
    with Server(answer(b"1"), end, answer(b"2")) as server, transport_to(server) as transport:
        assert [transport.send(get()).body for _ in range(2)] == [b"1", b"2"]
    assert (server.visitors, len(server.requests)) == (2, 3)


def test_a_kept_connection_without_an_answer_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FIRST_BYTE_S", 0.1)
    with Server(answer(b"1"), lambda visit: visit.wait(), answer(b"2")) as server, transport_to(server) as transport:
        assert [transport.send(get()).body for _ in range(2)] == [b"1", b"2"]
    assert (server.visitors, len(server.requests)) == (2, 3)


def test_a_kept_connection_that_answers_slowly_has_the_whole_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "FIRST_BYTE_S", 0.05)
    slow = answer(b"slow" * 20)
    answers = (answer(b"1"), lambda visit: visit.drip(slow), answer(b"2"))
    with Server(*answers) as server, transport_to(server) as transport:
        assert [transport.send(get()).body for _ in range(3)] == [b"1", b"slow" * 20, b"2"]
    assert server.visitors == 1


@pytest.mark.parametrize(
    "end", [lambda visit: visit.leave(), lambda visit: visit.send(b"HTTP/1.1 2") and visit.leave()]
)
def test_a_new_connection_that_dies_is_a_failure(end: Callable[[Visit], object]) -> None:
    with Server(end, answer()) as server, transport_to(server) as transport:
        assert failure_of(transport, get()).failure.kind is FailureKind.NETWORK
    assert len(server.requests) == 1


def test_a_request_is_repeated_once_at_most() -> None:
    with Server(answer(), *[lambda visit: visit.leave()] * 2, answer()) as server, transport_to(server) as transport:
        transport.send(get())
        assert failure_of(transport, get()).failure.kind is FailureKind.NETWORK
    assert len(server.requests) == 3


def test_a_post_is_never_sent_over_a_kept_connection_and_never_repeated() -> None:
    with Server(answer(), lambda visit: visit.leave(), answer()) as server, transport_to(server) as transport:
        transport.send(get())
        assert failure_of(transport, post()).failure.kind is FailureKind.NETWORK
        transport.send(post())
        transport.close()
    assert (server.visitors, len(server.requests)) == (3, 3)
