"""The credentials folders as one source of accounts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from trayquota.core.translation import sentences
from trayquota.providers import ProviderSwitches
from trayquota.sources.base import Discovery, with_switches, with_unique_ids
from trayquota.sources.folder_scan import FolderScanner
from trayquota.sources.scan_throttle import ScanThrottle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.core.model import Account
    from trayquota.system.watcher import Watcher

_ALL_ON = ProviderSwitches()


class FolderSource:
    """One or several folders, scanned on the thread that discovers. What is configured is under a lock."""

    name: ClassVar[str] = "folder"

    def __init__(
        self,
        folders: Iterable[Path],
        last_known: Mapping[str, Account],
        clock: Callable[[], datetime],
        watcher: Watcher | None = None,
        *,
        switches: ProviderSwitches = _ALL_ON,
    ) -> None:
        """Scan nothing yet.

        Args:
            folders: At least one; need not exist.
            last_known: Accounts by id, to name those whose e-mail has gone from their file.
            clock: The time, aware, UTC.
            watcher: Watches the folders from :meth:`start` on.
            switches: Accounts of providers that are switched off count as disabled.
        """
        self._last_known = dict(last_known)
        self._clock = clock
        self._watcher = watcher
        self._changed: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._throttle = ScanThrottle()
        self._scanners: dict[Path, FolderScanner] = {}
        self._switches = switches
        self.configure(folders, switches)

    def configure(self, folders: Iterable[Path], switches: ProviderSwitches = _ALL_ON) -> None:
        """Use these folders from now on, as :meth:`__init__` does. From any thread."""
        with self._lock:
            before = self._scanners
            scanners = {
                folder: before.get(folder) or FolderScanner(folder, self._last_known)
                for folder in dict.fromkeys(folders)
            }
            is_same = (list(before), self._switches) == (list(scanners), switches)
            self._scanners, self._switches = scanners, switches
        for gone in before.keys() - scanners.keys():
            if self._watcher is not None:
                self._watcher.forget(gone)
        if self._changed is not None and not is_same:
            self._changed()

    def start(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when something in a folder changes, or others are configured. From any thread."""
        self._changed = changed

    def discover(self) -> Discovery:
        """Return the accounts of all folders, sorted, with one id each."""
        with self._lock:
            scanners, switches = self._scanners, self._switches
        # Watched first, so that nothing can change between the scan and the watch.
        self._watch(scanners)
        now = self._clock()
        scans = {folder: scanner.scan(now) for folder, scanner in scanners.items()}
        notices = [scan.notice for scan in scans.values() if scan.notice]
        retries = [scan.retry_s for scan in scans.values() if scan.retry_s is not None]
        accounts = with_switches(_merged(scans), switches)
        is_hint = all(scan.is_hint for scan in scans.values() if scan.notice)
        found = Discovery(accounts, sentences(notices) or None, min(retries, default=None), is_hint=is_hint)
        self._throttle.discovered(found, scanners)
        return found

    def is_scan_due(self) -> bool:
        """Whether a change may have gone unreported."""
        return self._throttle.is_due(self._watcher)

    def close(self) -> None:
        """Watch no longer."""
        self._changed = None

    def _watch(self, folders: Iterable[Path]) -> None:
        changed = self._changed
        if self._watcher is None or changed is None:
            return
        for folder in folders:
            self._watcher.watch(folder, changed)
        self._watcher.ensure()


def _merged(scans: Mapping[Path, Discovery]) -> list[Credential]:
    """Return all accounts; those of a further folder say which it is."""
    unique = with_unique_ids((folder.name, scan.accounts) for folder, scan in scans.items())
    found: list[Credential] = []
    for number, (folder, credentials) in enumerate(zip(scans, unique, strict=True)):
        place = str(folder) if number else ""
        found += (_in_folder(credential, place) if place else credential for credential in credentials)
    return sorted(found, key=lambda credential: credential.account.sort_key)


def _in_folder(credential: Credential, folder: str) -> Credential:
    return replace(credential, account=replace(credential.account, folder=folder))
