"""The thread on which callbacks run, so that a slow one never holds up the bus."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from collections.abc import Callable

_LOG = logging.getLogger(__name__)


class Worker:
    """Runs callbacks one after the other on a thread of its own, which starts with the first of them.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        """See the class."""
        self._name = name
        self._calls: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is this one."""
        return threading.current_thread() is self._thread

    def submit(self, call: Callable[[], object]) -> None:
        """Run ``call`` on the thread. Always to be called from the same thread."""
        if self._thread is None:
            # A daemon, because a callback that never returns must not keep the process.
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put(call)

    def close(self, timeout_s: float) -> None:
        """End the thread after the callback under way; wait for that at most ``timeout_s``."""
        if self._thread is None:
            return
        self._calls.put(None)
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            _LOG.warning("a callback of %s is still at work after the icon was stopped", self._name)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            with LoggedErrors(_LOG, "a callback"):
                call()
