"""What a provider is, and how an HTTP answer becomes a failure that people understand.

Providers build requests and read answers; they send nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from trayquota.core.model import Failure, FailureKind
from trayquota.core.redacted import RedactedRepr
from trayquota.providers.values import number, parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.core.model import Usage


SIGN_IN = "Sign in again with your proxy's login command."
"""The way out of a login that cannot be renewed."""
_LONGEST_WAIT_S = 86400.0


class FetchError(Exception):
    """An account could not be asked, or its answer holds no quotas.

    Attributes:
        failure: What to show.
        may_refresh: The provider did not take the login, and a renewed one may help.
        retry_after_s: The provider asked not to be asked for so long; seconds.
    """

    def __init__(self, failure: Failure, *, may_renew: bool = False, retry_after_s: float = 0.0) -> None:
        """Keep what is known."""
        super().__init__(failure.kind.value)
        self.failure = failure
        self.may_refresh = may_renew
        self.retry_after_s = retry_after_s


def fetch_error(kind: FailureKind, message: str, *, may_renew: bool = False, retry_after_s: float = 0.0) -> FetchError:
    """Return the error for a failure of ``kind``; ``message`` is for people."""
    return FetchError(Failure(kind, message), may_renew=may_renew, retry_after_s=retry_after_s)


class Request(RedactedRepr, Struct, frozen=True):
    """One HTTPS request. Its ``repr`` tells neither headers nor body."""

    repr_fields = ("method", "url")

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


class Response(RedactedRepr, Struct, frozen=True):
    """A whole answer.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        body: Decoded, at most 1 MiB.
        received_at: When it came.
    """

    repr_fields = ("status", "received_at")

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    @property
    def is_html(self) -> bool:
        """Whether this is a web page instead of data."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body.lstrip()[:1] == b"<"


class Identity(RedactedRepr, Struct, frozen=True):
    """What a provider reads out of a credential file beside the fields that all of them share."""

    repr_fields = ("email", "plan", "expires_at")

    email: str | None = None
    plan: str | None = None
    account_id: str | None = None
    expires_at: datetime | None = None


class RefreshedTokens(RedactedRepr, Struct, frozen=True):
    """A new pair of tokens. ``refresh_token`` is ``None`` when the old one stays valid."""

    repr_fields = ("lifetime_s",)

    access_token: str
    refresh_token: str | None
    lifetime_s: float


class TokenRefreshError(Exception):
    """A renewal was answered with a refusal.

    Attributes:
        final: The refresh token is dead: only a new login helps.
        wait_s: Seconds to wait before the next try; ``None`` leaves it to the back-off.
        server_fault: The provider itself is in trouble; a try a second later may work.
    """

    def __init__(self, *, final: bool = False, wait_s: float | None = None, server_fault: bool = False) -> None:
        """Keep what is known."""
        super().__init__("final" if final else "transient")
        self.final = final
        self.wait_s = wait_s
        self.server_fault = server_fault


class Provider(ABC):
    """One source of quotas. A module in this package that sets ``PROVIDER`` is found by itself."""

    name: ClassVar[str]
    """Lower case, as in ``status --json``."""
    title: ClassVar[str]
    """For people."""
    types: ClassVar[frozenset[str]]
    """The ``type`` values of credential files, lower case, ``-`` for ``_``."""
    usage_page: ClassVar[str]
    """Where people see the same numbers."""
    can_refresh: ClassVar[bool] = False
    """Whether an expired login may be renewed by this program."""

    def identify(self, source: Mapping[str, object]) -> Identity:  # noqa: ARG002 - a hook: most files need none
        """Return what only this provider knows to read in its credential files."""
        return Identity()

    @abstractmethod
    def usage_request(self, login: Tokens) -> Request:
        """Return the request for the account's quotas."""

    @abstractmethod
    def read_usage(self, response: Response) -> Usage:
        """Return the quotas in an answer.

        Raises:
            FetchError: The answer says no, or holds no quotas.
        """

    def plan_request(self, login: Tokens) -> Request | None:  # noqa: ARG002 - a hook: most answers name the plan
        """Return the request for the account's plan, where the quotas' answer does not name it."""
        return None

    def read_plan(self, response: Response) -> str | None:
        """Return the plan's name for people; ``None`` for every answer that does not tell."""
        raise NotImplementedError(self.name)

    def refresh_request(self, refresh_token: str) -> Request:
        """Return the request that trades a refresh token for a new pair.

        Raises:
            NotImplementedError: The provider's logins are never renewed here.
        """
        raise NotImplementedError(self.name)

    def read_refresh(self, response: Response) -> RefreshedTokens:
        """Return the new pair in an answer.

        Raises:
            RenewalError: The answer says no or makes no sense.
        """
        raise NotImplementedError(self.name)


