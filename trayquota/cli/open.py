"""``trayquota open``: what a row of the tray's menu opens. It needs no applet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.cli.common import ExitCode, load, say
from trayquota.core.errors import ConfigError
from trayquota.core.translation import Message, _
from trayquota.core.urls import management_page
from trayquota.settings.paths import own_paths
from trayquota.system.log import set_up_logging
from trayquota.system.open import open_file, open_folder, open_page

if TYPE_CHECKING:
    from trayquota.cli.common import Options
    from trayquota.core.model import Account
    from trayquota.settings.load import Config

SEARCH_S = 5.0
"""So long at the most it is waited for the system to find a program; where it found one it may stay as long as that."""


def run(options: Options) -> int:
    """Open it; return the exit code."""
    set_up_logging(None, verbose=options.verbose)
    return report_opened(is_opened=_open(options))


def report_opened(*, is_opened: bool) -> int:
    """Say where nothing could be opened; return the exit code."""
    if is_opened:
        return ExitCode.OK
    say(_("there is nothing on this system to open it with."))
    return ExitCode.PROBLEM


def _open(options: Options) -> bool:
    match options.what, options.name:
        case "settings", _:
            return _open_settings(own_paths(options.config).config)
        case "folder", None:
            return open_folder(load(options).folder, SEARCH_S)
        case "folder", name:
            config = load(options)
            return _open_home(_account(name, config), config)
        case "usage", name:
            return open_page(_usage_page(_account(name, load(options))), SEARCH_S)
        case _, name:
            return open_page(management_page(_proxy(name, load(options))), SEARCH_S)


def _open_settings(path: Path) -> bool:
    """Open the file, also one with a mistake in it; a commented one is written first where there is none."""
    from trayquota.settings.edit import write_template

    if not path.exists():
        write_template(path)
    return open_file(path, SEARCH_S)


def _open_home(account: Account, config: Config) -> bool:
    if account.server:
        return open_page(management_page(account.server), SEARCH_S)
    return open_folder(Path(account.folder) if account.folder else config.folder, SEARCH_S)


def _usage_page(account: Account) -> str:
    from trayquota.providers import provider_title, usage_page

    page = usage_page(account.provider)
    if not page:
        message = Message("open: {provider} has no such page.", provider=provider_title(account.provider))
        raise ConfigError(message)
    return page


def _account(name: str | None, config: Config) -> Account:
    """Return the account that a name means, as it is known without a request; raises ``ConfigError``."""
    from trayquota.cli.snapshots import cached_snapshot
    from trayquota.settings.display import display_options
    from trayquota.views.display_names import named_usages

    snapshot = cached_snapshot(config)
    found = [account for account, _usage in named_usages(name, snapshot, display_options(config))]
    if len(found) != 1:
        ids = ", ".join(account.id for account in found or [usage.account for usage in snapshot.accounts])
        expected = Message("open: expected an account, one of {ids}.", ids=ids)
        raise ConfigError(expected if ids else Message("open: there are no accounts."))
    return found[0]


def _proxy(name: str | None, config: Config) -> str:
    """Return the address of the connected proxy that has ``name`` in it; raises ``ConfigError``."""
    connected = config.settings.connected_proxies
    found = [address for address in connected if (name or "") in address]
    if len(found) != 1:
        addresses = ", ".join(found or connected)
        expected = Message("open: expected a proxy, one of {addresses}.", addresses=addresses)
        raise ConfigError(expected if addresses else Message("open: no proxy is connected."))
    return found[0]
