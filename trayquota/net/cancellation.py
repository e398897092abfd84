"""Cancelling a fetch from another thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Protocol


class CancelToken:
    """Withdraws a question from another thread: at once when it is under way, else before it begins.

    The renewal of a login is never cut: while one is under way the cut waits for it.
    """

    def __init__(self) -> None:
        """Nothing is cut yet."""
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_cancelled = False

    def attach(self, connection: HasFileno) -> None:
        """Let :meth:`cut` reach ``connection``, whatever encryption is put on it."""
        with contextlib.suppress(OSError):
            # A second handle: it outlives what is done to the first, and shutting it says nothing in the clear,
            # as shutting a socket of :mod:`ssl` under somebody who is writing to it might.
            mine = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            with self._lock:
                self._sockets.append(mine)
                if self.is_cancelled:
                    _shut(mine)

    def detach(self) -> None:
        """Forget the connections: the exchange is over, and they may serve another."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def cancel(self) -> None:
        """Withdraw it."""
        with self._lock:
            self.is_cancelled = True
            for each in self._sockets:
                _shut(each)


class HasFileno(Protocol):
    """An open connection."""

    def fileno(self) -> int:
        """Return its descriptor."""


def _shut(connection: socket.socket) -> None:
    """End both directions; whoever waits on it elsewhere wakes up."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
