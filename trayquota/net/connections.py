"""Connections that end when their exchange has to, and that are kept only where no answer can be mistaken.

The libraries' own time limits hold for a single read, and a server that sends a byte a second never meets one. Here
every read of an answer, headers included and a proxy's too, ends at the deadline of the exchange that the thread has
begun. The cancel token is no help with that: to shut a socket at a moment takes a thread or a timer for each exchange
(measured: 0.17 ms of CPU and another thread each), and it cannot see where one answer ends and the next begins,
which has to be seen here anyway.

Answers are only distinguished by their order on a connection. So one that is followed by more than was announced, that
came after an interim answer, or whose status allows no body is the last on its connection: programs in between have
been seen to send the rest of it a moment later, to whoever sent the next request.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    from trayquota.net.cancellation import CancelToken

FIRST_BYTE_S = 5.0
"""So long a kept connection may take to begin an answer before it is taken for dead: forgotten by a router on the
way, or lost while the machine slept."""
_MOST_KEPT_BYTES = 4 << 20
_BODILESS = {101, 204, 304}


class Connection(Protocol):
    """A socket, or what the libraries wrap around one."""

    def fileno(self) -> int:
        """Return its descriptor."""

    def settimeout(self, value: float, /) -> None:
        """Set how long a read may take; seconds."""

    def recv(self, bufsize: int, /) -> bytes:
        """Return what can be read."""


class Exchange:
    """What one thread sends and receives until :meth:`end`.

    Attributes:
        is_answered: Something has come back.
        is_suspect: Its host has sent what makes the next answer on the connection doubtful.
        is_abandoned: The rest of the answer is not read.
        received: All bytes of the newest answer, where they are kept.
    """

    def __init__(
        self,
        deadline_s: float,
        cancel_token: CancelToken | None,
        is_enough: Callable[[bytes], bool] | None = None,
    ) -> None:
        """Begin one that has to be over at ``deadline_s`` of the monotonic clock.

        With ``is_enough`` the bytes of the answer are kept, and read no further once it says so.
        """
        self._is_enough = is_enough
        self.received = bytearray()
        self._deadline_s = deadline_s
        self._cancel_token = cancel_token
        self._connection: BoundConnection | None = None
        self._is_new = self._is_reused = False
        self.is_answered = self.is_suspect = self.is_abandoned = False

    @property
    def was_stale(self) -> bool:
        """Whether it went over a connection kept from an earlier exchange, which never answered."""
        return self._is_reused and not self.is_answered

    @property
    def has_doubtful_answer(self) -> bool:
        """Whether the answer may be that to an earlier exchange on the same connection."""
        return self._is_reused and self.is_suspect

    def end(self) -> None:
        """Let go of its connections."""
        if self._cancel_token is not None:
            self._cancel_token.detach()
        self._cancel_token = self._connection = None

    def opened(self, sock: Connection) -> None:
        """Note a new connection."""
        self._is_new = True
        self._watch(sock)

    def sends(self, connection: BoundConnection) -> None:
        """Note that the request is about to go over a connection."""
        self._connection = connection
        self._is_reused = connection.sock is not None and not self._is_new
        if self._is_reused:
            self._watch(connection.sock)

    def read_to_its_end(self) -> None:
        """Close the connection before anybody else may use it, when the answer on it was a doubtful one."""
        if self.is_suspect and self._connection is not None:
            self._connection.close()

    def is_silent(self, sock: Connection) -> bool:
        """Whether nothing can be read from a kept connection: no end, and no answer to no request."""
        try:
            sock.settimeout(0.0)
            # To select the socket alone is not enough: with TLS there may be a message that is no data.
            data = sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            sock.settimeout(self.left_s())
            return True
        except (OSError, ValueError):
            return False
        self.is_suspect |= bool(data)
        return False

    def begins_answer(self) -> None:
        """Note that what comes now belongs to another answer than what came before."""
        self.received.clear()

    def receives(self, data: memoryview) -> None:
        """Note what has come."""
        self.is_answered = True
        if self.is_kept and len(self.received) < _MOST_KEPT_BYTES:
            self.received += data

    @property
    def is_kept(self) -> bool:
        """Whether the bytes of the answer are kept."""
        return self._is_enough is not None

    @property
    def has_enough(self) -> bool:
        """Whether nothing more of the answer is needed."""
        return self._is_enough is not None and self._is_enough(bytes(self.received))

    def left_s(self) -> float:
        """Return how long the next read may take.

        Raises:
            TimeoutError: No longer.
        """
        left_s = self._deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        return min(left_s, FIRST_BYTE_S) if self.was_stale else left_s

    def _watch(self, sock: Connection) -> None:
        if self._cancel_token is not None:
            self._cancel_token.attach(sock)


class _Current(threading.local):
    """The exchange of each thread: the libraries have no way to pass it on."""

    exchange = Exchange(0.0, None)


_current = _Current()


def begin_exchange(
    deadline_s: float, cancel_token: CancelToken | None, is_enough: Callable[[bytes], bool] | None = None
) -> Exchange:
    """Begin an exchange on the current thread; see :class:`Exchange`."""
    _current.exchange = Exchange(deadline_s, cancel_token, is_enough)
    return _current.exchange


class _Answer(http.client.HTTPResponse):
    """Reads through :class:`_Reader`, and knows where the answer ends and whether more has come.

    It has to reach into two private methods of the base: neither interim answers nor what follows can be seen else.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._exchange = _current.exchange
        self._has_head = False
        self._exchange.begins_answer()
        self._reader = _Reader(sock, self.fp.detach(), self._exchange)
        self.fp = io.BufferedReader(self._reader)

    def _read_status(self) -> tuple[str, int, str]:
        """Return the status line of the final answer; the base passes over one kind of interim ones alone."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in range(100, 200) or status == 101:
                return version, status, reason
            self._exchange.is_suspect = True
            http.client.parse_headers(self.fp)

    def begin(self) -> None:
        try:
            super().begin()
        except http.client.HTTPException:
            self._read_out()
            raise
        self._has_head = True
        # A line that breaks is not the end of the headers.
        if self._reader.is_over:
            raise http.client.IncompleteRead(partial=b"")
        self._exchange.is_suspect |= self.status in _BODILESS

    def _read_out(self) -> None:
        """Have what follows a head that is refused, too, where the answer cannot be had again."""
        with contextlib.suppress(OSError):
            while self._exchange.is_kept and self.fp is not None and self.fp.read1():
                pass

    def _close_conn(self) -> None:
        """Look whether more has come than the answer, before what has come is thrown away."""
        if not self._has_head:
            self._read_out()
        self._reader.is_over = True
        self._exchange.is_suspect |= not self._exchange.is_abandoned and bool(self.fp.peek(1))
        super()._close_conn()  # type: ignore[misc]
        self._exchange.read_to_its_end()


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline; ``is_over`` once there is no more to come, or none is wanted."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, exchange: Exchange) -> None:
        self._sock = sock
        self._raw = raw
        self._exchange = exchange
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self.is_over or self._exchange.has_enough:
            return 0
        self._sock.settimeout(self._exchange.left_s())
        count = cast("int | None", cast("Any", self._raw).readinto(buffer))
        if count:
            self._exchange.receives(memoryview(buffer)[:count])
        self.is_over = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class BoundConnection:
    """Mixed into a connection class: keeps to the exchange of the thread that uses it."""

    response_class = _Answer
    own_context: Callable[[], ssl.SSLContext] | None = None
    sock: Any
    close: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make one; the arguments are the base's."""
        if self.own_context is not None and "ssl_context" in kwargs:
            kwargs["ssl_context"] = self.own_context()
        super().__init__(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again; urllib3 checks that before it does."""
        return self.sock is not None and _current.exchange.is_silent(self.sock)

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        _current.exchange.opened(sock)
        return sock

    def putrequest(self, *args: Any, **kwargs: Any) -> None:
        """Begin a request; the arguments are the base's."""
        _current.exchange.sends(self)
        super().putrequest(*args, **kwargs)  # type: ignore[misc]
