"""One program at a time per refresh token, across threads and processes: a lock file in the state folder.

The lock is the system's own, so it goes with whoever held it, however that ended. Where there is no such lock there is
none at all: a file that merely is there would stay after a crash, and nobody could see whether it is still held.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from trayquota.core.errors import fetch_error
from trayquota.core.model import FailureKind
from trayquota.core.translation import Message
from trayquota.system.file_lock import open_locked
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
    try:
        private_folder(place.parent)
        handle = open_locked(place)
        for _ in range(int(wait_s / _POLL_S)):
            if handle is not None:
                break
            if closing.wait(_POLL_S):
                raise cancelled()
            handle = open_locked(place)
    except OSError as error:
        raise no_lock(error) from None
    if handle is None:
        message = Message("Another program is refreshing this login. It will be tried again.")
        raise fetch_error(FailureKind.NETWORK, message)
    try:
        yield
    finally:
        os.close(handle)


def state_folder_unusable(error: OSError) -> FetchError:
    """Return the error for a state folder that new tokens would not be safe in."""
    return fetch_error(
        FailureKind.UNREADABLE_FILE,
        "The login has ended. It is not refreshed, because the state folder cannot be used "
        "({reason}) and the new login could be lost. Check the folder.",
        reason=reason(error),
    )


def no_lock(error: OSError) -> FetchError:
    """Return the error for a state folder that has no locks to give."""
    return fetch_error(
        FailureKind.UNREADABLE_FILE,
        "The login has ended. It is not refreshed, because nothing can be locked in the state "
        "folder ({reason}): two programs at once could lose it.",
        reason=reason(error),
    )


def cancelled() -> FetchError:
    """Return the error for what was not begun, because the program is quitting."""
    return fetch_error(FailureKind.NETWORK, "The fetch was cancelled.")


def reason(error: OSError) -> str:
    """Return what the system says, fit for the middle of a sentence."""
    return os.strerror(error.errno).lower() if error.errno else Message("unknown error")
