"""Addresses that people write: which of them may be used as what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Collection

PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_LONGEST_PAGE = 8000
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
# What takes addresses apart passes over line breaks and the like.
# Compiled by the first who needs them.
_TOPIC = r"[-_A-Za-z0-9]{1,64}"
_PLAIN = r"[\x21-\x7e]+"


def loopback_url(address: str) -> str | None:
    """Return a plain http address on this machine as simply as it can be written, ``None`` for any other."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    plain = not any((parts.username, parts.password, parts.path.strip("/"), parts.query, parts.fragment))
    if parts.scheme != "http" or host not in _LOOPBACK or not plain or port == 0 or not re.fullmatch(_PLAIN, address):
        return None
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}" if port is None else f"http://{name}:{port}"


def server_url(address: str) -> str | None:
    """Return an http or https address that a server can be reached at, as simply as it can be written; else ``None``.

    A path stays, for servers behind another one; a login, a query and a fragment are refused.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    plain = not any((parts.username, parts.password, parts.query, parts.fragment))
    if parts.scheme not in {"http", "https"} or not host or not plain or port == 0 or not re.fullmatch(_PLAIN, address):
        return None
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}{'' if port is None else f':{port}'}{parts.path.rstrip('/')}"


def topic_url(address: str) -> str | None:
    """Return the address of an ntfy topic as simply as it can be written, ``None`` for any other.

    Https, or http on this machine; without a login. Topics are named as in ``topicRegex`` in ``binwiederhier/ntfy``,
    ``server/server.go``.
    """
    url = server_url(address)
    if url is None or not (url.startswith("https:") or is_loopback(url)):
        return None
    return url if re.fullmatch(_TOPIC, urlsplit(url).path.rpartition("/")[2]) else None


def is_page_of(address: str, hosts: Collection[str]) -> bool:
    """Whether ``address`` is an https page, without a login or a port in it, of one of ``hosts`` or below one."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_plain = not (parts.username or parts.password or port) and len(address) <= _LONGEST_PAGE
    is_known = any(host == known or host.endswith(f".{known}") for known in hosts)
    return parts.scheme == "https" and is_plain and is_known and re.fullmatch(_PLAIN, address) is not None


def management_page(server: str) -> str:
    """Return the address of the page that a CLIProxyAPI is managed on."""
    return f"{server}/management.html"


def is_unprotected(address: str) -> bool:
    """Whether what is sent to ``address`` can be read on its way: it is plain http, and leaves this machine."""
    return urlsplit(address).scheme == "http" and not is_loopback(address)


def is_loopback(address: str) -> bool:
    """Whether a server's address is on this machine."""
    return urlsplit(address).hostname in _LOOPBACK


def scheme_and_host(address: str) -> tuple[str, str]:
    """Return the scheme and the host of an address, lower case; both empty where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme, parts.hostname or ""


def is_proxy_url(address: str) -> bool:
    """Whether ``address`` can be a proxy's, with or without a login in it."""
    try:
        parts = urlsplit(address)
        return bool(
            parts.scheme in PROXY_SCHEMES and parts.hostname and parts.port != 0 and re.fullmatch(_PLAIN, address)
        )
    except ValueError:
        return False


def is_direct(address: str) -> bool:
    """Whether who writes ``address`` in place of a proxy's wants none to be used.

    The words are those of ``Parse`` in ``router-for-me/CLIProxyAPI``, ``sdk/proxyutil/proxy.go``.
    """
    return address.strip().lower() in {"direct", "none"}
