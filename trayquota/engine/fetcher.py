"""Fetching one account's quotas: with a login that is fit for it, refreshed where that helps."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol

from trayquota.core.account_state import FetchResult
from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.providers import find_provider
from trayquota.providers.base import SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from trayquota.core.credential import Credential, Tokens
    from trayquota.core.model import Usage
    from trayquota.net.cancellation import CancelToken
    from trayquota.providers.base import Provider, Request, Response
    from trayquota.tokens.manager import TokenManager


class Sender(Protocol):
    """Carries requests; see :class:`trayquota.net.transport.Transport`."""

    def send(self, request: Request, *, proxy_url: str | None = None, cut: CancelToken | None = None) -> Response:
        """Return the answer, or raise ``FetchError``."""


class Fetcher:
    """Fetches accounts' quotas, from any number of threads; what it remembers of accounts is under a lock."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        keeper: TokenManager,
        clock: Callable[[], datetime],
        *,
        renew_logins: bool = True,
        sends_rare_requests: bool = False,
    ) -> None:
        """Send through ``sender()``, which is called when first needed.

        Args:
            sender: Gives what carries requests.
            keeper: Refreshes tokens.
            clock: The time, aware, UTC.
            renew_logins: Whether it may.
            sends_rare_requests: See :meth:`trayquota.providers.base.Send.rarely`; without it none is due.
        """
        self._sender = sender
        self._keeper = keeper
        self._clock = clock
        self._rare_requests = _RareRequests() if sends_rare_requests else None
        self.renew_logins = renew_logins
        """May be changed at any time."""
        self._lock = threading.Lock()
        self._refused_when_new: dict[str, str] = {}
        """By account, the access token that was refused right after it had been refreshed."""

    def __call__(self, credential: Credential, cut: CancelToken) -> FetchResult:
        """Return the account's quotas, or why there are none. A token refresh may be part of it."""
        provider = find_provider(credential.account.provider)
        if provider is None:
            raise LookupError(credential.account.provider)
        login, warning = self._keeper.current_tokens(credential)
        try:
            usage: Usage | None = None
            if not login.is_expired(self._clock()):
                usage = self._fetch_unless_refused(provider, credential, login, cut)
            if usage is None:
                login = self._refreshed(provider, credential, login, cut)
                usage = self._fetch_refreshed(provider, credential, login, cut)
        except FetchError as error:
            return FetchResult(
                error=error.failure,
                is_rate_limited=error.failure.kind is FailureKind.RATE_LIMITED,
                retry_after_s=error.retry_after_s,
                access_token=login.access_token,
            )
        if warning is None:
            _, warning = self._keeper.current_tokens(credential)
        return FetchResult(usage=usage, error=warning, access_token=login.access_token)

    def _fetch_unless_refused(
        self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken
    ) -> Usage | None:
        """Return the quotas, or ``None`` when the access token was refused and a new one may help."""
        try:
            return self._fetch(provider, credential, login, cut)
        except FetchError as error:
            with self._lock:
                is_no_use = self._refused_when_new.get(credential.account.id) == login.access_token
            if not error.may_refresh or is_no_use or not self._can_refresh(provider, login):
                raise
            return None

    def _fetch_refreshed(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Usage:
        try:
            return self._fetch(provider, credential, login, cut)
        except FetchError as error:
            if error.may_refresh:
                # It was not the token's age. To refresh it again and again would be no use either.
                with self._lock:
                    self._refused_when_new[credential.account.id] = login.access_token
            raise

    def _fetch(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Usage:
        usage = provider.fetch(login, _Send(self._sender(), credential.account.id, login, cut, self._rare_requests))
        with self._lock:
            self._refused_when_new.pop(credential.account.id, None)
        return usage

    def _can_refresh(self, provider: Provider, login: Tokens) -> bool:
        return provider.can_refresh and self.renew_logins and bool(login.refresh_token)

    def _refreshed(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Tokens:
        if not self._can_refresh(provider, login):
            raise fetch_error(FailureKind.LOGIN_EXPIRED, _expired_message(login))
        if cut.is_cancelled:
            raise fetch_error(FailureKind.NETWORK, "The question was withdrawn.")
        cut.is_refreshing = True
        return self._keeper.refresh(credential, login)


class _Send:
    """Sends a provider's requests for one account; see :class:`trayquota.providers.base.Send`."""

    def __init__(
        self, sender: Sender, account_id: str, login: Tokens, cut: CancelToken, rare_requests: _RareRequests | None
    ) -> None:
        self._sender = sender
        self._account_id = account_id
        self._login = login
        self._cut = cut
        self._rare_requests = rare_requests

    def __call__(self, request: Request) -> Response:
        return self._sender.send(request, proxy_url=self._login.proxy_url, cut=self._cut)

    def rarely(self, request: Request) -> Response | None:
        rare = self._rare_requests
        if rare is None or not rare.take_due(self._account_id, request.url, self._login.access_token):
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
        """By account and address: the access token it was last due or not with, and whether it was sent with it."""

    def take_due(self, account_id: str, url: str, access_token: str) -> bool:
        """Return whether a request is due: at the second time with a token. Counts this time."""
        with self._lock:
            token, was_sent = self._seen.get((account_id, url), ("", False))
            is_second_use = token == access_token
            self._seen[account_id, url] = (access_token, is_second_use)
            return is_second_use and not was_sent


def _expired_message(login: Tokens) -> str:
    if not login.access_token:
        return f"The file holds no access token. {SIGN_IN}"
    return f"Login expired. {SIGN_IN}"
