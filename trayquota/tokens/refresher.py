"""Sending a refresh token, and what is recorded of one that brought no new pair, or one of no use."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Protocol

from msgspec import Meta, Struct
from msgspec.structs import replace

from trayquota.core.errors import FetchError, SupersededError, TokenRefreshError, fetch_error
from trayquota.core.model import Failure, FailureKind, Instant
from trayquota.core.translation import Message
from trayquota.providers.base import SIGN_IN
from trayquota.tokens.lock import cancelled
from trayquota.tokens.pending_tokens import fingerprint

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from trayquota.core.credential import Tokens
    from trayquota.providers.base import Provider, RefreshedTokens, Request, Response

_ATTEMPTS = 3
_LATEST_START_S = 5.0
"""No attempt begins so long after the first one did: a provider that lets each of them wait is down."""
_FIRST_WAIT_S = 300.0
_LONGEST_WAIT_S = 6 * 3600.0
_MOST_FAILURES = 20
_SUPERSEDED_WITHIN_S = 3.0
"""So long another program may take to write the pair that it has got for a token that is spent."""
_LOOK_S = 0.1


class RefreshBackoff(Struct, frozen=True):
    """What is recorded of a refresh token.

    Attributes:
        final: It is dead.
        not_before: It is not sent again before.
        failures: How often in a row the provider refused it; a request for a pause is no refusal.
        ineffective: It came with an access token that was refused as the one before; only that one's end is a reason
            to refresh it.
    """

    final: bool
    not_before: Instant
    failures: Annotated[int, Meta(ge=0, le=100)] = 1
    ineffective: bool = False


class BackoffStore(Protocol):
    """Keeps these records by the tokens' fingerprints, across restarts; safe from any thread."""

    def refresh_backoff(self, fingerprint: str) -> RefreshBackoff | None:
        """Return what is known of a token."""

    def set_refresh_backoff(self, fingerprint: str, backoff: RefreshBackoff | None) -> None:
        """Record it, or with ``None`` forget it."""


class Send(Protocol):
    """Sends the request of a token refresh; nothing cancels it."""

    def __call__(self, request: Request, *, proxy_url: str | None) -> Response:
        """Return the answer.

        Raises:
            FetchError: There was none.
        """


class TokenRefresher:
    """Sends refresh tokens, for any number of threads; one token is for one of them at a time."""

    def __init__(
        self, send: Send, backoffs: BackoffStore, clock: Callable[[], datetime], closing: threading.Event
    ) -> None:
        """Wait between attempts until ``closing``."""
        self._send = send
        self._backoffs = backoffs
        self._clock = clock
        self._closing = closing

    def check_allowed(self, refresh_token: str) -> None:
        """Return when a token may be sent.

        Raises:
            FetchError: It is dead, or it is too early for another attempt.
        """
        known = self._backoffs.refresh_backoff(fingerprint(refresh_token))
        if known is None:
            return
        if known.final:
            raise login_expired()
        now = self._clock()
        # A wait that is longer than any comes from a clock that was wrong.
        if now < known.not_before <= now + timedelta(seconds=_LONGEST_WAIT_S):
            raise _later(known.not_before)

    def refresh(self, provider: Provider, login: Tokens, is_superseded: Callable[[], bool]) -> RefreshedTokens:
        """Return the new pair. The old one is spent then.

        Raises:
            FetchError: There is none: the failure says whether the user has to act or when it is tried again.
            SupersededError: ``is_superseded`` came true after the provider had called the token spent.
        """
        request = provider.refresh_request(login.refresh_token)
        begun = self._clock()
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return provider.read_refresh(self._send(request, proxy_url=login.proxy_url))
            except TokenRefreshError as error:
                if error.final:
                    self._await_superseded(is_superseded)
                is_passing = error.server_fault
                problem = _in_trouble() if is_passing else self.back_off(login.refresh_token, error)
            except FetchError as error:
                is_passing, problem = error.failure.kind is FailureKind.NETWORK, error
            wait_s = 2.0 ** (attempt - 1)
            is_late = (self._clock() - begun).total_seconds() + wait_s > _LATEST_START_S
            if not is_passing or is_late or attempt == _ATTEMPTS or self._closing.wait(wait_s):
                break
        raise problem

    def succeeded(self, spent: str, refresh_token: str) -> None:
        """Note that a new token came of one: the record of the old one goes, but for its being no use."""
        known = self._backoffs.refresh_backoff(fingerprint(spent))
        self._backoffs.set_refresh_backoff(fingerprint(spent), None)
        if known is not None and known.ineffective:
            self.set_ineffective(refresh_token, is_ineffective=True)

    def is_ineffective(self, refresh_token: str) -> bool:
        """Whether a token has come of a refresh that was no use."""
        known = self._backoffs.refresh_backoff(fingerprint(refresh_token))
        return known is not None and known.ineffective

    def set_ineffective(self, refresh_token: str, *, is_ineffective: bool) -> None:
        """Record whether the refresh that a token has come of was of use, across restarts."""
        key = fingerprint(refresh_token)
        known = self._backoffs.refresh_backoff(key)
        if is_ineffective:
            known = known or RefreshBackoff(final=False, not_before=self._clock(), failures=0)
            self._backoffs.set_refresh_backoff(key, replace(known, ineffective=True))
        elif known is not None and known.ineffective:
            self._backoffs.set_refresh_backoff(key, None)

    def back_off(self, refresh_token: str, error: TokenRefreshError | None = None) -> FetchError:
        """Record a refusal, or an answer that is no use; return the error that says when it is tried again."""
        key, now, error = fingerprint(refresh_token), self._clock(), error or TokenRefreshError()
        known = self._backoffs.refresh_backoff(key) or RefreshBackoff(final=False, not_before=now, failures=0)
        if error.final:
            self._backoffs.set_refresh_backoff(key, replace(known, final=True, not_before=now))
            return login_expired()
        failures, wait_s = known.failures, error.wait_s
        if wait_s is None:
            failures = min(failures + 1, _MOST_FAILURES)
            wait_s = min(_FIRST_WAIT_S * 2.0 ** (failures - 1), _LONGEST_WAIT_S)
        not_before = now + timedelta(seconds=wait_s)
        self._backoffs.set_refresh_backoff(key, replace(known, not_before=not_before, failures=failures))
        return _later(not_before)

    def _await_superseded(self, is_superseded: Callable[[], bool]) -> None:
        """Give the program that has spent the token time to write its new pair.

        Raises:
            SupersededError: It has.
            FetchError: The program is quitting, so nobody knows yet.
        """
        for _ in range(round(_SUPERSEDED_WITHIN_S / _LOOK_S)):
            if is_superseded():
                raise SupersededError
            if self._closing.wait(_LOOK_S):
                raise cancelled()
        if is_superseded():
            raise SupersededError


def login_expired() -> FetchError:
    """Return the error for a login that only a person can replace, by signing in."""
    return fetch_error(FailureKind.LOGIN_EXPIRED, "Login expired. {sign_in}", sign_in=SIGN_IN)


def _later(moment: datetime) -> FetchError:
    message = Message("The login has ended and could not be refreshed yet. It will be tried again.")
    return FetchError(Failure(FailureKind.PROVIDER_DOWN, message, moment))


def _in_trouble() -> FetchError:
    return fetch_error(
        FailureKind.PROVIDER_DOWN,
        "The login has ended and the provider has trouble refreshing it. It will be tried again.",
    )
