"""What a proxy's own refusals amount to, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message, marked

if TYPE_CHECKING:
    from trayquota.core.errors import FetchError

_CLOSED = {
    "banned": marked("{name} lets nobody in from here for half an hour, after wrong keys. Nothing is sent meanwhile."),
    "not set": marked("{name} has no management key. Set one in the proxy's settings, then connect again."),
    "disabled": marked("{name} takes no management from other machines. Its owner has to allow remote management."),
    "stranger": marked("{name} is no CLIProxyAPI, by its answer. Nothing is sent for half an hour."),
}
"""Why a server is left alone."""
_MEANINGS = {
    "auth token not found": (
        FailureKind.LOGIN_EXPIRED,
        Message("The proxy holds no token for this account. Sign in there."),
    ),
    "auth token refresh failed": (
        FailureKind.LOGIN_EXPIRED,
        Message("The proxy could not refresh this login. Sign in again there."),
    ),
}
"""What a 400 of a request with a credential's token says."""


def closed_failure(name: str, why: str) -> FetchError:
    """Return the failure of what is not sent to a server that is left alone for a reason."""
    known = _CLOSED.get(why)
    # A later version's reason is not known here, and is no template.
    message = Message("{first} {rest}", first=name, rest=why) if known is None else Message(known, name=name)
    return fetch_error(FailureKind.REFUSED, message)


def outer_failure(name: str, status: int, error: str) -> FetchError:
    """Return what the proxy's own refusal of a request amounts to."""
    if status == 400 and error in _MEANINGS:
        return fetch_error(*_MEANINGS[error])
    if status == 404:
        return fetch_error(
            FailureKind.REFUSED,
            "The proxy at {name} does not know this account, or the call.",
            name=name,
        )
    if status == 502:
        return fetch_error(FailureKind.NETWORK, "The proxy at {name} does not reach the provider.", name=name)
    return fetch_error(
        FailureKind.PROVIDER_DOWN,
        "The proxy at {name} answered HTTP {status}.",
        name=name,
        status=status,
    )
