"""Cancelling ends an exchange wherever it is, and nothing is sent afterwards."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import FailureKind
from trayquota.net import exchange as exchange_module
from trayquota.net.cancellation import CancelToken

from .loopback_servers import CERTIFICATE, Server, answer, chunked, failure_of, get, transport_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from .loopback_servers import Visit


pytestmark = pytest.mark.usefixtures("nothing_is_left")


# Cancelled. Nothing here ends by itself within a test's patience.


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_module, "DEADLINE_S", 3600.0)
    monkeypatch.setattr(exchange_module, "_CONNECT_S", 3600.0)


def cancel_when_arrived(server: Server, cancel_token: CancelToken) -> threading.Thread:
    def wait_and_cancel() -> None:
        server.arrived.wait()
        cancel_token.cancel()

    thread = threading.Thread(target=wait_and_cancel)
    thread.start()
    return thread


def test_what_is_cancelled_before_it_begins_is_not_sent() -> None:
    cancel_token = CancelToken()
    cancel_token.cancel()
    with Server(answer()) as server, transport_to(server) as transport:
        assert "cancelled" in failure_of(transport, get(), cancel_token).failure.message
    assert server.visitors == 0


SILENT: list[Callable[[Visit], object]] = [
    lambda visit: visit.wait(),
    lambda visit: visit.send(b"HTTP/1.1 200 OK\r\n") and visit.wait(),
    lambda visit: visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{") and visit.wait(),
    lambda visit: visit.send(b"HTTP/1.1 200 OK\r\n\r\n{") and visit.wait(),
    lambda visit: visit.send(chunked(b"{", end=b"")) and visit.wait(),
]


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("silent", SILENT)
@pytest.mark.parametrize("is_kept", [False, True], ids=["new", "kept"])
def test_cancelling_ends_an_exchange_wherever_it_is(silent: Callable[[Visit], object], *, is_kept: bool) -> None:
    cancel_token = CancelToken()
    with Server(*[answer()] * is_kept, silent, answer(b"fine")) as server, transport_to(server) as transport:
        if is_kept:
            transport.send(get())
            server.arrived.clear()
        thread = cancel_when_arrived(server, cancel_token)
        error = failure_of(transport, get(), cancel_token)
        thread.join()
        assert (error.failure.kind, "cancelled" in error.failure.message) == (FailureKind.NETWORK, True)
        assert transport.send(get()).body == b"fine"
    assert server.visitors == 2


@pytest.mark.usefixtures("_patient")
@pytest.mark.parametrize("stage", ["handshake", "answer"])
def test_cancelling_ends_a_tls_exchange_and_sends_nothing_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    monkeypatch.setenv("NO_PROXY", "*")
    cancel_token = CancelToken()
    heard: list[bytes] = []

    def hang(visit: Visit) -> None:
        if stage == "handshake":
            heard.append(visit.connection.recv(65536))
        visit.server.arrived.set()
        with contextlib.suppress(OSError):
            while data := visit.connection.recv(65536):
                heard.append(data)

    server = Server(raw=hang) if stage == "handshake" else Server(hang, tls=True)
    with server, transport_to() as transport:
        thread = cancel_when_arrived(server, cancel_token)
        error = failure_of(transport, get(f"https://localhost:{server.port}/"), cancel_token)
        thread.join()
    assert "cancelled" in error.failure.message
    assert b"Bearer" not in b"".join(heard)


def test_cancelling_too_late_leaves_the_kept_connection_usable() -> None:
    cancel_token = CancelToken()
    with Server(answer(b"1"), answer(b"2")) as server, transport_to(server) as transport:
        assert transport.send(get(), cancel_token=cancel_token).body == b"1"
        cancel_token.cancel()
        assert transport.send(get()).body == b"2"
    assert server.visitors == 1


def test_a_cancelled_token_shuts_what_is_attached_to_it_later() -> None:
    cancel_token = CancelToken()
    with (
        Server(raw=lambda visit: visit.wait()) as server,
        socket.create_connection(("127.0.0.1", server.port)) as line,
    ):
        cancel_token.cancel()
        cancel_token.attach(line)
        with contextlib.suppress(BrokenPipeError):  # what Windows says of a line that is shut down
            assert line.recv(1) == b""
        cancel_token.detach()
    cancel_token.attach(line)
    cancel_token.detach()
