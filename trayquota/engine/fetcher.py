"""Fetching one account's usage: with a login that is fit for it, refreshed where that helps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.account_state import FetchResult
from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message
from trayquota.engine.fetch_pool import REQUEST_S, SENDER_S, TOKEN_REFRESH_S
from trayquota.providers import find_provider
from trayquota.providers.base import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from trayquota.core.credential import Credential, Tokens
    from trayquota.core.model import Usage
    from trayquota.net.cancellation import CancelToken
    from trayquota.providers.base import Provider, Request, Response
    from trayquota.tokens.manager import TokenManager


class TransportSend(Protocol):
    """Sends one request; see :meth:`trayquota.net.transport.Transport.send`."""

    def __call__(self, request: Request, *, proxy_url: str | None, cancel_token: CancelToken) -> Response:
        """Return the answer, or raise ``FetchError``."""


class AccountSend(Protocol):
    """Sends a request for an account through what has its login."""

    def __call__(self, credential: Credential, request: Request, cancel_token: CancelToken) -> Response:
        """Return the provider's answer, or raise ``FetchError``."""


class Fetcher:
    """Fetches accounts' usage, from any number of threads."""

    def __init__(
        self,
        send: TransportSend,
        token_manager: TokenManager,
        clock: Callable[[], datetime],
        *,
        sends_rare_requests: bool = False,
        senders: Mapping[str, AccountSend] | None = None,
    ) -> None:
        """Fetch nothing yet.

        Args:
            send: Sends a request.
            token_manager: Refreshes tokens.
            clock: The providers' time, aware, UTC.
            sends_rare_requests: See :meth:`trayquota.providers.base.Send.rarely`; without it none is due.
            senders: By the name of a source: what sends for its accounts in place of ``send``.
        """
        self._send = send
        self._token_manager = token_manager
        self._clock = clock
        self._senders = senders or {}
        self._rare_requests = _RareRequests() if sends_rare_requests else None
        self.refreshes_tokens = True
        """Whether it may refresh tokens; may be changed at any time."""

    def __call__(
        self, credential: Credential, cancel_token: CancelToken, allow_s: Callable[[float], None]
    ) -> FetchResult:
        """Return the account's usage, or why there is none. A token refresh may be part of it."""
        provider = find_provider(credential.account.provider)
        if provider is None:
            raise LookupError(credential.account.provider)
        login, warning = self._token_manager.current_tokens(credential)
        fetch = _Fetch(provider, credential, cancel_token, allow_s, self._clock)
        try:
            usage, refusal = self._fetch_unless_refused(fetch, login)
            if usage is None:
                login = self._refreshed(fetch, login)
                if refusal is not None and refusal.failure.kind is not FailureKind.LOGIN_EXPIRED:
                    # The token may not have ended: a new one is tried once, also when this process ends meanwhile.
                    self._token_manager.set_ineffective(login, is_ineffective=True)
                usage = self._fetch_refreshed(fetch, login)
        except FetchError as error:
            return _failed(credential, login, error, self._clock())
        if warning is None:
            _, warning = self._token_manager.current_tokens(credential)
        return FetchResult(usage=usage, error=warning, access_token=login.access_token)

    def _fetch_unless_refused(self, fetch: _Fetch, login: Tokens) -> tuple[Usage | None, FetchError | None]:
        """Return the usage, or how the access token was refused; neither when it has ended."""
        if login.is_expired(self._clock()):
            return None, None
        try:
            return self._fetch(fetch, login), None
        except FetchError as error:
            may_refresh = error.may_refresh and self._can_refresh(fetch, login)
            if not may_refresh or self._token_manager.is_ineffective(login):
                raise
            return None, error

    def _fetch_refreshed(self, fetch: _Fetch, login: Tokens) -> Usage:
        try:
            return self._fetch(fetch, login)
        except FetchError as error:
            if error.may_refresh:
                # It was not the token's age. To refresh it again and again would be no use either.
                self._token_manager.set_ineffective(login, is_ineffective=True)
            raise

    def _fetch(self, fetch: _Fetch, login: Tokens) -> Usage:
        sender = self._senders.get(fetch.credential.source)
        usage = fetch.provider.fetch(login, _Send(self._send, sender, fetch, login, self._rare_requests))
        self._token_manager.set_ineffective(login, is_ineffective=False)
        return usage

    def _can_refresh(self, fetch: _Fetch, login: Tokens) -> bool:
        may = fetch.provider.can_refresh and fetch.credential.writable and self.refreshes_tokens
        return may and bool(login.refresh_token)

    def _refreshed(self, fetch: _Fetch, login: Tokens) -> Tokens:
        if not self._can_refresh(fetch, login):
            raise fetch_error(FailureKind.LOGIN_EXPIRED, _expired_message(login))
        if fetch.cancel_token.is_cancelled:
            raise fetch_error(FailureKind.NETWORK, "The fetch was cancelled.")
        fetch.allow_s(TOKEN_REFRESH_S)
        return self._token_manager.refresh(fetch.credential, login)


