"""Which of the scans of each minute a source makes: few, where the system reports every change by itself."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from trayquota.sources.base import Discovery
    from trayquota.system.watcher import Watcher

_EVERY = 5
"""In minutes; in case a change was not reported after all."""
# What other machines change there is not reported here, and file systems in user space need not report either.
_REMOTE = {"9p", "afs", "ceph", "cifs", "coda", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "vboxsf", "virtiofs"}


class ScanThrottle:
    """Throttles one source's scans. :meth:`is_due` is for the engine's thread, the rest for the one that discovers."""

    def __init__(self) -> None:
        """Make each scan, until it is known that there is no need."""
        self._is_well = False
        self._passed_over = 0

    def discovered(self, found: Discovery, folders: Iterable[Path]) -> None:
        """Take note of a discovery, made in ``folders``: while something is wrong there, each scan is made."""
        is_sound = not found.notice and found.retry_s is None and not any(each.problem for each in found.accounts)
        self._is_well = is_sound and all(is_local(folder) for folder in folders)

    def is_due(self, watcher: Watcher | None) -> bool:
        """Return whether this minute's scan is to be made; does not block."""
        self._passed_over += 1
        if self._is_well and watcher is not None and watcher.is_well and self._passed_over < _EVERY:
            return False
        self._passed_over = 0
        return True


def is_local(path: Path) -> bool:
    """Return whether ``path`` is on a file system of this machine, as far as that can be found out."""
    found = True
    if sys.platform == "win32":
        found = not os.fspath(path).removeprefix("\\\\?\\").startswith(("\\\\", "UNC\\"))
    elif sys.platform == "linux":
        found = _is_on_local_mount(os.fsencode(os.path.realpath(path)) + b"/")
    return found


def _is_on_local_mount(place: bytes) -> bool:
    from trayquota.system.mounts import mounts

    found, kind = b"", ""
    try:
        for mount in mounts():
            folder = mount.place.rstrip(b"/") + b"/"
            if place.startswith(folder) and len(folder) >= len(found):
                found, kind = folder, mount.kind
    except OSError:
        return False
    return kind not in _REMOTE and not kind.startswith("fuse.")
