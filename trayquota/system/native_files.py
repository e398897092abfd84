"""What systems know of files beyond Python's own: two exchanged in one step, who has one open, room kept for one.

One place per system. Where a system or a file system has no such thing, the caller gets an error or ``None``, and does
without.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "linux":
    import fcntl

_CURRENT_FOLDER = {"linux": -100, "darwin": -2}
_SWAP = 2
"""Linux' ``RENAME_EXCHANGE`` and macOS' ``RENAME_SWAP``."""
_KEEP_SIZE = 1
"""Linux' ``FALLOC_FL_KEEP_SIZE``."""
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_FULL = {errno.ENOSPC, errno.EDQUOT} if sys.platform != "win32" else {errno.ENOSPC}
_LEASE_TRIES = 20
_LEASE_WAIT_S = 0.05


def exchange_files(first: Path, second: Path) -> None:
    """Have each of two names stand for the other's file. Both have to be there.

    It is done in one step, but on Windows: there a crash may leave ``second`` missing, with its file beside it.

    Raises:
        NotImplementedError: The system or the file system cannot.
        OSError: It is refused.
    """
    names = os.fsencode(first), os.fsencode(second)
    if sys.platform == "linux":
        here = _CURRENT_FOLDER["linux"]
        _call("renameat2", here, names[0], here, names[1], _SWAP)
    elif sys.platform == "darwin":
        _call("renamex_np", *names, _SWAP)
    elif sys.platform == "win32":
        from trayquota.system import windows_files

        windows_files.exchange(first, second)
    else:
        raise NotImplementedError


def keep_room(handle: int, size: int) -> None:
    """Have the disk keep room for the first ``size`` bytes of an open file, whose content stays as it is.

    Without effect where the file system cannot.

    Raises:
        OSError: There is none.
    """
    if sys.platform == "linux":
        from ctypes import c_int64

        try:
            _call("fallocate", handle, _KEEP_SIZE, c_int64(0), c_int64(size))
        except NotImplementedError:
            return
        except OSError as error:
            if error.errno in _FULL:
                raise


if sys.platform == "linux":

    def has_writers(handle: int) -> bool | None:
        """Return whether anybody has a file open for writing; ``None`` where the system does not say.

        Args:
            handle: The file, opened for reading only.
        """
        try:
            with _leased(handle, fcntl.F_RDLCK):
                return False
        except BlockingIOError:
            return True
        except OSError:
            return None

    @contextlib.contextmanager
    def alone_with(handle: int) -> Iterator[None]:
        """Have others who open the file wait meanwhile, where the system can arrange that and nobody has it open.

        Args:
            handle: The file, opened for writing.
        """
        with contextlib.ExitStack() as stack:
            for _ in range(_LEASE_TRIES):
                try:
                    stack.enter_context(_leased(handle, fcntl.F_WRLCK))
                except BlockingIOError:
                    time.sleep(_LEASE_WAIT_S)
                except OSError:
                    break
                else:
                    break
            yield

    @contextlib.contextmanager
    def _leased(handle: int, kind: int) -> Iterator[None]:
        """Hold a lease: it is granted only while nobody else has the file open, and whoever opens it then waits.

        Raises:
            BlockingIOError: Somebody has it open.
            OSError: There are no leases here.
        """
        # Who waits for it makes the system send a signal; this one is ignored unless it is handled.
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, kind)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)

else:

    def has_writers(handle: int) -> bool | None:
        """Return whether anybody has a file open for writing; ``None``, as macOS does not say."""
        found: bool | None = None
        if sys.platform == "win32":
            from trayquota.system import windows_files

            found = windows_files.has_writers(handle)
        return found

    @contextlib.contextmanager
    def alone_with(_handle: int) -> Iterator[None]:
        """Do nothing: this system has nobody wait."""
        yield


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0 when all is well.

    Raises:
        NotImplementedError: It is not there, or not for this file system.
        OSError: It says no.
    """
    from ctypes import CDLL, get_errno

    library = CDLL(None, use_errno=True)
    try:
        function = getattr(library, name)
    except AttributeError:
        raise NotImplementedError from None
    if function(*arguments) == 0:
        return
    number = get_errno()
    if number in _UNSUPPORTED:
        raise NotImplementedError
    raise OSError(number, os.strerror(number))