class _Fetch(Struct, frozen=True):
    """One fetch of an account."""

    provider: Provider
    credential: Credential
    cancel_token: CancelToken
    allow_s: Callable[[float], None]
    clock: Callable[[], datetime]

    @property
    def account_id(self) -> str:
        """Whose usage is fetched."""
        return self.credential.account.id


class _Send:
    """Sends a provider's requests for one account; see :class:`trayquota.providers.base.Send`."""

    def __init__(
        self,
        send: TransportSend,
        sender: AccountSend | None,
        fetch: _Fetch,
        login: Tokens,
        rare_requests: _RareRequests | None,
    ) -> None:
        self._send = send
        self._sender = sender
        self._fetch = fetch
        self._login = login
        self._rare_requests = rare_requests

    def __call__(self, request: Request) -> Response:
        # What it says of times from now on, and of those that have passed, goes by the clock that resets are on.
        return replace(self._answer(request), received_at=self._fetch.clock())

    def _answer(self, request: Request) -> Response:
        if self._sender is not None:
            self._fetch.allow_s(SENDER_S)
            return self._sender(self._fetch.credential, request, self._fetch.cancel_token)
        self._fetch.allow_s(REQUEST_S)
        return self._send(request, proxy_url=self._login.proxy_url, cancel_token=self._fetch.cancel_token)

    def rarely(self, request: Request) -> Response | None:
        rare = self._rare_requests
        if rare is None or not rare.take_due(self._fetch.account_id, request.url, self._login.access_token):
            return None
        try:
            return self(request)
        except FetchError:
            # Nothing depends on it.
            return None


class _RareRequests:
    """Which rare requests have been sent, and with which access token. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], tuple[str, bool]] = {}
        """By account and address: the last access token, and whether the request was sent with it."""

    def take_due(self, account_id: str, url: str, access_token: str) -> bool:
        """Return whether a request is due: at the second time with a token. Counts this time."""
        with self._lock:
            token, was_sent = self._seen.get((account_id, url), ("", False))
            is_second_time = token == access_token
            self._seen[account_id, url] = (access_token, is_second_time)
            return is_second_time and not was_sent


def _failed(credential: Credential, login: Tokens, error: FetchError, now: datetime) -> FetchResult:
    """Return the result of a fetch that failed; an expired login that another program refreshes says which."""
    failure, expired_at = error.failure, None
    if credential.advice:
        failure = replace(failure, message=_advised(failure.message, credential.advice))
    if credential.refreshed_by and failure.kind is FailureKind.LOGIN_EXPIRED and login.access_token:
        if not credential.advice:
            message = Message(
                "Login expired. {program} refreshes this login; is it running?", program=credential.refreshed_by
            )
            failure = replace(failure, message=message)
        expired_at = login.expires_at if login.expires_at is not None and login.expires_at <= now else now
    return FetchResult(
        error=failure,
        is_rate_limited=failure.kind is FailureKind.RATE_LIMITED,
        retry_after_s=error.retry_after_s,
        access_token=login.access_token,
        expired_at=expired_at,
    )


def _advised(message: str, advice: str) -> str:
    """Return a message with another advice in place of the usual one."""
    if isinstance(message, Message) and "sign_in" in message.fields:
        return message.with_fields(sign_in=advice)
    return message.replace(SIGN_IN, advice)


def _expired_message(login: Tokens) -> str:
    if not login.access_token:
        return Message("The file holds no access token. {sign_in}", sign_in=SIGN_IN)
    return Message("Login expired. {sign_in}", sign_in=SIGN_IN)
