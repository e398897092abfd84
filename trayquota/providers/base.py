"""What a provider is, and what it needs: a login, and something that sends its requests.

A new provider is one file, ``providers/NAME.py``, with a subclass of :class:`Provider` and ``PROVIDER`` set to an
instance of it. Nothing else names it, but for a line in ``providers/__init__.py`` where files call it something
else than ``NAME``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Protocol

from msgspec import Struct, field

from trayquota.core.redacted import RedactedRepr
from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Tokens
    from trayquota.core.model import Usage


SIGN_IN = Message("Sign in again with your proxy's login command.")
"""The way out of a login that cannot be refreshed."""


class ProxySignIn(Struct, frozen=True):
    """How a person is signed in again by CLIProxyAPI: in its management API, and by its own command.

    Read in ``router-for-me/CLIProxyAPI``, ``internal/api/server_management.go`` and ``cmd/server/main.go``.

    Attributes:
        call: What the call is named after, as in ``anthropic-auth-url``.
        option: What the command's option is named after, as in ``--claude-login``.
        hosts: Where the provider has people sign in; hosts below these count as well.
    """

    call: str
    option: str
    hosts: tuple[str, ...]

    @property
    def command(self) -> str:
        """The proxy's own command."""
        return f"cli-proxy-api --{self.option}-login"


class Request(RedactedRepr, Struct, frozen=True):
    """One HTTPS request. Its ``repr`` has neither headers nor body.

    Attributes:
        method: GET or POST.
        url: An ``https`` address.
        headers: By name.
        body: Of a POST.
        is_irreversible: Sent once, it cannot be sent again: it may take 90 s, and whatever arrives of its answer
            counts, however that ends.
    """

    repr_fields = ("method", "url")

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    is_irreversible: bool = False


class Response(RedactedRepr, Struct, frozen=True):
    """A whole answer.

    Attributes:
        status: The HTTP status.
        headers: By lower-case name.
        body: Decoded, at most 1 MiB.
        received_at: When it came; for a provider on the providers' time.
    """

    repr_fields = ("status", "received_at")

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    @property
    def is_html(self) -> bool:
        """Whether this is a web page instead of data."""
        content_type = self.headers.get("content-type", "").lower()
        return "html" in content_type or self.body.lstrip()[:1] == b"<"


class Send(Protocol):
    """Sends the requests of one fetch. Who refreshes tokens, which proxy and when to stop is none of a provider's."""

    def __call__(self, request: Request) -> Response:
        """Return the answer, whatever its status.

        Raises:
            FetchError: There was none, or the fetch was cancelled.
        """

    def rarely(self, request: Request) -> Response | None:
        """Return the answer to a request for what seldom changes and is only nice to have, such as the plan's name.

        ``None`` when it is not due, or there was no answer. It is due once per account and access token, but not at
        the first fetch with one, whose values somebody may be waiting for, and never in ``status``.
        """


class Identity(RedactedRepr, Struct, frozen=True):
    """What a provider reads out of a credential file beside the fields that all of them share.

    Attributes:
        email: Of the person.
        plan: Its name for people.
        account_id: The provider's own id of the account.
        expires_at: When the access token ends, where only the token says so.
        access_token: The token to send, where the file has it under a name of this provider's alone; then its end is
            ``expires_at``, whatever else the file says.
        is_supported: Quotas can be fetched with the login.
        extra: More that requests need, by names of the provider's own choice: a project, a region, a host.
        user_id: The provider's own id of the person.
        organization_id: The id of the organization that the login belongs to.
        organization: Its name for people.
        subscription_ends_at: When the paid time ends.
    """

    repr_fields = ("email", "plan", "expires_at")

    email: str | None = None
    plan: str | None = None
    account_id: str | None = None
    expires_at: datetime | None = None
    access_token: str | None = None
    is_supported: bool = True
    extra: Mapping[str, str] = field(default_factory=dict)
    user_id: str | None = None
    organization_id: str | None = None
    organization: str | None = None
    subscription_ends_at: datetime | None = None


class RefreshedTokens(RedactedRepr, Struct, frozen=True):
    """A new pair of tokens.

    Attributes:
        access_token: Empty when the provider gave none that is usable.
        refresh_token: ``None`` when the old one stays valid.
        lifetime_s: Of the access token.
    """

    repr_fields = ("lifetime_s",)

    access_token: str
    refresh_token: str | None
    lifetime_s: float


class Provider(ABC):
    """One provider of quotas: builds requests and reads answers. Holds no state; called from many threads."""

    name: ClassVar[str]
    """The module's own, as in ``status --json``."""
    title: ClassVar[str]
    """For people."""
    usage_page: ClassVar[str]
    """Where people see the same numbers."""
    can_refresh: ClassVar[bool] = False
    """Whether this program may refresh an expired login. Else the program that wrote the file has to."""
    refreshed_by: ClassVar[str] = ""
    """The program that refreshes its logins, for people; empty where only a new sign-in helps."""
    is_off_by_default: ClassVar[bool] = False
    """Whether its accounts are disabled unless the setting ``providers_on`` names it."""
    min_interval_s: ClassVar[float] = 0.0
    """Accounts are not polled more often than this, in seconds."""
    is_reached_by_proxy: ClassVar[bool] = True
    """Whether a proxy can put the token in: it stands in headers alone, and is the one that the proxy works with."""
    sign_in: ClassVar[ProxySignIn | None] = None
    """How a proxy signs a person in; ``None`` where it has no call for that."""
    caution: ClassVar[str] = ""
    """What people should know before they have these accounts polled, for ``doctor``; empty for nothing."""

    def identify(self, source: Mapping[str, object]) -> Identity:  # noqa: ARG002 - a hook: most files need none
        """Return what only this provider knows to read in ``source``, the fields of a credential file."""
        return Identity()

    @abstractmethod
    def fetch(self, login: Tokens, send: Send) -> Usage:
        """Return the account's quotas, by as many requests as that takes, one after the other.

        - ``answers.read_json(send(request), self.title)`` gives an answer's data and raises for any status but 2xx.
          Where a status means something else here, look at ``response.status`` first: on 404 or 5xx the next host,
          where there is one.
        - A further request for what the first answer left out is just another ``send``.
        - What seldom changes and may be missing is for :meth:`Send.rarely`. A plan that is ``None`` leaves the one
          known from before.
        - Fields of the file beyond the tokens are in ``login.extra``, as :meth:`identify` left them there.

        Raises:
            FetchError: The provider says no, or names no quotas. With ``may_refresh`` it is called once more with a
                refreshed login, where ``can_refresh`` allows that.
        """

    def read_signals(self, signals: Mapping[str, str], observed_at: datetime) -> Usage | None:  # noqa: ARG002 - a hook: most say nothing
        """Return what the headers of a model's answer say of the quotas; ``None`` when that is nothing.

        Args:
            signals: By lower-case name, as a proxy kept them.
            observed_at: When it saw them.
        """
        return None

    def refresh_request(self, refresh_token: str) -> Request:
        """Return the request that exchanges a refresh token for a new pair. Not part of :meth:`fetch`.

        It spends the token, so it is sent where the answer can be kept first (:mod:`trayquota.tokens`).

        Raises:
            NotImplementedError: The provider's logins are never refreshed here.
        """
        raise NotImplementedError(self.name)

    def read_refresh(self, response: Response) -> RefreshedTokens:
        """Return the new pair in an answer.

        Raises:
            TokenRefreshError: The answer says no or makes no sense.
        """
        raise NotImplementedError(self.name)
