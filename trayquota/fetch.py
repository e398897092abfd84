"""Asking one account: the login made fit, the question sent, the answer read."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from trayquota.core.model import Failure, FailureKind
from trayquota.providers import providers
from trayquota.providers.base import SIGN_IN, FetchError, failed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trayquota.credentials.files import Credential
    from trayquota.credentials.login import LoginKeeper
    from trayquota.providers.base import Login, Provider, Reading, Request, Response


class Cut:
    """Withdraws a question from another thread: at once when it is under way, else before it begins.

    The renewal of a login is never cut: while one is under way the cut waits for it.
    """

    def __init__(self) -> None:
        """Nothing is cut yet."""
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self.done = False
        self.is_renewing = False

    def watch(self, connection: socket.socket) -> None:
        """Let :meth:`cut` reach ``connection``."""
        with self._lock:
            self._sockets.add(connection)
            if self.done:
                _shut(connection)

    def release(self) -> None:
        """Forget the connections: the exchange is over, and they may serve another."""
        with self._lock:
            self._sockets.clear()

    def cut(self) -> None:
        """Withdraw it."""
        with self._lock:
            self.done = True
            for each in self._sockets:
                _shut(each)


class Sender(Protocol):
    """Carries requests; see :class:`trayquota.transport.Transport`."""

    def send(self, request: Request, *, proxy_url: str | None = None, cut: Cut | None = None) -> Response:
        """Return the answer, or raise ``FetchError``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking an account.

    Attributes:
        reading: The quotas, when there was a good answer.
        error: Why there was none; beside a reading: something else the user should know.
        is_pause: The provider answered 429.
        retry_after_s: The pause it asked for; seconds, 0 when it named none.
        token: The access token that was used.
    """

    reading: Reading | None = None
    error: Failure | None = None
    is_pause: bool = False
    retry_after_s: float = 0.0
    token: str = field(default="", repr=False)


class Fetcher:
    """Asks accounts, from any number of threads."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        keeper: LoginKeeper,
        clock: Callable[[], datetime],
        *,
        renew_logins: bool = True,
    ) -> None:
        """Ask through ``sender()``, which is called when first needed."""
        self._sender = sender
        self._keeper = keeper
        self._clock = clock
        self._renew_logins = renew_logins

    def __call__(self, credential: Credential, cut: Cut) -> Outcome:
        """Return what came of asking ``credential``'s provider. A renewal of the login may be part of it."""
        provider = providers()[credential.account.provider]
        login, warning = self._keeper.current(credential)
        try:
            if login.is_expired(self._clock()):
                login = self._renewed(provider, credential, login, cut)
                reading = self._ask(provider, login, cut)
            else:
                try:
                    reading = self._ask(provider, login, cut)
                except FetchError as error:
                    if not error.may_renew or not self._can_renew(provider, login):
                        raise
                    login = self._renewed(provider, credential, login, cut)
                    reading = self._ask(provider, login, cut)
        except FetchError as error:
            is_pause = error.failure.kind is FailureKind.RATE_LIMITED
            return Outcome(
                error=error.failure,
                is_pause=is_pause,
                retry_after_s=error.retry_after_s,
                token=login.access_token,
            )
        if warning is None:
            _, warning = self._keeper.current(credential)
        return Outcome(reading=reading, error=warning, token=login.access_token)

    def _ask(self, provider: Provider, login: Login, cut: Cut) -> Reading:
        answer = self._sender().send(provider.usage_request(login), proxy_url=login.proxy_url, cut=cut)
        return provider.read_usage(answer)

    def _can_renew(self, provider: Provider, login: Login) -> bool:
        return provider.can_renew and self._renew_logins and bool(login.refresh_token)

    def _renewed(self, provider: Provider, credential: Credential, login: Login, cut: Cut) -> Login:
        if not self._can_renew(provider, login):
            raise failed(FailureKind.LOGIN_EXPIRED, _expired_words(login))
        if cut.done:
            raise failed(FailureKind.NETWORK, "The question was withdrawn.")
        cut.is_renewing = True
        try:
            return self._keeper.renew(credential, login)
        finally:
            cut.is_renewing = False


def _expired_words(login: Login) -> str:
    if not login.access_token:
        return f"The file holds no access token. {SIGN_IN}"
    return f"Login expired. {SIGN_IN}"


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
