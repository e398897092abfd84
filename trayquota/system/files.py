"""Private folders, and what tells one state of a file from the next."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What a folder answers that cannot be synced at all: there is nothing to wait for then.
_UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EROFS}


def signature(status: os.stat_result) -> tuple[int, ...]:
    """Return what tells one state of a file from the next; first of all when it was modified, in nanoseconds."""
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def private_folder(folder: Path) -> None:
    """Make ``folder`` for its owner alone, with whatever is missing above it.

    Raises:
        OSError: It cannot be made.
    """
    # ``mkdir(parents=True)`` would give the parents everybody's mode.
    missing = [folder, *(each for each in folder.parents if not each.is_dir())]
    for each in reversed(missing):
        each.mkdir(mode=0o700, exist_ok=True)
    if sys.platform != "win32" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        with contextlib.suppress(OSError):
            folder.chmod(0o700)


def sync_folder(folder: Path) -> None:
    """Have the disk remember a folder's names, where the platform can say so.

    Raises:
        OSError: The disk fails.
    """
    if sys.platform != "win32":
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            if error.errno not in _UNSYNCABLE:
                raise