def read_json(response: Response, provider: str) -> object:
    """Return the data in a good answer.

    Args:
        response: The whole answer.
        provider: The provider's title, for the message.

    Raises:
        FetchError: Any status but 2xx, or a body that is no JSON.
    """
    if not 200 <= response.status < 300:
        raise _refusal(response, provider)
    if response.is_html:
        raise fetch_error(
            FailureKind.BAD_ANSWER,
            f"{provider} answered with a web page instead of data. Something between you and it may have "
            "answered: open a browser and check for a network login page.",
        )
    try:
        return parse_json(response.body)
    except ValueError:
        raise fetch_error(
            FailureKind.BAD_ANSWER, f"{provider}'s answer is not readable. It will be asked again."
        ) from None


def no_windows(provider: str) -> FetchError:
    """Return the error for an answer without a single quota."""
    return fetch_error(
        FailureKind.NO_WINDOWS,
        f"{provider} named no quota for this account. The plan may have none, or the answer's form has changed.",
    )


def retry_after_s(response: Response) -> float:
    """Return the seconds that ``Retry-After`` asks for, 0 without one; at most a day."""
    value = response.headers.get("retry-after", "").strip()
    seconds = number(value)
    if seconds is None and value:
        from email.utils import parsedate_to_datetime

        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return 0.0
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        seconds = (moment - response.received_at).total_seconds()
    return min(max(seconds or 0.0, 0.0), _LONGEST_WAIT_S)


def error_words(response: Response) -> str:
    """Return the answer's body in lower case, to look for known words; never to be shown."""
    return response.body[:16384].decode("utf-8", "replace").lower()


def _refusal(response: Response, provider: str) -> FetchError:
    status, kinds = response.status, FailureKind
    if status == 429:
        return fetch_error(
            kinds.RATE_LIMITED,
            f"{provider} asks for a pause (HTTP 429).",
            retry_after_s=retry_after_s(response),
        )
    if response.is_html and status in {401, 403, 407, 503}:
        return fetch_error(
            kinds.BLOCKED,
            f"A web page blocked the way to {provider} (HTTP {status}). A VPN, proxy or network login may be "
            "the cause.",
        )
    if status in {401, 403}:
        return _login_refusal(response, provider)
    if status >= 500:
        return fetch_error(kinds.PROVIDER_DOWN, f"{provider} has trouble (HTTP {status}). It will be asked again.")
    if 300 <= status < 400:
        return fetch_error(
            kinds.REFUSED,
            f"{provider} pointed to another address (HTTP {status}); that is never followed. A proxy or "
            "network login may be the cause.",
        )
    if status == 402:
        return fetch_error(kinds.REFUSED, f"{provider} says that this workspace is closed (HTTP 402).")
    if status == 407:
        return fetch_error(kinds.NETWORK, "The proxy wants a login of its own (HTTP 407). Check the proxy settings.")
    return fetch_error(kinds.BAD_ANSWER, f"{provider} did not understand the question (HTTP {status}).")


def _login_refusal(response: Response, provider: str) -> FetchError:
    """Sort a 401 or 403: only what a renewed token can mend may lead to a renewal."""
    words, kinds, forbidden = error_words(response), FailureKind, response.status == 403
    if forbidden and "scope" in words:
        return fetch_error(
            kinds.SCOPE_MISSING,
            f"This login may not read quotas (a setup token or an inference-only login). {provider} needs a "
            "full login for that.",
        )
    if forbidden and "revoked" in words:
        return fetch_error(kinds.LOGIN_EXPIRED, f"The login was revoked. {SIGN_IN}")
    if "not allowed for this organization" in words or "deactivated" in words:
        return fetch_error(kinds.REFUSED, f"{provider} has closed this account or organization to this login.")
    if not forbidden:
        return fetch_error(kinds.LOGIN_EXPIRED, f"Login expired. {SIGN_IN}", may_renew=True)
    return fetch_error(kinds.REFUSED, f"{provider} refused this login (HTTP 403). {SIGN_IN}", may_renew=True)
