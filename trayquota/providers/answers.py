"""What an HTTP answer says: its data, or a failure that people understand.

For the providers; all of it is pure.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind, QuotaWindow, Usage
from trayquota.providers.base import SIGN_IN
from trayquota.providers.values import number, parse_json

if TYPE_CHECKING:
    from trayquota.core.errors import FetchError
    from trayquota.providers.base import Response

_LONGEST_WAIT_S = 86400.0
_GATE_STATUSES = {401, 402, 403, 407, 503}
"""With these a network's gate sends its page; other statuses of 5xx come with a page of the provider's own."""

_PLACE_WORDS = (
    "request not allowed",
    "unsupported_country",
    "territory not supported",
    "not available in your",
    "unsupported region",
)
_CLOSED_WORDS = (
    "not allowed for this organization",
    "organization has been disabled",
    "organization_disabled",
    "deactivated",
)


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
        raise _blocked(response, provider)
    try:
        return parse_json(response.body)
    except ValueError:
        raise fetch_error(
            FailureKind.BAD_ANSWER,
            "{provider}'s answer is not readable. It will be asked again.",
            provider=provider,
        ) from None


def spent_usage(response: Response) -> Usage | None:
    """Return nothing left, when an answer says that payment or a spending limit stands in the way; else ``None``.

    Whatever was left before, the provider's own verdict counts.
    """
    is_spent = response.status == 402 or (response.status == 403 and "spending-limit" in error_text(response))
    return Usage((QuotaWindow("Credits", 100.0),)) if is_spent and not response.is_html else None


def no_windows(provider: str) -> FetchError:
    """Return the error for an answer without a single quota."""
    return fetch_error(
        FailureKind.NO_WINDOWS,
        "{provider} named no quota for this account. The plan may have none, or the answer's form has changed.",
        provider=provider,
    )


def retry_after_s(response: Response) -> float:
    """Return the seconds of ``Retry-After``, 0 without one; at most a day."""
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


def error_text(response: Response) -> str:
    """Return the answer's body in lower case, to look for known phrases; never to be shown."""
    return response.body[:16384].decode("utf-8", "replace").lower()


def _refusal(response: Response, provider: str) -> FetchError:
    status, kinds = response.status, FailureKind
    if status == 429:
        return fetch_error(
            kinds.RATE_LIMITED,
            "{provider} asks for a pause (HTTP 429).",
            provider=provider,
            retry_after_s=retry_after_s(response),
        )
    if 300 <= status < 400 or status == 511 or (response.is_html and status in _GATE_STATUSES):
        return _blocked(response, provider)
    if status in {401, 403}:
        return _login_refusal(response, provider)
    if status >= 500:
        return fetch_error(
            kinds.PROVIDER_DOWN,
            "{provider} has trouble (HTTP {status}). It will be asked again.",
            provider=provider,
            status=status,
        )
    if status == 402:
        return fetch_error(
            kinds.REFUSED, "{provider} says that this workspace is closed (HTTP 402).", provider=provider
        )
    if status == 407:
        return fetch_error(kinds.NETWORK, "The proxy wants a login of its own (HTTP 407). Check the proxy settings.")
    return fetch_error(
        kinds.BAD_ANSWER,
        "{provider} did not understand the question (HTTP {status}).",
        provider=provider,
        status=status,
    )


def _blocked(response: Response, provider: str) -> FetchError:
    """Return the error for an answer of something on the way: a page, or the way to one. 511 is meant for this alone.

    See RFC 6585, section 6.
    """
    return fetch_error(
        FailureKind.BLOCKED,
        "Something between you and {provider} answered in its place, with a web page or the way "
        "to one (HTTP {status}). Open a browser to log in to the network, or check your VPN and "
        "proxy.",
        provider=provider,
        status=response.status,
    )


def _login_refusal(response: Response, provider: str) -> FetchError:
    """Sort a 401 or 403: only what a new access token can mend may lead to a refresh."""
    text, kinds, forbidden = error_text(response), FailureKind, response.status == 403
    if forbidden and "scope" in text:
        return fetch_error(
            kinds.SCOPE_MISSING,
            "This login may not read quotas (a setup token or an inference-only login). {provider} "
            "needs a full login for that.",
            provider=provider,
        )
    if forbidden and "revoked" in text:
        return fetch_error(kinds.LOGIN_EXPIRED, "The login was revoked. {sign_in}", sign_in=SIGN_IN)
    if forbidden and any(words in text for words in _PLACE_WORDS):
        return fetch_error(
            kinds.REFUSED,
            "{provider} does not serve requests from here (HTTP 403). A VPN that is off, or your "
            "region, may be the cause.",
            provider=provider,
        )
    if any(words in text for words in _CLOSED_WORDS):
        return fetch_error(
            kinds.REFUSED,
            "{provider} has closed this account or organization to this login.",
            provider=provider,
        )
    if not forbidden:
        return fetch_error(kinds.LOGIN_EXPIRED, "Login expired. {sign_in}", sign_in=SIGN_IN, may_refresh=True)
    return fetch_error(
        kinds.REFUSED,
        "{provider} refused this login (HTTP 403). {sign_in}",
        provider=provider,
        sign_in=SIGN_IN,
        may_refresh=True,
    )
