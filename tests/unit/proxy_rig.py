"""A source of proxies in front of a stand-in, with clocks that a test sets."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.core.errors import FetchError
from trayquota.net.cancellation import CancelToken
from trayquota.net.transport import Transport
from trayquota.providers import find_provider
from trayquota.sources.management_api import Clocks, ManagementApi
from trayquota.sources.proxy_api import ProxySource
from trayquota.sources.proxy_server import ProxyServer
from trayquota.store.refused_keys import RefusedKeyFile

from .proxy_stand_in import KEY, ProxyStandIn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.core.model import Account, Usage
    from trayquota.providers.base import Request, Response
    from trayquota.sources.base import Discovery

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
ADA, JO = "claude-ada@example.com.json", "codex-jo@example.com.json"


class Rig:
    """A source of proxies, with clocks that a test sets."""

    def __init__(self, folder: Path, *addresses: str, key: str = KEY, last_known: tuple[Account, ...] = ()) -> None:
        self.address = addresses[0]
        self.seconds = 1000.0
        self.key = key
        self.refused = RefusedKeyFile(folder / "state" / "refused-keys.json")
        self.transport = Transport(lambda: NOW)
        self.answered: list[Mapping[str, str]] = []
        """The headers of each answer that was passed on."""
        self.source = ProxySource(
            addresses,
            lambda address: ProxyServer(address, self.connect, last_known, self.clocks),
            answered=self.answered.append,
        )

    @property
    def clocks(self) -> Clocks:
        return Clocks(lambda: NOW + timedelta(seconds=self.seconds - 1000), lambda: self.seconds)

    def connect(self, address: str) -> ManagementApi:
        return ManagementApi(address, lambda: self.key, self.transport.send_to_server, self.refused, self.clocks)

    def discover(self) -> Discovery:
        """Discover when the last list has aged."""
        self.seconds += 60
        return self.source.discover()

    def account(self, name: str = ADA) -> Credential:
        return next(each for each in self.discover().accounts if each.path == name)

    def fetch(self, credential: Credential) -> Usage:
        provider = find_provider(credential.account.provider)
        assert provider is not None
        return provider.fetch(credential.login, _Send(self.source, credential))

    def failure(self, credential: Credential) -> FetchError:
        with pytest.raises(FetchError) as caught:
            self.fetch(credential)
        return caught.value


class _Send:
    def __init__(self, source: ProxySource, credential: Credential) -> None:
        self._source, self._credential = source, credential

    def __call__(self, request: Request) -> Response:
        return self._source.send(self._credential, request, CancelToken())

    def rarely(self, request: Request) -> Response | None:
        return None


@contextlib.contextmanager
def connected(folder: Path, stand_in: ProxyStandIn, **more: Any) -> Iterator[Rig]:
    rig = Rig(folder, stand_in.url, **more)
    with stand_in:
        try:
            yield rig
        finally:
            rig.transport.close()
    assert stand_in.violations == []
