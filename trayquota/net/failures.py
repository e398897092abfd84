"""What went wrong on the way to a provider, for people: one table of the libraries' errors.

Their own texts may hold addresses and logins, so none of them is shown.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING

import socks  # type: ignore[import-untyped, unused-ignore]
import urllib3.exceptions as urllib3_errors
from urllib3.util.ssl_match_hostname import CertificateError

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message, marked
from trayquota.net.requests_import import requests
from trayquota.system.shortage import shortage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.core.errors import FetchError


_TABLE: tuple[tuple[tuple[type[BaseException], ...], FailureKind, str], ...] = (
    (
        (
            urllib3_errors.ProxyError,
            urllib3_errors.ProxySchemeUnknown,
            urllib3_errors.ProxySchemeUnsupported,
            requests.exceptions.ProxyError,
            requests.exceptions.InvalidProxyURL,
            requests.exceptions.InvalidSchema,
            socks.ProxyError,
        ),
        FailureKind.NETWORK,
        marked("{proxy} did not answer as it should. Check the proxy settings."),
    ),
    (
        (TimeoutError, urllib3_errors.ReadTimeoutError),
        FailureKind.NETWORK,
        marked("No answer in time. Check the network connection."),
    ),
    (
        (socket.gaierror, urllib3_errors.NameResolutionError),
        FailureKind.NETWORK,
        marked("The provider's address was not found. Check the network connection."),
    ),
    (
        (ssl.SSLCertVerificationError, CertificateError),
        FailureKind.NETWORK,
        marked("No trustworthy connection: the certificate was not accepted. A proxy or the clock may be the cause."),
    ),
    (
        (ssl.SSLError,),
        FailureKind.NETWORK,
        marked("No secure connection came about. A proxy or firewall on the way may be the cause."),
    ),
    (
        (http.client.InvalidURL, requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader),
        FailureKind.REFUSED,
        marked("The request could not be put together. Check the login file."),
    ),
)
"""Which errors mean what; the first row that holds counts, for one error often comes of another."""


def explain(error: Exception, proxy_name: str) -> FetchError:
    """Return the failure that an error of the libraries amounts to; ``proxy_name`` is the proxy on the way."""
    causes = list(_causes(error))
    for short in filter(None, map(shortage, causes)):
        return network(
            Message("No connection could be made: the system has no more {resource} for this program.", resource=short)
        )
    for classes, kind, message in _TABLE:
        if any(isinstance(cause, classes) for cause in causes):
            return fetch_error(kind, Message(message, proxy=proxy_name))
    return network(Message("The connection failed or broke off. Check the network connection."))


def is_timeout(error: Exception) -> bool:
    """Whether an error of the libraries is about time alone."""
    return any(isinstance(cause, TimeoutError) for cause in _causes(error))


def cancelled() -> FetchError:
    """Return the failure of what was cancelled; nobody gets to see it."""
    return network(Message("The request was cancelled."))


def damaged() -> FetchError:
    """Return the failure of an answer whose compression is broken."""
    return fetch_error(FailureKind.BAD_ANSWER, "The answer was damaged on its way. It will be asked again.")


def network(message: str) -> FetchError:
    """Return a failure of the network; ``message`` is for people."""
    return fetch_error(FailureKind.NETWORK, message)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what led to it, wherever the libraries keep that."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop()
        if cause is None or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        reason = getattr(cause, "reason", None)
        waiting += [cause.__cause__, cause.__context__, reason if isinstance(reason, BaseException) else None]
        waiting += [argument for argument in cause.args if isinstance(argument, BaseException)]
