"""CLIProxyAPIs as one source of accounts: each server's list, and a way to send with the tokens that it holds.

Nothing is downloaded, refreshed or reset there. No token reaches this program: requests go out with ``$TOKEN$``.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ClassVar

from trayquota.core.account_merge import is_one_account
from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import sentences
from trayquota.net.cancellation import CancelToken
from trayquota.providers import ProviderSwitches
from trayquota.sources.base import Discovery, with_switches, with_unique_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from trayquota.core.credential import Credential
    from trayquota.providers.base import Request, Response
    from trayquota.sources.proxy_server import ProxyServer

SOURCE = "proxy"
_ALL_ON = ProviderSwitches()


class ProxySource:
    """The proxies that are connected. What is configured is under a lock."""

    name: ClassVar[str] = SOURCE

    def __init__(
        self,
        addresses: Iterable[str],
        make_server: Callable[[str], ProxyServer],
        switches: ProviderSwitches = _ALL_ON,
        answered: Callable[[Mapping[str, str]], None] = lambda _headers: None,
    ) -> None:
        """Send nothing yet.

        Args:
            addresses: Of the servers.
            make_server: Makes the server at an address, which sends nothing yet either.
            switches: Accounts of providers that are switched off count as disabled.
            answered: Called with the headers of each answer of a provider that a proxy passes on.
        """
        self._make_server = make_server
        self._answered = answered
        self._changed: Callable[[], None] | None = None
        self._closing = CancelToken()
        self._lock = threading.Lock()
        self._servers: dict[str, ProxyServer] = {}
        self._switches = switches
        self.configure(addresses, switches)

    def configure(self, addresses: Iterable[str], switches: ProviderSwitches = _ALL_ON) -> None:
        """Have exactly these servers from now on. From any thread."""
        with self._lock:
            before = self._servers
            self._servers = {address: before.get(address) or self._make_server(address) for address in addresses}
            is_same = (list(before), self._switches) == (list(self._servers), switches)
            self._switches = switches
        if self._changed is not None and not is_same:
            self._changed()

    def start(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when other servers are configured. What changes at a server, only its list says."""
        self._changed = changed

    def discover(self) -> Discovery:
        """Return the accounts of all servers, listed at the same time; one that is away keeps its last ones."""
        with self._lock:
            servers, switches = list(self._servers.values()), self._switches
        if not servers:
            return Discovery()
        with ThreadPoolExecutor(len(servers), thread_name_prefix="list") as pool:
            found = list(pool.map(lambda server: server.discover(), servers))
        unique = with_unique_ids((server.host, each.accounts) for server, each in zip(servers, found, strict=True))
        notices = [each.notice for each in found if each.notice]
        accounts = with_switches((account for accounts in unique for account in accounts), switches)
        return Discovery(accounts, sentences(notices) or None)

    def is_scan_due(self) -> bool:
        """Whether there is a proxy whose accounts may have changed: none of them reports that."""
        return bool(self._servers)

    def close(self) -> None:
        """Call ``changed`` no longer, and follow no sign-in."""
        self._changed = None
        self._closing.cancel()

    def send(self, credential: Credential, request: Request, cancel_token: CancelToken) -> Response:
        """Return the provider's answer to ``request``, sent with the account's token. From any thread.

        Raises:
            FetchError: There was none.
        """
        response = self._server(credential.account.server).send(credential.path, request, cancel_token)
        self._answered(response.headers)
        return response

    def copies_of(self, credential: Credential) -> list[Credential]:
        """Return the accounts at proxies that are known to be one with an account of a folder. Blocks."""
        with self._lock:
            servers = list(self._servers.values())
        return [each for server in servers for each in server.discover().accounts if is_one_account(each, credential)]

    def set_disabled(self, credential: Credential, *, disabled: bool) -> None:
        """Have a proxy take an account out of its rotation, or back. Blocks.

        Raises:
            FetchError: It does not.
        """
        self._server(credential.account.server).set_disabled(credential.path, disabled=disabled)
        if self._changed is not None:
            self._changed()

    def begin_sign_in(self, address: str, call: str) -> tuple[str, str]:
        """Return the page where a person signs in by the proxy at ``address``, and its state. Blocks.

        Raises:
            FetchError: There is none.
        """
        return self._server(address).begin_sign_in(call, self._closing)

    def is_signed_in(self, address: str, state: str) -> bool:
        """Return whether the person has signed in by now. Blocks.

        Raises:
            FetchError: That has failed, or cannot be found out.
        """
        return self._server(address).is_signed_in(state, self._closing)

    def _server(self, address: str) -> ProxyServer:
        with self._lock:
            server = self._servers.get(address)
        if server is None:
            raise fetch_error(FailureKind.NETWORK, "The proxy of this account is not connected any more.")
        return server
