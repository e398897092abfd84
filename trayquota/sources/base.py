"""What a source of accounts is, and what it finds.

A new source is one file here with an :class:`AccountSource`, and its line in ``services.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from trayquota.core.credential import Credential
    from trayquota.providers import ProviderSwitches


class Discovery(Struct, frozen=True):
    """The accounts that a source has at a moment.

    Attributes:
        accounts: In any order; their ids are unique within the source.
        notice: What is wrong with the source as a whole, for people.
        is_hint: The notice only says that there is nothing yet, which is no matter where another source has accounts.
        retry_s: Discover again after so many seconds, because a file seems to be half written.
    """

    accounts: tuple[Credential, ...] = ()
    notice: str | None = None
    retry_s: float | None = None
    is_hint: bool = False


class AccountSource(Protocol):
    """Where accounts come from: credential files, a proxy, the logins of other programs.

    Each account says which source it is of, and whether its login may be written there (``Credential.writable``).
    """

    @property
    def name(self) -> str:
        """Unique; put before an account's id where that is taken."""

    def start(self, changed: Callable[[], None]) -> None:
        """Call ``changed``, from any thread, whenever there may be something to discover. Does not block.

        What changed before that is found by the next :meth:`discover`. Not called for a single refresh.
        """

    def discover(self) -> Discovery:
        """Return the accounts there are now.

        May block, so it has a thread of its own; is never called twice at the same time.
        """

    def is_scan_due(self) -> bool:
        """Whether a discovery is to be made this minute, though nothing has been reported. Does not block.

        Called on the engine's thread, once a minute.
        """

    def close(self) -> None:
        """Call ``changed`` no longer. Does not block, not even while :meth:`discover` does."""


def with_switches(credentials: Iterable[Credential], switches: ProviderSwitches) -> tuple[Credential, ...]:
    """Return accounts, those of providers that are switched off as disabled."""
    return tuple(
        replace(credential, disabled=True) if switches.is_off(credential.account.provider) else credential
        for credential in credentials
    )


def with_unique_ids(places: Iterable[tuple[str, Iterable[Credential]]]) -> list[tuple[Credential, ...]]:
    """Return the accounts of each place; one whose id an earlier place has taken gets its place's name before it."""
    taken: set[str] = set()
    found = []
    for place, credentials in places:
        accounts = []
        for credential in credentials:
            account, number = credential.account, 1
            key = account.id
            while key in taken:
                key = f"{place}/{account.id}" if number == 1 else f"{place}-{number}/{account.id}"
                number += 1
            taken.add(key)
            accounts.append(replace(credential, account=replace(account, id=key)) if number > 1 else credential)
        found.append(tuple(accounts))
    return found
