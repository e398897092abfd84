"""The logins of other programs on this machine as one source of accounts: read only, never refreshed, never written."""

from __future__ import annotations

import os
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import NATIVE
from trayquota.sources.base import Discovery, with_switches
from trayquota.sources.native_places import existing_places, native_places
from trayquota.sources.scan_throttle import ScanThrottle
from trayquota.system.files import signature
from trayquota.system.home import known_home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.providers import ProviderSwitches
    from trayquota.settings.config import Settings
    from trayquota.sources.native_keychain import ClaudeKeychain
    from trayquota.sources.native_places import NativePlace
    from trayquota.sources.retrying_file import RetryingFile
    from trayquota.system.watcher import Watcher

Mode = Literal["auto", "on", "off"]
"""``auto``: those of providers that no credentials folder holds an account of."""


class NativeSettings(Struct, frozen=True):
    """What is configured.

    Attributes:
        mode: Which logins are used.
        switches: Accounts of providers that are switched off count as disabled.
        reads_keychain: Claude Code's login is read from the system's keychain where it is in no file.
    """

    mode: Mode
    switches: ProviderSwitches
    reads_keychain: bool = False

    @classmethod
    def of(cls, settings: Settings) -> NativeSettings:
        """Return what the person has configured."""
        return cls(
            settings.native_logins,
            settings.provider_switches,
            settings.native_keychain and sys.platform == "darwin",
        )


class NativeSource:
    """The logins at known places, read on the thread that discovers. What is configured is under a lock."""

    name: ClassVar[str] = NATIVE

    def __init__(
        self,
        settings: NativeSettings,
        clock: Callable[[], datetime],
        watcher: Watcher | None = None,
        *,
        environment: Mapping[str, str] = os.environ,
        home: Path | None = None,
    ) -> None:
        """Look for nothing yet.

        Args:
            settings: What is configured.
            clock: The time, aware, UTC.
            watcher: Watches what is found from :meth:`start` on.
            environment: May name other places than the usual ones.
            home: The home folder, where it is not the person's.
        """
        self._environment = environment
        self._home = home or known_home()
        self._clock = clock
        self._watcher = watcher
        self._changed: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._settings = settings
        self._files: dict[Path, RetryingFile] = {}
        self._watched: set[Path] = set()
        self._keychain: ClaudeKeychain | None = None
        self._throttle = ScanThrottle()

    def configure(self, settings: NativeSettings) -> None:
        """Go by these settings from now on. From any thread."""
        with self._lock:
            is_same, self._settings = settings == self._settings, settings
        if self._changed is not None and not is_same:
            self._changed()

    def start(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` when a login that was found changes, or others are configured. From any thread."""
        self._changed = changed

    def discover(self) -> Discovery:
        """Return the accounts of the logins there are; of one program only that at its preferred place."""
        with self._lock:
            settings = self._settings
        now, is_on, known = self._clock(), settings.mode == "on", self._known(settings)
        places = [place for place in existing_places(known) if is_on or not place.is_on_request]
        # Watched first, so that nothing can change between the reading and the watch.
        self._watch({place.path for place in places})
        found: dict[str, Credential] = {}
        if settings.reads_keychain and known:
            found.update(self._in_keychain(known[0], now))
        for place in places:
            if place.tool not in found and (credential := self._read(place, now)):
                found[place.tool] = credential
        accounts = (replace(credential, is_fallback=not is_on) for credential in found.values())
        discovery = Discovery(with_switches(accounts, settings.switches), retry_s=self._retry_s({*places}, now))
        self._throttle.discovered(discovery, {place.path.parent for place in places})
        return discovery

    def is_scan_due(self) -> bool:
        """Whether there may be a login that is new, or a change that has gone unreported."""
        return self._throttle.is_due(self._watcher)

    def close(self) -> None:
        """Watch no longer."""
        self._changed = None

    def _known(self, settings: NativeSettings) -> tuple[NativePlace, ...]:
        if settings.mode == "off" or self._home is None:
            return ()
        return native_places(self._environment, self._home)

    def _in_keychain(self, place: NativePlace, now: datetime) -> Iterator[tuple[str, Credential]]:
        """Yield Claude Code's login, which ``place`` is of as a file, if there is one; on request alone."""
        from trayquota.sources.native_keychain import ClaudeKeychain

        self._keychain = self._keychain or ClaudeKeychain()
        if self._home and (credential := self._keychain.read(place, self._environment, self._home, now)):
            yield place.tool, credential

    def _retry_s(self, places: set[NativePlace], now: datetime) -> float | None:
        """Return when a file is to be read again; what is known of those that have gone is forgotten."""
        self._files = {place.path: self._files[place.path] for place in places if place.path in self._files}
        if not self._files:
            return None
        from trayquota.sources.retrying_file import retry_s

        return retry_s(self._files.values(), now)

    def _read(self, place: NativePlace, now: datetime) -> Credential | None:
        # Most people have no such login, and need none of this.
        from trayquota.sources.native_readers import read_native, unreadable_native
        from trayquota.sources.retrying_file import RetryingFile

        file = self._files.setdefault(place.path, RetryingFile())
        try:
            seen = _signature(place)
            file.read(seen, now, partial(read_native, place), partial(unreadable_native, place), place.advice)
        except FileNotFoundError:
            del self._files[place.path]
            return None
        return file.credential

    def _watch(self, files: set[Path]) -> None:
        changed = self._changed
        if self._watcher is None or changed is None or files == self._watched:
            return
        for gone in self._watched - files:
            self._watcher.forget(gone)
        for file in files:
            self._watcher.watch(file, changed, is_file=True)
        self._watched = files
        self._watcher.ensure()


def _signature(place: NativePlace) -> tuple[int, ...] | None:
    """Return what differs between two states of a login's files, the newest of which comes first."""
    found = []
    for path in (place.path, *place.beside):
        try:
            found.append(signature(path.stat()))
        except OSError:
            found.append(())
    if not found[0]:
        return None
    return (max(each[0] for each in found if each), *(part for each in found for part in (len(each), *each)))
