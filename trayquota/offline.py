"""What the commands are made of that show accounts and send nothing; the rest is in :mod:`trayquota.services`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from trayquota.core.provider_clock import ProviderClock
from trayquota.providers import ProviderSwitches, provider_title, proxy_sign_in, usage_page
from trayquota.settings.language import clock_format
from trayquota.sources.folder import FolderSource
from trayquota.sources.native import NativeSettings, NativeSource
from trayquota.views.labels import BAR_GLYPHS, DisplayOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.settings.load import Config
    from trayquota.store.state import StateStore
    from trayquota.system.watcher import Watcher


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def display_options(config: Config, bar_glyphs: str = BAR_GLYPHS) -> DisplayOptions:
    """Return how things are to be shown, bars with cells that the font has."""
    settings = config.settings
    return DisplayOptions(
        provider_title=provider_title,
        usage_page=usage_page,
        proxy_sign_in=proxy_sign_in,
        proxies=settings.connected_proxies,
        shows_used=settings.show == "used",
        low_percent=settings.low_percent,
        critical_percent=settings.critical_percent,
        style=settings.icon_style,
        plain_color=settings.plain_color,
        is_calm=settings.calm,
        icon_shows=settings.icon_shows,
        has_tooltip=settings.tooltip,
        icon_counts_down=settings.icon_countdown,
        ignored_windows=frozenset(settings.ignore_windows),
        names=settings.names,
        hide_names=settings.hide_emails,
        clock_format=clock_format(config.locale),
        bar_glyphs=bar_glyphs,
        notifies_lapses=settings.notify_lapse,
        quiet_hours=settings.quiet_hours,
        work_time=config.work_time,
    )


def provider_switches(config: Config) -> ProviderSwitches:
    """Return which providers are switched off and on."""
    return ProviderSwitches.of(config.settings.providers_off, config.settings.providers_on)


def stored_provider_clock(store: StateStore) -> ProviderClock:
    """Return the providers' time as an earlier run knew it. The state has been loaded."""
    return ProviderClock(utc_now, time.monotonic, store.set_clock_offset, store.clock_offset())


def folder_source(config: Config, records: Mapping[str, AccountRecord], watcher: Watcher | None = None) -> FolderSource:
    """Return the source of the accounts of all credentials folders; without a watcher changes are not noticed."""
    last = {key: record.account for key, record in records.items()}
    return FolderSource(config.folders, last, utc_now, watcher, switches=provider_switches(config))


def native_source(config: Config, watcher: Watcher | None = None) -> NativeSource:
    """Return the source of the logins of other programs; without a watcher changes are not noticed."""
    return NativeSource(NativeSettings.of(config.settings), utc_now, watcher)
