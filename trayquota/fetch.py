"""Asking one account: the login made fit, the question sent, the answer read."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.discreet import Discreet
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
        self._sockets: list[socket.socket] = []
        self.done = False
        self.renews = False
        """Whether a renewal is, or was, a part of it."""

    def watch(self, connection: HasFileno) -> None:
        """Let :meth:`cut` reach ``connection``, whatever encryption is put on it."""
        with contextlib.suppress(OSError):
            # A second handle: it outlives what is done to the first, and shutting it says nothing in the clear,
            # as shutting a socket of :mod:`ssl` under somebody who is writing to it might.
            mine = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            with self._lock:
                self._sockets.append(mine)
                if self.done:
                    _shut(mine)

    def release(self) -> None:
        """Forget the connections: the exchange is over, and they may serve another."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def cut(self) -> None:
        """Withdraw it."""
        with self._lock:
            self.done = True
            for each in self._sockets:
                _shut(each)


class HasFileno(Protocol):
    """An open connection."""

    def fileno(self) -> int:
        """Return its descriptor."""


class Sender(Protocol):
    """Carries requests; see :class:`trayquota.transport.Transport`."""

    def send(self, request: Request, *, proxy_url: str | None = None, cut: Cut | None = None) -> Response:
        """Return the answer, or raise ``FetchError``."""


class Outcome(Discreet, Struct, frozen=True):
    """What came of asking an account.

    Attributes:
        reading: The quotas, when there was a good answer.
        error: Why there was none; beside a reading: something else the user should know.
        is_pause: The provider answered 429.
        retry_after_s: The pause it asked for; seconds, 0 when it named none.
        token: The access token that was used.
    """

    tells = ("reading", "error", "is_pause", "retry_after_s")

    reading: Reading | None = None
    error: Failure | None = None
    is_pause: bool = False
    retry_after_s: float = 0.0
    token: str = ""


class Fetcher:
    """Asks accounts, from any number of threads."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        keeper: LoginKeeper,
        clock: Callable[[], datetime],
        *,
        renew_logins: bool = True,
        asks_plans: bool = False,
    ) -> None:
        """Ask through ``sender()``, which is called when first needed.

        Args:
            sender: Gives what carries requests.
            keeper: Renews logins.
            clock: The time, aware, UTC.
            renew_logins: Whether it may.
            asks_plans: Also ask for plans that the quotas' answer does not name: once per account and token, and not
                with the first question, which somebody is waiting for.
        """
        self._asks_plans = asks_plans
        self._plan_due: dict[str, tuple[str, bool]] = {}
        """By account, the access token last used, and whether the plan has been asked for with it."""
        self._sender = sender
        self._keeper = keeper
        self._clock = clock
        self.renew_logins = renew_logins
        """May be changed at any time."""
        self._unmended: dict[str, str] = {}
        """By account, the access token that was refused right after it had been renewed."""

    def __call__(self, credential: Credential, cut: Cut) -> Outcome:
        """Return what came of asking ``credential``'s provider. A renewal of the login may be part of it."""
        provider = providers()[credential.account.provider]
        login, warning = self._keeper.current(credential)
        try:
            reading: Reading | None = None
            if not login.is_expired(self._clock()):
                reading = self._ask_as_is(provider, credential, login, cut)
            if reading is None:
                login = self._renewed(provider, credential, login, cut)
                reading = self._ask_renewed(provider, credential, login, cut)
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
        if self._asks_plans and reading.plan is None:
            reading = self._with_plan(provider, credential, login, reading, cut)
        return Outcome(reading=reading, error=warning, token=login.access_token)

    def _ask_as_is(self, provider: Provider, credential: Credential, login: Login, cut: Cut) -> Reading | None:
        """Return the quotas, or ``None`` when the login was refused and a renewed one may help."""
        try:
            return self._ask(provider, credential, login, cut)
        except FetchError as error:
            was_no_use = self._unmended.get(credential.account.id) == login.access_token
            if not error.may_renew or was_no_use or not self._can_renew(provider, login):
                raise
            return None

    def _ask_renewed(self, provider: Provider, credential: Credential, login: Login, cut: Cut) -> Reading:
        try:
            return self._ask(provider, credential, login, cut)
        except FetchError as error:
            if error.may_renew:
                # It was not the token's age. To renew it again and again would be no use either.
                self._unmended[credential.account.id] = login.access_token
            raise

    def _ask(self, provider: Provider, credential: Credential, login: Login, cut: Cut) -> Reading:
        answer = self._sender().send(provider.usage_request(login), proxy_url=login.proxy_url, cut=cut)
        reading = provider.read_usage(answer)
        self._unmended.pop(credential.account.id, None)
        return reading

    def _with_plan(
        self, provider: Provider, credential: Credential, login: Login, reading: Reading, cut: Cut
    ) -> Reading:
        """Return the reading with the plan, when it is time to ask for that and there is an answer."""
        key, request = credential.account.id, provider.plan_request(login)
        token, asked = self._plan_due.get(key, ("", False))
        is_second_use = token == login.access_token
        asked = asked and is_second_use
        self._plan_due[key] = (login.access_token, is_second_use)
        if request is None or asked or not is_second_use:
            return reading
        try:
            answer = self._sender().send(request, proxy_url=login.proxy_url, cut=cut)
            return replace(reading, plan=provider.read_plan(answer))
        except FetchError:
            # Nothing depends on it.
            return reading

    def _can_renew(self, provider: Provider, login: Login) -> bool:
        return provider.can_renew and self.renew_logins and bool(login.refresh_token)

    def _renewed(self, provider: Provider, credential: Credential, login: Login, cut: Cut) -> Login:
        if not self._can_renew(provider, login):
            raise failed(FailureKind.LOGIN_EXPIRED, _expired_words(login))
        if cut.done:
            raise failed(FailureKind.NETWORK, "The question was withdrawn.")
        cut.renews = True
        return self._keeper.renew(credential, login)


def _expired_words(login: Login) -> str:
    if not login.access_token:
        return f"The file holds no access token. {SIGN_IN}"
    return f"Login expired. {SIGN_IN}"


def _shut(connection: socket.socket) -> None:
    """End both directions; whoever waits on it elsewhere wakes up."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
