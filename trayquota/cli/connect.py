"""``trayquota connect`` and ``disconnect``: a CLIProxyAPI's management API as a source of accounts."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load, say
from trayquota.core.errors import ConfigError, FetchError
from trayquota.core.text import is_unicode
from trayquota.core.translation import Message, _, ngettext, shown
from trayquota.core.urls import is_unprotected, server_url
from trayquota.net.transport import Transport
from trayquota.services import management_api
from trayquota.settings.config import decode
from trayquota.settings.edit import set_setting
from trayquota.settings.management_keys import VARIABLE, ManagementKeys
from trayquota.sources.proxy_entry import read_entry
from trayquota.store.refused_keys import RefusedKeyFile
from trayquota.system.clock import utc_now
from trayquota.system.keyboard import has_keyboard
from trayquota.system.log import set_up_logging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.cli.common import Options
    from trayquota.settings.load import Config


def run(options: Options) -> int:
    """Connect or disconnect; return the exit code."""
    return connect(options) if options.command == "connect" else disconnect(options)


def connect(options: Options) -> int:
    """Try a management key once, and keep it with the address when it is taken; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config, address = load(options), _address(options.url)
    if is_unprotected(address):
        if not options.insecure:
            message = Message(
                "connect: {address} would get the key unencrypted. Use https, or --insecure if you accept that.",
                address=address,
            )
            raise ConfigError(message)
        say(_("over http the key and all answers can be read on their way."))
    key = os.environ.get(VARIABLE) or _typed_key(address)
    if not key or not is_unicode(key):
        message = Message("connect: expected a management key. Nothing was sent.")
        raise ConfigError(message)
    refused = RefusedKeyFile(config.paths.refused_keys)
    if refused.closed_reason(address, utc_now()) != "banned":
        # The person knows that something has changed there.
        refused.reopen(address)
    try:
        entries = _list(config, address, key)
    except FetchError as error:
        say(shown(error.failure.message))
        return ExitCode.PROBLEM
    place = ManagementKeys(config.paths.management_key).keep(address, key)
    _set_addresses(config, (*(other for other in config.settings.connected_proxies if other != address), address))
    accounts = sum(read_entry(entry, address, utc_now()) is not None for entry in entries)
    form = ngettext(
        "Connected to {address}: {count} account. The key is kept in {place}.",
        "Connected to {address}: {count} accounts. The key is kept in {place}.",
        accounts,
    )
    print(form.format(address=address, count=accounts, place=shown(place)))
    return ExitCode.OK


def disconnect(options: Options) -> int:
    """Forget a proxy's address and key; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    config = load(options)
    connected = config.settings.connected_proxies
    if not options.url and len(connected) != 1:
        message = Message("disconnect: expected a proxy that is connected; none is.")
        if connected:
            addresses = ", ".join(connected)
            message = Message("disconnect: expected the address, one of {addresses}.", addresses=addresses)
        raise ConfigError(message)
    address = _address(options.url) if options.url else connected[0]
    # A key that was tried and refused is forgotten as well, so that it can be tried again.
    RefusedKeyFile(config.paths.refused_keys).forget(address)
    ManagementKeys(config.paths.management_key).remove(address)
    if address in connected:
        _set_addresses(config, tuple(other for other in connected if other != address))
    print(_("{address} is not connected any more.").format(address=address))
    return ExitCode.OK


def _list(config: Config, address: str, key: str) -> list[Mapping[str, object]]:
    transport = Transport(utc_now, proxy=config.settings.proxy)
    try:
        return management_api(config, address, lambda: key, transport).credentials()
    finally:
        transport.close()


def _address(url: str) -> str:
    address = server_url(url if "://" in url else f"http://{url}")
    if address is None:
        message = Message("connect: expected an address such as https://proxy.example.com:8317, without a login in it.")
        raise ConfigError(message)
    return address


def _typed_key(address: str) -> str:
    """Return the key that the person types, which is not shown; or the first line of what is piped in."""
    if not has_keyboard():
        return sys.stdin.readline().strip() if sys.stdin is not None else ""
    from getpass import getpass

    return getpass(_("Management key of {address}: ").format(address=address)).strip()


def _set_addresses(config: Config, addresses: tuple[str, ...]) -> None:
    path = config.paths.config
    set_setting(path, "connected_proxies", addresses, lambda content: decode(content, path))
