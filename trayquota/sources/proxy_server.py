"""One CLIProxyAPI: the accounts of its list, and requests that it sends with their tokens.

Loaded when one is connected.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from trayquota.core.credential import Credential
from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message
from trayquota.sources.base import Discovery
from trayquota.sources.proxy_api import SOURCE
from trayquota.sources.proxy_entry import read_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from trayquota.core.model import Account, Failure
    from trayquota.net.cancellation import CancelToken
    from trayquota.providers.base import Request, Response
    from trayquota.sources.management_api import Clocks, ManagementApi

MOST_AT_A_TIME = 4
"""So many requests are sent through one proxy at the same time; it has no limit of its own."""
_QUEUE_S = 75.0
_LIST_S = 10.0
"""A list is as good as new for so long."""
_UNKNOWN_STATUS = 401
"""A proxy that does not know a credential's index any more sends ``$TOKEN$`` itself, which every provider refuses."""


class ProxyServer:
    """One proxy, with its last list, which one thread at a time replaces as a whole. For any number of threads."""

    def __init__(
        self,
        address: str,
        connect: Callable[[str], ManagementApi],
        last_known: Iterable[Account],
        clocks: Clocks,
    ) -> None:
        """Send nothing yet.

        Args:
            address: Of the server.
            connect: Makes the API of the server at an address; called where it may block.
            last_known: Accounts of an earlier run, to show while the proxy is away.
            clocks: What is good for how long goes by them.
        """
        self.host = urlsplit(address).netloc
        self._address = address
        self._connect = connect
        self._clocks = clocks
        self._slots = threading.BoundedSemaphore(MOST_AT_A_TIME)
        self._lock = threading.Lock()
        self._listing = threading.Lock()
        self._api: ManagementApi | None = None
        self._listed_s: float | None = None
        self._indexes: Mapping[str, str] = {}
        self._accounts = last_known_credentials(last_known, [address])

    def discover(self) -> Discovery:
        """Return the accounts listed; with the reason those of the last list, when there is none. Raises nothing."""
        try:
            self._list(_LIST_S, None)
        except FetchError as error:
            accounts = _with_problem(self._accounts, error.failure)
            # With accounts each of them says it.
            return Discovery(accounts, None if accounts else error.failure.message)
        return Discovery(self._accounts)

    def send(self, file: str, request: Request, cancel_token: CancelToken) -> Response:
        """Return a provider's answer, sent with the token in ``file``; at most four at a time."""
        if not self._slots.acquire(timeout=_QUEUE_S):
            raise fetch_error(
                FailureKind.NETWORK, "The proxy at {host} takes too long with other accounts.", host=self.host
            )
        try:
            return self._send(file, request, cancel_token)
        finally:
            self._slots.release()

    def begin_sign_in(self, call: str, cancel_token: CancelToken) -> tuple[str, str]:
        """Return the page where a person signs in, and its state; raises ``FetchError``."""
        return self._ready().begin_sign_in(call, cancel_token)

    def is_signed_in(self, state: str, cancel_token: CancelToken) -> bool:
        """Return whether the person has signed in by now; raises ``FetchError`` when that has failed."""
        return self._ready().is_signed_in(state, cancel_token)

    def set_disabled(self, file: str, *, disabled: bool) -> None:
        """Have the proxy take the account of a file out of its rotation, or back; done when its list says so. Blocks.

        Raises:
            FetchError: It does not, also when it was requested once more.
        """
        for _ in range(2):
            self._ready().set_disabled(file, disabled=disabled)
            self._list(0.0, None)
            if any(each.path == file and each.account.paused is disabled for each in self._accounts):
                return
        message = Message(
            "The proxy at {host} took the call, but has the account still out of its rotation.", host=self.host
        )
        if disabled:
            message = Message(
                "The proxy at {host} took the call, but has the account still in its rotation.", host=self.host
            )
        raise fetch_error(FailureKind.REFUSED, message)

    def _send(self, file: str, request: Request, cancel_token: CancelToken) -> Response:
        index = self._indexes.get(file) or self._fresh_index(file, cancel_token)
        response = self._ready().call(index, request, cancel_token)
        if response.status != _UNKNOWN_STATUS:
            return response
        fresh = self._fresh_index(file, cancel_token)
        return response if fresh == index else self._ready().call(fresh, request, cancel_token)

    def _fresh_index(self, file: str, cancel_token: CancelToken) -> str:
        """Return the index that a new list has for a file.

        Raises:
            FetchError: There is no list, or the file is not in it.
        """
        self._list(0.0, cancel_token)
        index = self._indexes.get(file)
        if index is None:
            raise fetch_error(
                FailureKind.NETWORK,
                "The proxy at {host} does not offer this account any more.",
                host=self.host,
            )
        return index

    def _ready(self) -> ManagementApi:
        with self._lock:
            if self._api is None:
                self._api = self._connect(self._address)
            return self._api

    def _list(self, good_for_s: float, cancel_token: CancelToken | None) -> None:
        """Have a list that is not older than ``good_for_s``; raises ``FetchError`` when there is none to be had."""
        with self._listing:
            if self._listed_s is not None and self._clocks.monotonic() - self._listed_s < good_for_s:
                return
            self._listed_s = None
            entries = self._ready().credentials(cancel_token)
            now = self._clocks.utc()
            read = [(read_entry(entry, self._address, now), entry.get("auth_index")) for entry in entries]
            found = list(_each_once((account, index) for account, index in read if account is not None))
            self._accounts = tuple(credential for credential, _ in found)
            self._indexes = {credential.path: index for credential, index in found if isinstance(index, str)}
            self._listed_s = self._clocks.monotonic()


def _each_once(found: Iterable[tuple[Credential, object]]) -> Iterator[tuple[Credential, object]]:
    """Yield accounts with their indexes; of several in files of one name all but the first have a path of their own.

    What is listed twice, as where an entry moved from one page to the next, is one account.
    """
    seen: dict[str, set[str]] = {}
    for credential, index in sorted(found, key=lambda pair: (pair[0].path, str(pair[1]))):
        indexes = seen.setdefault(credential.path, set())
        if str(index) not in indexes:
            yield replace(credential, path=f"{credential.path} {index}") if indexes else credential, index
            indexes.add(str(index))


def last_known_credentials(accounts: Iterable[Account], addresses: Container[str]) -> tuple[Credential, ...]:
    """Return those of an earlier run's ``accounts`` that are of the proxies at ``addresses``, to be shown only."""
    return tuple(
        Credential(account, account.id, disabled=account.paused, writable=False)
        for account in accounts
        if account.source == SOURCE and account.server in addresses
    )


def _with_problem(accounts: Iterable[Credential], failure: Failure) -> tuple[Credential, ...]:
    """Return accounts that keep their last values for the time being, with the reason."""
    return tuple(credential if credential.disabled else replace(credential, problem=failure) for credential in accounts)
