"""An account as a source gives it: who it is, and the login to fetch its usage with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.model import Account, Failure
    from trayquota.core.observation import Observation


LONGEST_ACCESS_TOKEN = 1 << 14
LONGEST_REFRESH_TOKEN = 1 << 18
"""It goes into a body, not into a header."""


def is_token(value: object, *, longest: int = LONGEST_ACCESS_TOKEN) -> bool:
    """Whether ``value`` can stand in a header: visible ASCII, not absurdly long."""
    return isinstance(value, str) and 0 < len(value) <= longest and re.fullmatch(r"[\x21-\x7e]+", value) is not None


class Tokens(RedactedRepr, Struct, frozen=True):
    """The secret part of a credential file. Its ``repr`` has none of it.

    Attributes:
        access_token: Sent to the provider; empty when the file has none.
        refresh_token: Single-use key to a new pair; empty when the file has none.
        expires_at: When ``access_token`` ends; ``None`` means it does not.
        account_id: The provider's own id of the account, where a request needs it.
        proxy_url: The proxy that the file names.
        extra: What else the provider read out of the file for its requests, by names of its own choice.
    """

    repr_fields = ("expires_at",)

    access_token: str = ""
    refresh_token: str = ""
    expires_at: datetime | None = None
    account_id: str | None = None
    proxy_url: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def is_expired(self, now: datetime) -> bool:
        """Whether the access token is missing or has ended."""
        return not self.access_token or (self.expires_at is not None and self.expires_at <= now)


class Credential(RedactedRepr, Struct, frozen=True):
    """An account as its source gives it.

    Attributes:
        account: Who it is.
        path: The absolute path of its file; at a proxy, the file's name there.
        login: The secret part.
        disabled: Switched off by its owner: listed, never polled.
        problem: Why the file cannot be used, when it cannot.
        is_supported: Whether there is a quota source for the provider.
        refreshed_by: The program that refreshes the login, for people; empty where that is this one or nobody.
        advice: What to do about a login that is of no use any more, as a sentence; empty for the proxy's own.
        is_fallback: It is shown only where no credentials folder holds an account of its provider.
        min_interval_s: It is not polled more often than this.
        writable: Whether a refreshed login may be written to the file; else only its owner refreshes it.
        observed: What another program saw of its quotas last.
    """

    repr_fields = ("account", "login", "disabled", "problem")

    account: Account
    path: str
    login: Tokens = field(default_factory=Tokens)
    disabled: bool = False
    problem: Failure | None = None
    is_supported: bool = True
    writable: bool = True
    refreshed_by: str = ""
    advice: str = ""
    is_fallback: bool = False
    min_interval_s: float = 0.0
    observed: Observation | None = None

    @property
    def source(self) -> str:
        """The name of the source of accounts that has it."""
        return self.account.source
