"""Cancelling a fetch from another thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Protocol


class CancelToken:
    """Cancels a fetch from another thread: at once when a request is under way, else before the next one begins.

    A token refresh takes no cancel token, so it is never cancelled: its answer is always read and saved.
    """

    def __init__(self) -> None:
        """Nothing is cancelled yet."""
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self.is_cancelled = False

    def attach(self, connection: HasFileno) -> None:
        """Let :meth:`cancel` shut ``connection``, whatever encryption is put on it."""
        with contextlib.suppress(OSError):
            # A second handle: it outlives what is done to the first, and shutting it sends nothing in the clear,
            # as shutting a socket of :mod:`ssl` under somebody who is writing to it might.
            handle = socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM)
            with self._lock:
                self._sockets.append(handle)
                if self.is_cancelled:
                    _shut(handle)

    def detach(self) -> None:
        """Let go of the connections: the exchange is over, and they may serve another."""
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def cancel(self) -> None:
        """Cancel the fetch."""
        with self._lock:
            self.is_cancelled = True
            for handle in self._sockets:
                _shut(handle)


class HasFileno(Protocol):
    """An open connection."""

    def fileno(self) -> int:
        """Return its descriptor."""


def _shut(connection: socket.socket) -> None:
    """End both directions; whoever waits on it elsewhere wakes up."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
