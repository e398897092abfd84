"""Connections that end when their exchange has to, and that are kept only where no answer can be mistaken.

The libraries' own time limits hold for a single read, and a server that sends a byte a second never meets one. Here
every read of an answer, headers included and a proxy's too, ends at the deadline of the exchange that the thread has
begun. The cancel token is no help with that: to shut a socket at a moment takes a thread or a timer for each exchange
(measured: 0.17 ms of CPU and another thread each), and it cannot tell where one answer ends and the next begins,
which has to be seen here anyway.

Answers are only told apart by their order on a connection. So one that is followed by more than was announced, that
came after an interim answer, or whose status allows no body is the last on its connection: programs in between have
been seen to send the rest of it a moment later, to whoever asked next.
"""

from __future__ import annotations

import http.client
import io
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from trayquota.net.requests_import import requests

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from trayquota.net.cancellation import CancelToken
    from trayquota.net.trust import Trust

_MOST_CONNECTIONS = 32
FIRST_BYTE_S = 5.0
"""So long a kept connection may take to begin an answer before it is taken for dead: forgotten by a router on the
way, or lost while the machine slept."""
_MOST_KEPT_BYTES = 4 << 20
_BODILESS = {101, 204, 304}


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
        self._connection: _Bound | None = None
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

    def opened(self, sock: Any) -> None:  # noqa: ANN401 - a socket, or what the libraries wrap around one
        """Note a new connection."""
        self._is_new = True
        self._watch(sock)

    def sends(self, connection: _Bound) -> None:
        """Note that the request is about to go over a connection."""
        self._connection = connection
        self._is_reused = connection.sock is not None and not self._is_new
        if self._is_reused:
            self._watch(connection.sock)

    def read_to_its_end(self) -> None:
        """Close the connection before anybody else may use it, when the answer on it was a doubtful one."""
        if self.is_suspect and self._connection is not None:
            self._connection.close()

    def is_silent(self, sock: Any) -> bool:  # noqa: ANN401 - likewise
        """Whether nothing can be read from a kept connection: no end, and no answer that nobody has asked for."""
        try:
            sock.settimeout(0.0)
            # Not a look at the socket alone: with TLS there may be a message that is no data.
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
        if self._is_enough is not None and len(self.received) < _MOST_KEPT_BYTES:
            self.received += data

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

    def _watch(self, sock: Any) -> None:  # noqa: ANN401 - likewise
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


class Adapter(requests.adapters.HTTPAdapter):
    """Puts the time limit of a whole answer under every connection, through proxies too; for any number of threads.

    Used without a session, it follows no redirect, keeps no cookie, and reads nothing from the environment: what one
    account is given must not come along with the next one's request, and a line in ``~/.netrc`` is no login.
    """

    def __init__(self, trust: Trust | None, context: ssl.SSLContext | None = None) -> None:
        """Trust whom ``trust`` names, or without it nobody: then there is no HTTPS.

        Args:
            trust: Where the certificates are.
            context: What another adapter has made of them.

        Raises:
            FetchError: The certificates cannot be read.
        """
        self.trust = trust
        self.context = context if context is not None or trust is None else trust.context()
        self._lock = threading.Lock()
        super().__init__(pool_maxsize=_MOST_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        """Make what keeps the connections that go straight to their hosts."""
        super().init_poolmanager(*args, ssl_context=self.context, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
        self._bind(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - likewise
        """Return what keeps the connections through a proxy."""
        with self._lock:
            known = proxy in self.proxy_manager
            kwargs["ssl_context"] = self.context
            if not proxy.lower().startswith("socks"):
                kwargs["proxy_ssl_context"] = self.context
            manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
            if not known:
                self._bind(manager)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002 - likewise
        """Leave it to the context, which has read the certificates: the base has each connection read them anew."""
        conn.cert_reqs = "CERT_REQUIRED"

    def _bind(self, manager: Any) -> None:  # noqa: ANN401 - three unrelated classes of urllib3 and requests
        """Have all connections of a pool manager keep to the exchange they are used for."""
        # truststore's context lets only one connection at a time shake hands.
        own = {"own_context": self.trust.context if self.trust is not None and self.trust.is_native else None}
        manager.pool_classes_by_scheme = {
            scheme: type("BoundPool", (pool,), {"ConnectionCls": type("Bound", (_Bound, pool.ConnectionCls), own)})
            for scheme, pool in manager.pool_classes_by_scheme.items()
        }


class _Answer(http.client.HTTPResponse):
    """Reads through :class:`_Reader`, and knows where the answer ends and whether more has come.

    It has to reach into two private methods of the base: neither interim answers nor what follows can be seen else.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        super().__init__(sock, *args, **kwargs)
        self._exchange = _current.exchange
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
        super().begin()
        # A line that breaks is not the end of the headers.
        if self._reader.is_over:
            raise http.client.IncompleteRead(partial=b"")
        self._exchange.is_suspect |= self.status in _BODILESS

    def _close_conn(self) -> None:
        """Look whether more has come than the answer, before what has come is thrown away."""
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

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any buffer
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


class _Bound:
    """Mixed into a connection class."""

    response_class = _Answer
    own_context: Callable[[], ssl.SSLContext] | None = None
    sock: Any
    close: Callable[[], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        if self.own_context is not None and "ssl_context" in kwargs:
            kwargs["ssl_context"] = self.own_context()
        super().__init__(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again; urllib3 asks before it does."""
        return self.sock is not None and _current.exchange.is_silent(self.sock)

    def _new_conn(self) -> Any:  # noqa: ANN401 - a socket
        sock = super()._new_conn()  # type: ignore[misc]
        _current.exchange.opened(sock)
        return sock

    def putrequest(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the base's signature
        _current.exchange.sends(self)
        return super().putrequest(*args, **kwargs)  # type: ignore[misc]
