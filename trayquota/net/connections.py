"""Connections that end when their exchange has to: at its deadline, or when it is cut.

The libraries' own time limits hold for a single read, and a server that sends a byte a second never meets one. Here
every read, headers included and through proxies too, ends at the deadline of the exchange that the thread has begun.
"""

from __future__ import annotations

import http.client
import io
import threading
import time
from typing import TYPE_CHECKING, Any, cast

from trayquota.net.requests_import import requests

if TYPE_CHECKING:
    import socket
    import ssl

    from trayquota.net.cancellation import CancelToken

_MOST_CONNECTIONS = 32
FIRST_BYTE_S = 5.0
"""So long a kept connection may take to begin an answer before it is taken for dead: forgotten by a router on the
way, or lost while the machine slept."""


class Exchange(threading.local):
    """What the current thread is asking."""

    def __init__(self) -> None:
        """Nothing."""
        self._deadline_s = 0.0
        self._cut: CancelToken | None = None
        self._is_new = self._is_reused = self._is_answered = False

    def begin(self, deadline_s: float, cut: CancelToken | None) -> None:
        """Begin an exchange that has to be over at ``deadline_s`` of the monotonic clock."""
        self._deadline_s = deadline_s
        self._cut = cut
        self._is_new = self._is_reused = self._is_answered = False

    def end(self) -> None:
        """Let go of its connections."""
        if self._cut is not None:
            self._cut.detach()
        self._cut = None

    @property
    def was_stale(self) -> bool:
        """Whether it went over a connection kept from an earlier exchange, which never answered."""
        return self._is_reused and not self._is_answered

    def opened(self, sock: Any) -> None:  # noqa: ANN401 - a socket, or what the libraries wrap around one
        """Note a new connection."""
        self._is_new = True
        self._watch(sock)

    def asks(self, sock: Any) -> None:  # noqa: ANN401 - likewise
        """Note that the request is about to go over a connection, ``None`` for one that is yet to be made."""
        self._is_reused = sock is not None and not self._is_new
        if self._is_reused:
            self._watch(sock)

    def answered(self) -> None:
        """Note that something has come back."""
        self._is_answered = True

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
        if self._cut is not None:
            self._cut.attach(sock)


exchange = Exchange()


class Adapter(requests.adapters.HTTPAdapter):
    """Puts the time limit of a whole answer under every connection, through proxies too; for any number of threads.

    Used without a session, it follows no redirect, keeps no cookie, and reads nothing from the environment: what one
    account is given must not come along with the next one's request, and a line in ``~/.netrc`` is no login.
    """

    def __init__(self, trust: ssl.SSLContext | None) -> None:
        """Trust whom ``trust`` does; without it there is no HTTPS."""
        self.trust = trust
        self._lock = threading.Lock()
        super().__init__(pool_maxsize=_MOST_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        """Make what keeps the connections that go straight to their hosts."""
        super().init_poolmanager(*args, ssl_context=self.trust, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
        _bind(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - likewise
        """Return what keeps the connections through a proxy."""
        with self._lock:
            known = proxy in self.proxy_manager
            kwargs["ssl_context"] = self.trust
            if not proxy.lower().startswith("socks"):
                kwargs["proxy_ssl_context"] = self.trust
            manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
            if not known:
                _bind(manager)
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002 - likewise
        """Leave it to ``trust``, which has read the certificates: the base has each connection read them anew."""
        if url.lower().startswith("https") and self.trust is None:
            raise ValueError
        conn.cert_reqs = "CERT_REQUIRED"


def _bind(manager: Any) -> None:  # noqa: ANN401 - three unrelated classes of urllib3 and requests
    """Have all connections of a pool manager keep to the exchange they are used for."""
    manager.pool_classes_by_scheme = {
        scheme: type("BoundPool", (pool,), {"ConnectionCls": type("Bound", (_Bound, pool.ConnectionCls), {})})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


class _Answer(http.client.HTTPResponse):
    """Reads through :class:`_Reader`, and does not take a line that breaks for the end of the headers."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        super().__init__(sock, *args, **kwargs)
        self._reader = _Reader(sock, self.fp.detach())
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        if self._reader.is_over:
            raise http.client.IncompleteRead(partial=b"")


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self.is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any buffer
        self._sock.settimeout(exchange.left_s())
        count = cast("int | None", cast("Any", self._raw).readinto(buffer))
        if count:
            exchange.answered()
        self.is_over = count == 0
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Bound:
    """Mixed into a connection class."""

    response_class = _Answer
    sock: Any

    def _new_conn(self) -> Any:  # noqa: ANN401 - a socket
        sock = super()._new_conn()  # type: ignore[misc]
        exchange.opened(sock)
        return sock

    def putrequest(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the base's signature
        exchange.asks(self.sock)
        return super().putrequest(*args, **kwargs)  # type: ignore[misc]
