"""Which of the scans of each minute a source makes: few, where the system reports every change by itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trayquota.sources.base import Discovery
    from trayquota.system.watcher import Watcher

_EVERY = 5
"""In minutes; in case a change was not reported after all."""
_MOUNTS = Path("/proc/self/mountinfo")
# What other machines change there is not reported here, and file systems in user space need not report either.
_REMOTE = {"9p", "afs", "ceph", "cifs", "coda", "ncpfs", "nfs", "nfs4", "smb3", "smbfs", "vboxsf", "virtiofs"}


class MinuteScans:
    """The pace of one source."""

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
    try:
        mounts = [line.split() for line in _MOUNTS.read_bytes().splitlines()]
    except OSError:
        return False
    found, kind = b"", b""
    for fields in mounts:
        # The last of several at the same place is the one that is seen; its type stands behind a lone dash.
        mount = _plain(fields[4]).rstrip(b"/") + b"/"
        if place.startswith(mount) and len(mount) >= len(found):
            found, kind = mount, fields[fields.index(b"-") + 1]
    return kind.decode("ascii", "replace") not in _REMOTE and not kind.startswith(b"fuse.")


def _plain(path: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        path = path.replace(code, char)
    return path
