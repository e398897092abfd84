"""The credentials folders as one: scanned, watched where somebody wants to know of changes, and exchangeable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.sources.folder_scan import Discovery, FolderScanner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.core.model import Account
    from trayquota.system.watcher import Watcher


class FolderSource:
    """Looks at one or several folders. Belongs to the engine's thread."""

    def __init__(
        self,
        folders: Iterable[Path],
        known: Mapping[str, Account],
        *,
        providers_off: Iterable[str] = (),
    ) -> None:
        """Start without knowledge.

        Args:
            folders: At least one; need not exist.
            known: Accounts by id as last seen, to name those whose e-mail has gone from their file.
            providers_off: Accounts of these providers count as disabled.
        """
        self._known = dict(known)
        self._watcher: Watcher | None = None
        self._on_change: Callable[[], None] = lambda: None
        self._is_first = True
        self.use(folders, providers_off)

    def be_watched(self, watcher: Watcher, on_change: Callable[[], None]) -> None:
        """Have ``watcher`` call ``on_change``, on its own thread, when something changes."""
        self._watcher, self._on_change = watcher, on_change

    def use(self, folders: Iterable[Path], providers_off: Iterable[str] = ()) -> None:
        """Look at these folders from now on."""
        self._off = frozenset(providers_off)
        before = getattr(self, "_scanners", {})
        self._scanners: dict[Path, FolderScanner] = {
            each: before.get(each) or FolderScanner(each, self._known) for each in dict.fromkeys(folders)
        }
        for gone in before.keys() - self._scanners.keys():
            if self._watcher is not None:
                self._watcher.forget(gone)

    def scan(self, now: datetime) -> Discovery:
        """Return the accounts of all folders, with one id each. Raises nothing."""
        # Watched first, so that nothing can change between the look and the watch.
        self.ensure_watched()
        scans = {folder: scanner.scan(now) for folder, scanner in self._scanners.items()}
        if len(scans) == 1:
            merged = next(iter(scans.values()))
        else:
            notices = [each.notice for each in scans.values() if each.notice]
            retries = [each.retry_s for each in scans.values() if each.retry_s is not None]
            merged = Discovery(_with_unique_ids(scans), " ".join(notices) or None, min(retries, default=None))
        if not self._off:
            return merged
        return replace(merged, accounts=tuple(self._switched(each) for each in merged.accounts))

    def ensure_watched(self) -> None:
        """Watch what there is to watch now."""
        if self._watcher is None:
            return
        if self._is_first:
            # The very first look happens before the tray is up, and does not wait for the watcher's imports; the
            # engine's own look comes right after.
            self._is_first = False
            return
        for folder in self._scanners:
            self._watcher.watch(folder, self._on_change)
        self._watcher.ensure()

    def _switched(self, credential: Credential) -> Credential:
        return replace(credential, disabled=True) if credential.account.provider in self._off else credential


def _with_unique_ids(scans: Mapping[Path, Discovery]) -> tuple[Credential, ...]:
    """Return all accounts; one whose file's name is taken already gets its folder's name before it."""
    found: dict[str, Credential] = {}
    first = next(iter(scans))
    for folder, scan in scans.items():
        for each in scan.accounts:
            key, number = each.account.id, 1
            while key in found:
                key = f"{folder.name}/{each.account.id}" if number == 1 else f"{folder.name}-{number}/{each.account.id}"
                number += 1
            place = "" if folder == first else str(folder)
            found[key] = replace(each, account=replace(each.account, id=key, folder=place))
    return tuple(sorted(found.values(), key=lambda each: each.account.sort_key))
