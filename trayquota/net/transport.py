"""HTTP for the providers: the one way out of the machine.

Light to import and to make: what sends is imported with the first request. See :mod:`trayquota.net.exchange`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message
from trayquota.core.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from trayquota.net.cancellation import CancelToken
    from trayquota.net.exchange import Exchanger
    from trayquota.providers.base import Request, Response


class Transport:
    """Sends requests, from any number of threads. Its fields are changed under its lock."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        gateway: str = "",
        proxy: str = "",
        answered: Callable[[Mapping[str, str]], None] = lambda _headers: None,
    ) -> None:
        """Send nothing yet.

        Args:
            clock: The time, to date answers with.
            gateway: ``http://127.0.0.1:PORT``: requests go there instead, to ``/HOST/PATH?QUERY``.
            proxy: For every request whose account has none; without it the environment's is used.
            answered: Called with the headers of each answer as it comes.
        """
        self._clock = clock
        self._answered = answered
        self._lock = threading.Lock()
        self._gateway, self._proxy = gateway, proxy
        self._exchanger: Exchanger | None = None

    def configure(self, *, gateway: str, proxy: str) -> None:
        """Send by these settings from now on; what is under way ends as it began."""
        with self._lock:
            self._gateway, self._proxy = gateway, proxy

    def send(
        self, request: Request, *, proxy_url: str | None = None, cancel_token: CancelToken | None = None
    ) -> Response:
        """Return the whole answer to ``request``, whatever its status.

        Args:
            request: For an ``https`` address.
            proxy_url: The account's own proxy; ``direct`` or ``none`` for none.
            cancel_token: May end it early; without one nothing does.

        Raises:
            FetchError: There was no answer, or none that can be used.
        """
        if urlsplit(request.url).scheme != "https":
            raise fetch_error(FailureKind.REFUSED, "Only HTTPS addresses are asked.")
        with self._lock:
            gateway, proxy = self._gateway, self._proxy
            exchanger = self._exchanger = self._exchanger or self._new_exchanger()
        response = exchanger.send(request, gateway=gateway, proxy=proxy_url or proxy, cancel_token=cancel_token)
        self._answered(response.headers)
        return response

    def send_to_server(self, request: Request, *, cancel_token: CancelToken | None = None) -> Response:
        """Return the whole answer of a server that the person has connected, which no gateway stands in for.

        Args:
            request: For an ``http`` or ``https`` address. One on this machine is reached without a proxy.
            cancel_token: May end it early; without one nothing does.

        Raises:
            FetchError: There was no answer, or none that can be used.
        """
        with self._lock:
            proxy = "direct" if is_loopback(request.url) else self._proxy
            exchanger = self._exchanger = self._exchanger or self._new_exchanger()
        return exchanger.send(request, gateway="", proxy=proxy, cancel_token=cancel_token)

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._lock:
            if self._exchanger is not None:
                self._exchanger.close()

    def _new_exchanger(self) -> Exchanger:
        try:
            from trayquota.net.exchange import Exchanger
        except (OSError, ImportError):
            message = Message("What sends requests could not be loaded. Is the system short of memory or open files?")
            raise fetch_error(FailureKind.NETWORK, message) from None
        return Exchanger(self._clock)
