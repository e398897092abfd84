"""One applet per user: a second start has the first one refresh and show itself.

The first holds a lock that the system gives back when it dies, so nothing blocks the next start after a crash. No
process is ever signalled: where two machines or containers share a home folder, a number in a file is anybody's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from trayquota.system.endpoint import Listener, call, endpoint
from trayquota.system.file_lock import open_locked
from trayquota.system.files import private_folder, real_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class SingleInstance:
    """The claim to be the one applet."""

    def __init__(self, folder: Path) -> None:
        """Claim in ``folder``, the program's state folder."""
        self._folder = folder
        self._lock: int | None = None
        key = hashlib.sha256(os.fsencode(real_path(folder))).hexdigest()[:8]
        self._endpoint = endpoint(folder, key)
        self._listener: Listener | None = None

    def claim(self) -> bool:
        """Return whether this is the only one; where that cannot be found out, it is taken to be."""
        try:
            private_folder(self._folder)
            self._lock = open_locked(self._folder / "instance.lock")
        except OSError:
            return True
        return self._lock is not None

    def is_taken(self) -> bool:
        """Whether there is one that has claimed it; to be called without a claim of one's own."""
        is_free = self.claim()
        self.release()
        return not is_free

    def listen(self, on_call: Callable[[], None]) -> None:
        """Have ``on_call`` run, on a thread of its own, when a second start calls; to be called once, after the claim.

        Where nothing can listen, the applet does its work all the same.
        """
        with contextlib.suppress(OSError, RuntimeError):
            self._listener = Listener(self._endpoint, on_call)

    def call(self) -> bool:
        """Have the first one refresh and show itself; return whether it could be reached."""
        return call(self._endpoint)

    def release(self) -> None:
        """Give the claim up; listen no longer."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
