"""HTTP for the providers: the only importer of requests, which turns its errors into failures.

A whole answer has 15 seconds, however slowly it drips. Only HTTPS with verified certificates leaves the machine;
redirects are never followed; an answer over 1 MiB is refused. Connections are kept per worker thread and used
again.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import requests
import requests.adapters
import requests.utils
import urllib3

from trayquota.core.model import FailureKind
from trayquota.providers.base import FetchError, Request, Response, failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from trayquota.fetch import Cut

DEADLINE_S = 15.0
"""For a whole exchange, from the first packet to the last byte."""
LARGEST_BYTES = 1 << 20
"""Of a decoded answer."""
_CONNECT_S = 5.0
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})


class Transport:
    """Sends requests from any number of threads."""

    def __init__(self, clock: Callable[[], datetime], *, gateway: str = "", proxy: str = "") -> None:
        """Send straight to the providers.

        Args:
            clock: Tells when an answer came.
            gateway: ``http://127.0.0.1:PORT``: requests go there instead, to ``/HOST/PATH?QUERY``.
            proxy: For every request; without it the environment's is used.
        """
        self._clock = clock
        self._gateway = gateway
        self._proxy = proxy
        self._verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        self._environment_proxies: dict[str, dict[str, str]] = {}
        self._local = threading.local()

    def send(self, request: Request, *, proxy_url: str | None = None, cut: Cut | None = None) -> Response:
        """Return the whole answer to ``request``, whatever its status.

        Args:
            request: What to ask.
            proxy_url: The account's own proxy.
            cut: May end the exchange early; without it nothing does.

        Raises:
            FetchError: There was no answer, or none that can be used.
        """
        if cut is not None and cut.done:
            raise failed(FailureKind.NETWORK, "The question was withdrawn.")
        url, proxies = self._route(request.url, proxy_url)
        _exchange.deadline = time.monotonic() + DEADLINE_S
        _exchange.cut = cut
        try:
            with self._session().request(
                request.method,
                url,
                data=request.body,
                headers=dict(request.headers),
                proxies=proxies,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
                timeout=(_CONNECT_S, DEADLINE_S),
            ) as answer:
                return self._read(answer)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            OSError,
        ) as error:
            raise _explained(error) from None
        except ValueError:
            raise failed(FailureKind.REFUSED, "The request could not be put together. Check the login file.") from None
        finally:
            _exchange.cut = None
            if cut is not None:
                cut.release()

    def _route(self, url: str, proxy_url: str | None) -> tuple[str, dict[str, str]]:
        parts = urlsplit(url)
        if parts.scheme != "https":
            raise failed(FailureKind.REFUSED, "Only HTTPS addresses are asked.")
        if self._gateway:
            return f"{self._gateway}/{url.removeprefix('https://')}", {}
        proxy = proxy_url or self._proxy
        if proxy in {"direct", "none"}:
            return url, {}
        if proxy:
            if urlsplit(proxy).scheme.lower() not in _PROXY_SCHEMES or not urlsplit(proxy).hostname:
                raise failed(FailureKind.REFUSED, "The proxy address is not usable. Write it as http://HOST:PORT.")
            return url, {"http": proxy, "https": proxy}
        host = parts.netloc
        if host not in self._environment_proxies:
            self._environment_proxies[host] = requests.utils.get_environ_proxies(url)
        return url, self._environment_proxies[host]

    def _session(self) -> requests.Session:
        session = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            # Without this a line in ~/.netrc would replace the login, and every request would read it.
            session.trust_env = False
            session.headers.clear()
            session.headers["Accept-Encoding"] = "gzip, deflate"
            for scheme in ("https://", "http://"):
                session.mount(scheme, _Adapter())
            self._local.session = session
        return cast("requests.Session", session)

    def _read(self, answer: requests.Response) -> Response:
        pieces, size = [], 0
        for piece in answer.iter_content(1 << 16):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_BYTES:
                raise failed(FailureKind.BAD_ANSWER, "The answer is larger than 1 MiB and was not read.")
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, headers, b"".join(pieces), self._clock())


class _Exchange(threading.local):
    """What the current thread is waiting for."""

    deadline = 0.0
    cut: Cut | None = None


_exchange = _Exchange()


class _Adapter(requests.adapters.HTTPAdapter):
    """Puts the time limit of a whole answer under every connection, through proxies too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        super().init_poolmanager(*args, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
        _bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:  # noqa: ANN401 - the base's signature
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
        if not known:
            _bound(manager)
        return manager


def _bound(manager: Any) -> None:  # noqa: ANN401 - three unrelated classes of urllib3 and requests
    manager.pool_classes_by_scheme = {
        scheme: type("BoundPool", (pool,), {"ConnectionCls": type("Bound", (_Bound, pool.ConnectionCls), {})})
        for scheme, pool in manager.pool_classes_by_scheme.items()
    }


class _BoundAnswer(http.client.HTTPResponse):
    """An answer whose every read, headers included, ends at the exchange's deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - the base's signature
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_BoundReader(sock, self.fp.detach()))


class _BoundReader(io.RawIOBase):
    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any buffer
        left_s = _exchange.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)
        return cast("int | None", cast("Any", self._raw).readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Bound:
    """Mixed into a connection class."""

    response_class = _BoundAnswer
    sock: socket.socket | None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._watch()

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the base's signature
        self._watch()
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]

    def _watch(self) -> None:
        if _exchange.cut is not None and self.sock is not None:
            _exchange.cut.watch(self.sock)


def _explained(error: Exception) -> FetchError:
    """Say what an error of the libraries means. Their own texts may hold addresses and logins."""
    seen = list(_causes(error))
    names = {type(each).__name__ for each in seen}
    if any(isinstance(each, TimeoutError) for each in seen) or any("Timeout" in name for name in names):
        return _network("No answer within 15 seconds. Check the network connection.")
    if "NameResolutionError" in names or any(isinstance(each, socket.gaierror) for each in seen):
        return _network("The provider's address was not found. Check the network connection.")
    if names & {"SSLError", "SSLCertVerificationError"}:
        return _network(
            "No trustworthy connection: the certificate was not accepted. A proxy or the clock may be the cause."
        )
    if names & {"ProxyError", "ProxySchemeUnknown", "InvalidProxyURL", "InvalidSchema", "SOCKSHTTPError"}:
        return _network("The proxy did not answer as it should. Check the proxy settings.")
    if names & {"ContentDecodingError", "DecodeError"}:
        return failed(FailureKind.BAD_ANSWER, "The answer was damaged on its way. It will be asked again.")
    return _network("The connection failed or broke off. Check the network connection.")


def _network(message: str) -> FetchError:
    return failed(FailureKind.NETWORK, message)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, wherever the libraries keep that."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        reason = getattr(each, "reason", None)
        waiting += [each.__cause__, each.__context__, reason if isinstance(reason, BaseException) else None]
        waiting += [argument for argument in each.args if isinstance(argument, BaseException)]
