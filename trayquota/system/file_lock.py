"""Locks on files: the system's own, so that they go with whoever held them, however that ended."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

from trayquota.system.files import open_regular

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    from trayquota.system import windows_files
else:
    import fcntl

_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}


def try_lock(handle: int) -> bool:
    """Lock an open file until it is closed; return whether that came true, or somebody else holds it.

    Raises:
        OSError: There are no locks here.
    """
    is_locked = True
    if sys.platform == "win32":
        is_locked = windows_files.lock(handle)
    else:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            is_locked = False
    return is_locked


@contextlib.contextmanager
def lock_held(place: Path) -> Iterator[bool]:
    """Hold the lock file ``place`` if nobody else does, and say so.

    Raises:
        OSError: There can be none.
    """
    handle = open_locked(place)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            os.close(handle)


def open_locked(place: Path) -> int | None:
    """Return the descriptor of the lock file, locked; ``None`` when somebody else holds it.

    Raises:
        OSError: It cannot be opened or locked.
    """
    while True:
        handle = open_regular(place, os.O_RDWR | os.O_CREAT)
        try:
            if not try_lock(handle):
                os.close(handle)
                return None
            if is_at(handle, place):
                return handle
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(handle)
            raise
        # Whoever held it has removed it: another one counts by now.
        os.close(handle)


def is_at(handle: int, place: Path) -> bool:
    """Whether an open file is the one at ``place``; it is not when another one, or none, is there by now.

    Raises:
        OSError: That cannot be seen.
    """
    try:
        return os.path.samestat(os.fstat(handle), place.stat())
    except FileNotFoundError:
        return False
