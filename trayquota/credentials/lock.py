"""One at a time per credential file, across threads and processes: a lock file in the state folder.

The lock is the system's own, so it goes with whoever held it, however that ended. Its file stays: to remove it would
let two programs hold locks of the same name.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from trayquota.core.model import FailureKind
from trayquota.credentials.journal import private_folder
from trayquota.providers.base import failed

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from trayquota.providers.base import FetchError

WAIT_S = 20.0
_POLL_S = 0.05


@contextlib.contextmanager
def locked(place: Path, closing: threading.Event, *, wait_s: float = WAIT_S) -> Iterator[None]:
    """Hold the lock file ``place``; waiting for it ends with ``closing``.

    Raises:
        FetchError: Somebody else holds it, or there can be none.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - few runs ever renew a login

    try:
        private_folder(place.parent)
        lock = FileLock(place, mode=0o600)
        for _ in range(int(wait_s / _POLL_S)):
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=0)
                break
            if closing.wait(_POLL_S):
                raise withdrawn()
        else:
            lock.acquire(timeout=0)
    except Timeout:
        message = "Another program is renewing this login. It will be asked again."
        raise failed(FailureKind.NETWORK, message) from None
    except (OSError, NotImplementedError):
        raise no_safe_place() from None
    try:
        yield
    finally:
        lock.release()


def no_safe_place() -> FetchError:
    """Return the error for a state folder that a new login would not be safe in."""
    return failed(
        FailureKind.UNREADABLE_FILE,
        "The login has ended. It is not renewed, because the state folder cannot be written and the new login "
        "could be lost. Check the folder's permissions.",
    )


def withdrawn() -> FetchError:
    """Return the error for what was not begun, because the program is quitting."""
    return failed(FailureKind.NETWORK, "The question was withdrawn.")
