"""One applet per user: a second start has the first one refresh and show itself, and commands have it do other things.

The first holds a lock that the system gives back when it dies, so nothing blocks the next start after a crash. No
process is ever signalled: where two machines or containers share a home folder, a number in a file is anybody's.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from trayquota.system.endpoint import endpoint
from trayquota.system.file_lock import open_locked
from trayquota.system.files import private_folder, real_path
from trayquota.system.instance_calls import Listener, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from trayquota.system.instance_calls import Reply


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

    def listen(self, on_call: Callable[[str], Reply]) -> None:
        """Have ``on_call`` run, on a thread of its own, for each request; to be called once, after the claim.

        A second start's request is empty. Where nothing can listen, the applet does its work all the same.
        """
        with contextlib.suppress(OSError, RuntimeError):
            self._listener = Listener(self._endpoint, on_call)

    def call(self, request: str = "") -> Reply | None:
        """Have the first one do something; by default what a second start has it do, refresh and show itself.

        Returns:
            What it has answered; ``None`` when it cannot be reached. When it ends, that is waited for.
        """
        return call(self._endpoint, request)

    def release(self) -> None:
        """Give the claim up; listen no longer."""
        if self._listener is not None:
            self._listener.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._listener is not None:
            # Who waits for the end may claim from now on.
            self._listener.hang_up()
            self._listener = None
