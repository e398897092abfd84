"""One at a time per credential file, across threads and processes: a lock file in the state folder.

The lock is the system's own, so it goes with whoever held it, however that ended. Its file stays: to remove it would
let two programs hold locks of the same name.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.system.files import private_folder

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from trayquota.core.errors import FetchError

WAIT_S = 20.0
_POLL_S = 0.05


@contextlib.contextmanager
def refresh_lock(place: Path, closing: threading.Event, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock file ``place``; waiting for it ends with ``closing``.

    Raises:
        FetchError: Somebody else holds it, or there can be none.
    """
    from filelock import FileLock, Timeout

    try:
        private_folder(place.parent)
        lock = FileLock(place, mode=0o600)
        for _ in range(int(wait_s / _POLL_S)):
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                break
            if closing.wait(_POLL_S):
                raise cancelled()
        else:
            lock.acquire(timeout=0)
    except Timeout:
        message = "Another program is renewing this login. It will be asked again."
        raise fetch_error(FailureKind.NETWORK, message) from None
    except (OSError, NotImplementedError):
        raise state_folder_unusable() from None
    try:
        yield
    finally:
        lock.release()


def state_folder_unusable() -> FetchError:
    """Return the error for a state folder that a new login would not be safe in."""
    return fetch_error(
        FailureKind.UNREADABLE_FILE,
        "The login has ended. It is not renewed, because the state folder cannot be written and the new login "
        "could be lost. Check the folder's permissions.",
    )


def cancelled() -> FetchError:
    """Return the error for what was not begun, because the program is quitting."""
    return fetch_error(FailureKind.NETWORK, "The question was withdrawn.")
