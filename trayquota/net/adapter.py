"""requests' adapter, with connections that keep to the exchange they are used for."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from trayquota.net.connections import BoundConnection
from trayquota.net.requests_import import requests

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    import urllib3

    from trayquota.net.trust import Trust

_MOST_CONNECTIONS = 32


class Adapter(requests.adapters.HTTPAdapter):
    """Puts the time limit of a whole answer under every connection, through proxies too; for any number of threads.

    Used without a session, it follows no redirect, keeps no cookie, and reads nothing from the environment: what one
    account is given must not come along with the next one's request, and a line in ``~/.netrc`` is no login.
    """

    def __init__(self, trust: Trust | None, context: ssl.SSLContext | None = None) -> None:
        """Trust whom ``trust`` names, or without it nobody: then there is no HTTPS.

        Args:
            trust: Where the certificates are.
            context: What another adapter has made of them.

        Raises:
            FetchError: The certificates cannot be read.
        """
        self.trust = trust
        self.context = context if context is not None or trust is None else trust.context()
        self._lock = threading.Lock()
        super().__init__(pool_maxsize=_MOST_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make what keeps the connections that go straight to their hosts."""
        super().init_poolmanager(*args, ssl_context=self.context, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
        self._bind(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> urllib3.ProxyManager:
        """Return what keeps the connections through a proxy."""
        with self._lock:
            known = proxy in self.proxy_manager
            kwargs["ssl_context"] = self.context
            if not proxy.lower().startswith("socks"):
                kwargs["proxy_ssl_context"] = self.context
            manager: urllib3.ProxyManager = super().proxy_manager_for(proxy, **kwargs)  # type: ignore[no-untyped-call, unused-ignore]
            if not known:
                self._bind(manager)
        return manager

    def cert_verify(self, conn: urllib3.HTTPSConnectionPool, *_arguments: object) -> None:
        """Leave it to the context, which has read the certificates: the base has each connection read them anew."""
        conn.cert_reqs = "CERT_REQUIRED"

    def _bind(self, manager: urllib3.PoolManager) -> None:
        """Have all connections of a pool manager keep to the exchange they are used for."""
        # truststore's context lets only one connection at a time shake hands.
        own = {"own_context": self.trust.context if self.trust is not None and self.trust.is_native else None}
        pools: Mapping[str, Any] = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {
            scheme: type(
                "BoundPool", (pool,), {"ConnectionCls": type("Bound", (BoundConnection, pool.ConnectionCls), own)}
            )
            for scheme, pool in pools.items()
        }
