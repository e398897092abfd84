"""A server on loopback that does just what it is told, byte by byte, and counts its visitors."""

from __future__ import annotations

import contextlib
import gc
import gzip
import socket
import ssl
import struct
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from trayquota.core.errors import FetchError
from trayquota.net.transport import Transport
from trayquota.providers.base import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from trayquota.net.cancellation import CancelToken

CERTIFICATE = Path(__file__).parents[1] / "fixtures" / "tls" / "localhost.pem"
"""Of ``localhost``, signed by itself, with its key, which guards nothing."""
_PATIENCE_S = 20.0


class Visit:
    """One connection, as the server sees it."""

    def __init__(self, server: Server, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection

    def request(self) -> bytes:
        """Return the next request, body included; empty when there is none any more."""
        data = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in data and (piece := self.connection.recv(65536)):
                data += piece
            head, _, body = data.partition(b"\r\n\r\n")
            while len(body) < _length(head) and (piece := self.connection.recv(65536)):
                data, body = data + piece, body + piece
        if data:
            self.server.requests.append(data)
        return data

    def hear(self) -> bool:
        """Wait until the visitor has begun to speak."""
        with contextlib.suppress(OSError):
            return bool(self.connection.recv(1))
        return False

    def send(self, data: bytes) -> bool:
        """Send it; return whether anybody is still there."""
        try:
            self.connection.sendall(data)
        except OSError:
            return False
        self.server.sent += len(data)
        return True

    def drip(self, data: bytes) -> bool:
        """Send a byte now and then, for as long as somebody takes it."""
        return all(not self.server.closing.wait(0.01) and self.send(bytes([each])) for each in data)

    def wait(self) -> bool:
        """Say nothing until the visitor leaves."""
        with contextlib.suppress(OSError):
            while self.connection.recv(65536):
                pass
        return False

    def leave(self) -> bool:
        """Say good-bye."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        return False

    def reset(self) -> bool:
        """Break off, not politely."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        return False

    def relay(self, port: int) -> None:
        """Carry bytes both ways between the visitor and a local port."""
        with socket.create_connection(("127.0.0.1", port)) as beyond:
            back = threading.Thread(target=_pump, args=(beyond, self.connection))
            back.start()
            _pump(self.connection, beyond)
            back.join()


class Server:
    """Gives each request the next of its answers: bytes to send, or what to do with the visitor."""

    def __init__(
        self,
        *answers: bytes | Callable[[Visit], object],
        tls: bool = False,
        raw: Callable[[Visit], object] | None = None,
    ) -> None:
        """Answer with ``answers``, one per request; or leave every visitor to ``raw``."""
        self.answers = list(answers)
        self._raw = raw
        self.requests: list[bytes] = []
        self.visitors = 0
        self.sent = 0
        self.closing = threading.Event()
        self.arrived = threading.Event()
        """Somebody's request is being answered."""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._tls is not None:
            self._tls.load_cert_chain(CERTIFICATE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), _PATIENCE_S):
            """Where a shutdown does not wake the one who accepts, a visitor does."""
        self._listener.close()
        self._threads[0].join()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """End all connections."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            if sys.platform == "win32":
                connection.close()  # there it is this that wakes whoever still reads

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.closing.is_set():
                connection.close()
                return
            self.visitors += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            wrapped = connection
            if self._tls is not None:
                try:
                    wrapped = self._tls.wrap_socket(connection, server_side=True)
                except (OSError, ValueError):
                    return
                self._open.add(wrapped)
            with wrapped:
                visit = Visit(self, wrapped)
                if self._raw is not None:
                    self._raw(visit)
                    return
                while visit.request() and self.answers:
                    answer = self.answers.pop(0)
                    self.arrived.set()
                    if isinstance(answer, bytes):
                        visit.send(answer)
                    else:
                        answer(visit)


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def packed(body: bytes, coding: str = "gzip") -> bytes:
    """An answer whose body is packed."""
    return answer(gzip.compress(body, mtime=0), "200 OK", f"Content-Encoding: {coding}")


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    """An answer in chunks."""
    body = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + end


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)


@contextlib.contextmanager
def transport_to(server: Server | None = None, *, proxy: str = "") -> Iterator[Transport]:
    """A transport whose gateway is ``server``; without one it goes out by itself."""
    transport = Transport(lambda: NOW, gateway=server.url if server is not None else "", proxy=proxy)
    try:
        yield transport
    finally:
        transport.close()


def get(url: str = "https://api.example.com/usage", headers: Mapping[str, str] | None = None) -> Request:
    return Request("GET", url, headers or {"Authorization": "Bearer secret"})


def post(body: bytes = b"refresh_token=secret") -> Request:
    return Request("POST", "https://login.example.com/token", {"Accept": "application/json"}, body)


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Fail when threads or sockets are left."""
    gc.collect()
    threads, before = set(threading.enumerate()), _sockets()
    yield
    gc.collect()
    assert {each.name for each in set(threading.enumerate()) - threads} == set()
    assert _sockets() - before == set()


def _sockets() -> set[str]:
    found = set()
    folder = Path("/proc/self/fd")
    for each in folder.iterdir() if folder.exists() else ():
        with contextlib.suppress(OSError):
            found.add(str(each.readlink()))
    return {each for each in found if each.startswith("socket:")}


def failure_of(transport: Transport, request: Request, cancel_token: CancelToken | None = None) -> FetchError:
    """Send a request that fails; return how."""
    with pytest.raises(FetchError) as caught:
        transport.send(request, cancel_token=cancel_token)
    return caught.value
