"""Where a request really goes: to a gateway, or to its host, straight or through a proxy."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import Struct

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.redacted import RedactedRepr
from trayquota.core.translation import Message
from trayquota.core.urls import is_direct, is_proxy_url
from trayquota.net.requests_import import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


class Route(RedactedRepr, Struct, frozen=True):
    """The way of one request. A proxy's address may hold a login, so ``repr`` leaves it out.

    Attributes:
        url: Where the request goes.
        proxies: By scheme, as requests takes them.
        proxy_name: The proxy, for people.
    """

    repr_fields = ("url", "proxy_name")

    url: str
    proxies: Mapping[str, str] = {}
    proxy_name: str = Message("The proxy")

    @property
    def host(self) -> str:
        """Whom the connection leads to, with its port."""
        return urlsplit(self.url).netloc


def route(url: str, *, gateway: str, proxy: str) -> Route:
    """Return the way to ``url``.

    Args:
        url: An ``https`` address; an ``http`` one only of a server that the person has connected.
        gateway: What stands in for all hosts, or nothing.
        proxy: What an account or the settings name, or nothing, which leaves it to the environment.

    Raises:
        FetchError: A proxy is named that cannot be one.
    """
    if gateway:
        return Route(f"{gateway}/{url.removeprefix('https://')}")
    if is_direct(proxy):
        return Route(url)
    if not proxy.strip():
        return _by_environment(url)
    if not is_proxy_url(proxy.strip()):
        message = Message("The proxy address is not usable. Write it as http://HOST:PORT.")
        raise fetch_error(FailureKind.REFUSED, message)
    return Route(url, dict.fromkeys(("http", "https"), proxy.strip()))


def _by_environment(url: str) -> Route:
    proxies = requests.utils.get_environ_proxies(url)
    proxy = requests.utils.select_proxy(url, proxies)
    if proxy is None:
        return Route(url)
    variable = next((name for name in _VARIABLES if os.environ.get(name) == proxy), None)
    name = Message("The proxy of the system's settings")
    if variable:
        name = Message("The proxy that {variable} names", variable=variable)
    # The environment's may come without a scheme, by an old convention.
    if not is_proxy_url(proxy if "://" in proxy else f"http://{proxy}"):
        raise fetch_error(FailureKind.NETWORK, "{name} is not usable. Write it as http://HOST:PORT.", name=name)
    return Route(url, {urlsplit(url).scheme: proxy}, name)
