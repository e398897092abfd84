"""Asking one account: the login made fit, the question sent, the answer read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from trayquota.core.account_state import FetchResult
from trayquota.core.model import FailureKind
from trayquota.providers import providers
from trayquota.providers.base import SIGN_IN, FetchError, fetch_error

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
    """Asks accounts, from any number of threads."""

    def __init__(
        self,
        sender: Callable[[], Sender],
        keeper: TokenManager,
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

    def __call__(self, credential: Credential, cut: CancelToken) -> FetchResult:
        """Return what came of asking ``credential``'s provider. A renewal of the login may be part of it."""
        provider = providers()[credential.account.provider]
        login, warning = self._keeper.current_tokens(credential)
        try:
            reading: Usage | None = None
            if not login.is_expired(self._clock()):
                reading = self._ask_as_is(provider, credential, login, cut)
            if reading is None:
                login = self._renewed(provider, credential, login, cut)
                reading = self._ask_renewed(provider, credential, login, cut)
        except FetchError as error:
            is_pause = error.failure.kind is FailureKind.RATE_LIMITED
            return FetchResult(
                error=error.failure,
                is_rate_limited=is_pause,
                retry_after_s=error.retry_after_s,
                access_token=login.access_token,
            )
        if warning is None:
            _, warning = self._keeper.current_tokens(credential)
        if self._asks_plans and reading.plan is None:
            reading = self._with_plan(provider, credential, login, reading, cut)
        return FetchResult(usage=reading, error=warning, access_token=login.access_token)

    def _ask_as_is(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Usage | None:
        """Return the quotas, or ``None`` when the login was refused and a renewed one may help."""
        try:
            return self._ask(provider, credential, login, cut)
        except FetchError as error:
            was_no_use = self._unmended.get(credential.account.id) == login.access_token
            if not error.may_refresh or was_no_use or not self._can_renew(provider, login):
                raise
            return None

    def _ask_renewed(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Usage:
        try:
            return self._ask(provider, credential, login, cut)
        except FetchError as error:
            if error.may_refresh:
                # It was not the token's age. To renew it again and again would be no use either.
                self._unmended[credential.account.id] = login.access_token
            raise

    def _ask(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Usage:
        answer = self._sender().send(provider.usage_request(login), proxy_url=login.proxy_url, cut=cut)
        reading = provider.read_usage(answer)
        self._unmended.pop(credential.account.id, None)
        return reading

    def _with_plan(
        self, provider: Provider, credential: Credential, login: Tokens, reading: Usage, cut: CancelToken
    ) -> Usage:
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

    def _can_renew(self, provider: Provider, login: Tokens) -> bool:
        return provider.can_refresh and self.renew_logins and bool(login.refresh_token)

    def _renewed(self, provider: Provider, credential: Credential, login: Tokens, cut: CancelToken) -> Tokens:
        if not self._can_renew(provider, login):
            raise fetch_error(FailureKind.LOGIN_EXPIRED, _expired_words(login))
        if cut.is_cancelled:
            raise fetch_error(FailureKind.NETWORK, "The question was withdrawn.")
        cut.is_refreshing = True
        return self._keeper.refresh(credential, login)


def _expired_words(login: Tokens) -> str:
    if not login.access_token:
        return f"The file holds no access token. {SIGN_IN}"
    return f"Login expired. {SIGN_IN}"
