"""One request out, one answer back, with the errors of the libraries turned into failures.

A whole answer has 15 seconds, however slowly it drips. Only HTTPS with verified certificates leaves the machine;
redirects are never followed, cookies never kept; an answer over 1 MiB is refused. Connections are kept and used
again, by whichever thread sends next and for whichever account, unless their host has once sent what makes answers
doubtful; see :mod:`trayquota.net.connections`.
"""

from __future__ import annotations

import http.client
import os
import threading
import time
import zlib
from typing import TYPE_CHECKING

import urllib3

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.net.adapter import Adapter
from trayquota.net.connections import begin_exchange
from trayquota.net.failures import cancelled, damaged, explain, is_timeout
from trayquota.net.requests_import import requests
from trayquota.net.routes import route
from trayquota.net.salvage import is_object, is_whole, salvage
from trayquota.net.trust import find_trust
from trayquota.providers.base import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from trayquota.net.cancellation import CancelToken
    from trayquota.net.connections import Exchange
    from trayquota.net.routes import Route
    from trayquota.providers.base import Request

DEADLINE_S = 15.0
"""For a whole exchange, from the first packet to the last byte."""
IRREVERSIBLE_DEADLINE_S = 90.0
LARGEST_BYTES = 1 << 20
"""Of a decoded answer."""
_CONNECT_S = 5.0
_PIECE_BYTES = 1 << 16
_GZIP = zlib.MAX_WBITS | 16


class Exchanger:
    """Sends requests and reads their answers, from any number of threads. Its fields are changed under its lock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Keep no connection yet; ``clock`` dates the answers."""
        self._clock = clock
        self._lock = threading.Lock()
        self._kept = Adapter(None)
        self._trusted: tuple[object, ...] | None = None
        """The certificates that the kept connections trust, and the state of their files."""
        self._suspects: set[str] = set()
        """Hosts whose connections are no longer kept."""

    def send(self, request: Request, *, gateway: str, proxy: str, cancel_token: CancelToken | None) -> Response:
        """Return the whole answer to ``request``, whatever its status.

        Raises:
            FetchError: There was no answer, or none that can be used.
        """
        deadline_s = time.monotonic() + (IRREVERSIBLE_DEADLINE_S if request.is_irreversible else DEADLINE_S)
        way = route(request.url, gateway=gateway, proxy=proxy)
        result: Response | FetchError | None = None
        # What is not a GET never goes over a kept connection: should it die, nobody would know whether the request
        # had arrived.
        if request.method == "GET" and way.host not in self._suspects:
            result = self._exchange(request, way, deadline_s, cancel_token, is_kept=True)
        if result is None:
            result = self._exchange(request, way, deadline_s, cancel_token, is_kept=False)
        if not isinstance(result, Response):
            # Not raised where it was made: the libraries' errors, which hold the login, would hang on it.
            raise result or cancelled()
        return result

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            self._kept.close()

    def _exchange(
        self, request: Request, way: Route, deadline_s: float, cancel_token: CancelToken | None, *, is_kept: bool
    ) -> Response | FetchError | None:
        """Return what came of it; ``None`` when a kept connection had died or may have given another's answer."""

        def is_cancelled() -> bool:
            return cancel_token is not None and cancel_token.is_cancelled

        if is_cancelled():
            return cancelled()
        enough = (lambda received: is_whole(received, self._clock())) if request.is_irreversible else None
        exchange = begin_exchange(deadline_s, cancel_token, enough)
        try:
            result = self._attempt(request, way, exchange, is_kept=is_kept)
            # The end of what was cancelled may look like the end of the answer.
            if is_cancelled():
                return cancelled()
            return None if exchange.was_stale or exchange.has_doubtful_answer else result
        finally:
            if exchange.is_suspect:
                with self._lock:
                    self._suspects.add(way.host)
            exchange.end()

    def _attempt(self, request: Request, way: Route, exchange: Exchange, *, is_kept: bool) -> Response | FetchError:
        adapter = None
        try:
            kept = self._adapter(way.url)
            adapter = kept if is_kept else Adapter(kept.trust, kept.context)
            answer = self._response(adapter, request, way, exchange)
            # Its head may say that it is shorter than it is.
            needs_more = request.is_irreversible and not is_object(answer.body)
            return (self._salvaged(exchange) if needs_more else None) or answer
        except FetchError as error:
            return self._salvaged(exchange) or error
        except zlib.error:
            return self._salvaged(exchange) or damaged()
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            # What breaks off may go on later; what is late is only late.
            exchange.is_suspect |= exchange.is_answered and not is_timeout(error)
            return self._salvaged(exchange) or explain(error, way.proxy_name)
        finally:
            if adapter is not None and not is_kept:
                adapter.close()

    def _salvaged(self, exchange: Exchange) -> Response | None:
        """Return what has come of an answer that cannot be had again."""
        return salvage(bytes(exchange.received), self._clock()) if exchange.received else None

    def _response(self, adapter: Adapter, request: Request, way: Route, exchange: Exchange) -> Response:
        prepared, timeout = _prepared(request, way.url), (_CONNECT_S, DEADLINE_S)
        answer = adapter.send(prepared, stream=True, timeout=timeout, proxies=way.proxies)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            body = _unpacked(answer.raw.stream(_PIECE_BYTES, decode_content=False), headers.get("content-encoding", ""))
        except BaseException:
            exchange.is_abandoned = True
            answer.raw.close()
            raise
        answer.raw.release_conn()
        return Response(answer.status_code, headers, body, self._clock())

    def _adapter(self, url: str) -> Adapter:
        """Return what keeps connections; a new one where other certificates are to be trusted than when it was made.

        Raises:
            FetchError: The certificates cannot be read.
        """
        with self._lock:
            if url.startswith("https:"):
                trust = find_trust(os.environ)
                trusted = (trust, trust.state())
                if trusted != self._trusted:
                    fresh = Adapter(trust)
                    self._kept.close()
                    self._kept, self._trusted = fresh, trusted
            return self._kept


def _prepared(request: Request, url: str) -> requests.PreparedRequest:
    """Return the request as an adapter takes it. Its address is our own.

    Raises:
        FetchError: A header is none.
    """
    for value in request.headers.values():
        if any(mark in value for mark in "\r\n") or not _is_latin(value):
            raise fetch_error(FailureKind.REFUSED, "The request could not be put together. Check the login file.")
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, url, request.body
    # What the libraries would make up is left out: a provider's requests bring what they need.
    own = {"Accept-Encoding": "gzip", "User-Agent": urllib3.util.SKIP_HEADER}
    prepared.headers = requests.structures.CaseInsensitiveDict({**own, **request.headers})
    if request.body is not None:
        prepared.headers["Content-Length"] = str(len(request.body))
    return prepared


def _is_latin(text: str) -> bool:
    return max(text, default="") <= "\xff"


def _unpacked(pieces: Iterable[bytes], coding: str) -> bytes:
    """Return the body of an answer, decoded.

    Raises:
        FetchError: It is too large or damaged.
    """
    if coding.lower() not in {"", "identity", "gzip", "x-gzip"}:
        raise damaged()
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
            raise damaged()
    if gzip is not None and begun and not gzip.eof:
        raise damaged()
    return bytes(body)
