"""The sources that send nothing, as the person has configured them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.sources.folder import FolderSource
from trayquota.sources.native import NativeSettings, NativeSource
from trayquota.system.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.settings.load import Config
    from trayquota.system.watcher import Watcher


def folder_source(config: Config, records: Mapping[str, AccountRecord], watcher: Watcher | None = None) -> FolderSource:
    """Return the source of the accounts of all credentials folders; without a watcher changes are not noticed."""
    last = {key: record.account for key, record in records.items()}
    return FolderSource(config.folders, last, utc_now, watcher, switches=config.settings.provider_switches)


def native_source(config: Config, watcher: Watcher | None = None) -> NativeSource:
    """Return the source of the logins of other programs; without a watcher changes are not noticed."""
    return NativeSource(NativeSettings.of(config.settings), utc_now, watcher)
