"""Trading a refresh token in: how often it is tried, when not, and what is remembered of a refusal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Protocol

from msgspec import Meta, Struct

from trayquota.core.errors import FetchError, TokenRefreshError, fetch_error
from trayquota.core.model import Failure, FailureKind, Instant
from trayquota.providers.base import SIGN_IN
from trayquota.tokens.journal import fingerprint

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Provider, RefreshedTokens, Request, Response

_ATTEMPTS = 3
_LATEST_START_S = 5.0
"""No try begins so long after the first one did: a provider that lets each of them wait is down."""
_FIRST_WAIT_S = 300.0
_LONGEST_WAIT_S = 6 * 3600.0
_MOST_FAILURES = 20


class RefreshBackoff(Struct, frozen=True):
    """What is remembered of a refresh token that could not be traded in.

    Attributes:
        final: It is dead.
        not_before: It is not tried again before.
        failures: How often in a row the provider refused it; a request for a pause is no refusal.
    """

    final: bool
    not_before: Instant
    failures: Annotated[int, Meta(ge=0, le=100)] = 1


class BackoffStore(Protocol):
    """A memory of refusals by the token's fingerprint that survives restarts; safe from any thread."""

    def refresh_backoff(self, fingerprint: str) -> RefreshBackoff | None:
        """Return what is known of a token."""

    def set_refresh_backoff(self, fingerprint: str, refusal: RefreshBackoff | None) -> None:
        """Note a refusal, or with ``None`` forget it."""


class Send(Protocol):
    """Sends a renewal so that nothing cuts it off."""

    def __call__(self, request: Request, *, proxy_url: str | None) -> Response:
        """Return the answer.

        Raises:
            FetchError: There was none.
        """


class TokenRefresher:
    """Trades refresh tokens in, for any number of threads; one token is for one of them at a time."""

    def __init__(
        self, send: Send, refusals: BackoffStore, clock: Callable[[], datetime], closing: threading.Event
    ) -> None:
        """Wait between tries until ``closing``."""
        self._send = send
        self._refusals = refusals
        self._clock = clock
        self._closing = closing

    def check_allowed(self, refresh_token: str) -> None:
        """Return when a token may be traded in.

        Raises:
            FetchError: It is dead, or it is too early for another try.
        """
        known = self._refusals.refresh_backoff(fingerprint(refresh_token))
        if known is None:
            return
        if known.final:
            raise login_expired()
        now = self._clock()
        # A wait that is longer than any comes from a clock that was wrong.
        if now < known.not_before <= now + timedelta(seconds=_LONGEST_WAIT_S):
            raise _later(known.not_before)

    def refresh(self, provider: Provider, login: Tokens) -> RefreshedTokens:
        """Return the new pair. The old one is spent then.

        Raises:
            FetchError: There is none: the failure says whether the user has to act or when it is tried again.
        """
        request = provider.refresh_request(login.refresh_token)
        begun = self._clock()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return provider.read_refresh(self._send(request, proxy_url=login.proxy_url))
            except TokenRefreshError as error:
                is_passing = error.server_fault
                problem = _in_trouble() if is_passing else self._refused(fingerprint(login.refresh_token), error)
            except FetchError as error:
                is_passing, problem = error.failure.kind is FailureKind.NETWORK, error
            wait_s = 2.0 ** (attempt - 1)
            is_late = (self._clock() - begun).total_seconds() + wait_s > _LATEST_START_S
            if not is_passing or is_late or attempt == _ATTEMPTS or self._closing.wait(wait_s):
                break
        raise problem

    def forget(self, refresh_token: str) -> None:
        """Forget earlier refusals: the token was good after all."""
        self._refusals.set_refresh_backoff(fingerprint(refresh_token), None)

    def _refused(self, fingerprint: str, error: TokenRefreshError) -> FetchError:
        now = self._clock()
        if error.final:
            self._refusals.set_refresh_backoff(fingerprint, RefreshBackoff(final=True, not_before=now))
            return login_expired()
        known = self._refusals.refresh_backoff(fingerprint)
        failures = known.failures if known else 0
        wait_s = error.wait_s
        if wait_s is None:
            failures = min(failures + 1, _MOST_FAILURES)
            wait_s = min(_FIRST_WAIT_S * 2.0 ** (failures - 1), _LONGEST_WAIT_S)
        not_before = now + timedelta(seconds=wait_s)
        self._refusals.set_refresh_backoff(
            fingerprint, RefreshBackoff(final=False, not_before=not_before, failures=failures)
        )
        return _later(not_before)


def login_expired() -> FetchError:
    """Return the error for a login that only its owner can renew."""
    return fetch_error(FailureKind.LOGIN_EXPIRED, f"Login expired. {SIGN_IN}")


def _later(moment: datetime) -> FetchError:
    message = "The login has ended and could not be renewed yet. It will be tried again."
    return FetchError(Failure(FailureKind.PROVIDER_DOWN, message, moment))


def _in_trouble() -> FetchError:
    return fetch_error(
        FailureKind.PROVIDER_DOWN,
        "The login has ended and the provider has trouble renewing it. It will be tried again.",
    )
