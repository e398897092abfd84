"""What the services and the commands make of a proxy that is connected, put together."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.settings.management_keys import ManagementKeys
from trayquota.sources.management_api import Clocks, ManagementApi
from trayquota.sources.proxy_api import ProxySource
from trayquota.store.refused_keys import RefusedKeyFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.net.transport import Transport
    from trayquota.settings.load import Config

_CLOCKS = Clocks(lambda: datetime.now(UTC), time.monotonic)


def management_api(config: Config, address: str, find_key: Callable[[], str], transport: Transport) -> ManagementApi:
    """Return the management API of the proxy at ``address``."""
    return ManagementApi(
        address, find_key, transport.send_to_server, RefusedKeyFile(config.paths.refused_keys), _CLOCKS
    )


def proxy_source(config: Config, records: Mapping[str, AccountRecord], transport: Transport) -> ProxySource:
    """Return the source of the accounts of all proxies that are connected."""
    keys = ManagementKeys(config.paths.management_key)
    return ProxySource(
        config.settings.connected_proxies,
        lambda address: management_api(config, address, lambda: keys.find(address), transport),
        [record.account for record in records.values()],
        _CLOCKS,
    )
