"""HTTP for the providers, with the errors of the libraries turned into failures.

A whole answer has 15 seconds, however slowly it drips. Only HTTPS with verified certificates leaves the machine;
redirects are never followed, cookies never kept; an answer over 1 MiB is refused. Connections are kept and used
again, by whichever thread asks next.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import urllib3
from msgspec import Struct

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.redacted import RedactedRepr
from trayquota.net.connections import Adapter, exchange
from trayquota.net.requests_import import requests
from trayquota.providers.base import Request, Response
from trayquota.system.files import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from trayquota.net.cancellation import CancelToken

DEADLINE_S = 15.0
"""For a whole exchange, from the first packet to the last byte."""
LARGEST_BYTES = 1 << 20
"""Of a decoded answer."""
_CONNECT_S = 5.0
_PIECE_BYTES = 1 << 16
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_GZIP = zlib.MAX_WBITS | 16


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
        self._bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
        self._lock = threading.Lock()
        self._kept = Adapter(None)
        self._read: tuple[int, ...] | None = None
        """The file of trusted certificates as it was read."""

    def send(self, request: Request, *, proxy_url: str | None = None, cut: CancelToken | None = None) -> Response:
        """Return the whole answer to ``request``, whatever its status.

        Args:
            request: What to ask.
            proxy_url: The account's own proxy.
            cut: May end the exchange early; without it nothing does.

        Raises:
            FetchError: There was no answer, or none that can be used.
        """
        question = self._question(request, proxy_url, cut)
        result: Response | FetchError | None = None
        if request.method == "GET":
            result = self._exchange(question, is_kept=True)
        # A kept connection may have died unnoticed. And what is no mere question never goes over one: should it
        # die, nobody could tell whether the request had arrived.
        if result is None or (isinstance(result, FetchError) and exchange.was_stale):
            result = self._exchange(question, is_kept=False)
        if isinstance(result, FetchError):
            # Not raised where it was made: the libraries' errors, which hold the login, would hang on it.
            raise result
        return result

    def close(self) -> None:
        """Let the kept connections go."""
        self._kept.close()

    def _question(self, request: Request, proxy_url: str | None, cut: CancelToken | None) -> _Question:
        deadline_s = time.monotonic() + DEADLINE_S
        if urlsplit(request.url).scheme != "https":
            raise fetch_error(FailureKind.REFUSED, "Only HTTPS addresses are asked.")
        if self._gateway:
            return _Question(request, f"{self._gateway}/{request.url.removeprefix('https://')}", {}, deadline_s, cut)
        proxy = proxy_url or self._proxy
        if not proxy:
            proxies = requests.utils.get_environ_proxies(request.url)
        elif proxy in {"direct", "none"}:
            proxies = {}
        elif _is_proxy(proxy):
            proxies = {"http": proxy, "https": proxy}
        else:
            raise fetch_error(FailureKind.REFUSED, "The proxy address is not usable. Write it as http://HOST:PORT.")
        return _Question(request, request.url, proxies, deadline_s, cut)

    def _exchange(self, question: _Question, *, is_kept: bool) -> Response | FetchError:
        request, cut = question.request, question.cut
        if cut is not None and cut.is_cancelled:
            return _withdrawn()
        exchange.begin(question.deadline_s, cut)
        adapter = None
        try:
            kept = self._adapter()
            adapter = kept if is_kept else Adapter(kept.trust)
            answer = adapter.send(
                _prepared(request, question.url),
                stream=True,
                timeout=(_CONNECT_S, DEADLINE_S),
                proxies=question.proxies,
            )
            headers = {name.lower(): value for name, value in answer.headers.items()}
            body = _body(answer.raw, headers.get("content-encoding", ""))
            # The end of what was cut may look like the end of the answer.
            is_cut = cut is not None and cut.is_cancelled
            return _withdrawn() if is_cut else Response(answer.status_code, headers, body, self._clock())
        except FetchError as error:
            return error
        except zlib.error:
            return _damaged()
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            return _withdrawn() if cut is not None and cut.is_cancelled else self._explained(error)
        finally:
            exchange.end()
            if adapter is not None and not is_kept:
                adapter.close()

    def _adapter(self) -> Adapter:
        """Return what keeps connections; a new one where other certificates are to be trusted than when it was made.

        Raises:
            OSError: The certificates cannot be read.
        """
        if self._gateway:
            return self._kept
        place = self._bundle or requests.utils.DEFAULT_CA_BUNDLE_PATH
        with self._lock:
            found = signature(Path(place).stat())
            if found != self._read:
                # Read once for all connections: for each of them it would take 25 ms and a MiB.
                trust = urllib3.util.ssl_.create_urllib3_context()
                trust.load_verify_locations(**{"capath" if Path(place).is_dir() else "cafile": place})
                self._kept.close()
                self._kept, self._read = Adapter(trust), found
            return self._kept

    def _explained(self, error: Exception) -> FetchError:
        if self._bundle and not Path(self._bundle).exists():
            return _network("The file of trusted certificates that REQUESTS_CA_BUNDLE names does not exist.")
        return _explained(error)


class _Question(RedactedRepr, Struct, frozen=True):
    """A request on its way."""

    repr_fields = ("request", "url", "deadline_s", "cut")

    request: Request
    url: str
    proxies: dict[str, str]
    deadline_s: float
    cut: CancelToken | None


def _prepared(request: Request, url: str) -> requests.PreparedRequest:
    """Return the request as an adapter takes it. Its address is our own.

    Raises:
        ValueError: A header holds a line break; what else cannot be sent is noticed as it is sent.
    """
    if any(mark in value for value in request.headers.values() for mark in "\r\n"):
        raise ValueError
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, url, request.body
    prepared.headers = requests.structures.CaseInsensitiveDict({"Accept-Encoding": "gzip", **request.headers})
    if request.body is not None:
        prepared.headers["Content-Length"] = str(len(request.body))
    return prepared


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _body(raw: Any, coding: str) -> bytes:  # noqa: ANN401 - an answer of any urllib3
    """Return the body of an answer; the connection is kept only when all of it was read.

    Raises:
        FetchError: It is too large or damaged.
    """
    # Older ones take an answer that breaks off for a whole one.
    raw.enforce_content_length = True
    try:
        body = _unpacked(raw.stream(_PIECE_BYTES, decode_content=False), coding)
    except BaseException:
        raw.close()
        raise
    raw.release_conn()
    return body


def _unpacked(pieces: Iterable[bytes], coding: str) -> bytes:
    if coding.lower() not in {"", "identity", "gzip", "x-gzip"}:
        raise _damaged()
    gzip = zlib.decompressobj(_GZIP) if "gzip" in coding.lower() else None
    body = bytearray()
    begun = False
    for piece in pieces:
        begun = True
        # Never more than one byte beyond the limit: a small packet can hold gigabytes.
        body += piece if gzip is None else gzip.decompress(piece, LARGEST_BYTES + 1 - len(body))
        if len(body) > LARGEST_BYTES:
            raise fetch_error(FailureKind.BAD_ANSWER, "The answer is larger than 1 MiB and was not read.")
        if gzip is not None and gzip.unused_data:
            raise _damaged()
    if gzip is not None and begun and not gzip.eof:
        raise _damaged()
    return bytes(body)


def _explained(error: Exception) -> FetchError:
    """Say what an error of the libraries means. Their own texts may hold addresses and logins."""
    seen = list(_causes(error))
    names = {type(each).__name__ for each in seen}
    if any("Proxy" in name or "SOCKS" in name or name == "InvalidSchema" for name in names):
        return _network("The proxy did not answer as it should. Check the proxy settings.")
    if any(isinstance(each, TimeoutError) for each in seen) or any("Timeout" in name for name in names):
        return _network("No answer in time. Check the network connection.")
    if any(isinstance(each, socket.gaierror) for each in seen):
        return _network("The provider's address was not found. Check the network connection.")
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in seen) or "CertificateError" in names:
        return _network(
            "No trustworthy connection: the certificate was not accepted. A proxy or the clock may be the cause."
        )
    if any(isinstance(each, ssl.SSLError) for each in seen):
        return _network("No secure connection came about. A proxy or firewall on the way may be the cause.")
    # By Python itself, when it is no library's own kind: a header that cannot be sent.
    if names & {"InvalidHeader", "InvalidURL"} or type(error) in {ValueError, UnicodeEncodeError}:
        return fetch_error(FailureKind.REFUSED, "The request could not be put together. Check the login file.")
    return _network("The connection failed or broke off. Check the network connection.")


def _damaged() -> FetchError:
    return fetch_error(FailureKind.BAD_ANSWER, "The answer was damaged on its way. It will be asked again.")


def _withdrawn() -> FetchError:
    return _network("The question was withdrawn.")


def _network(message: str) -> FetchError:
    return fetch_error(FailureKind.NETWORK, message)


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
