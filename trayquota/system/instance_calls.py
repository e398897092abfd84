"""What the applet and the processes that call it say to each other, however they are connected.

The caller sends the endpoint's secret, and behind it a request on a line of its own, which a second start leaves out.
The applet acts on it, and then answers in one word and a line for people.
"""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.system.endpoint import LARGEST_BYTES, TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.system.endpoint import Endpoint

_DONE, _REFUSED = b"done", b"refused"
_ENDING_S = 30.0
"""How long the end of an applet that is ending is waited for: a token refresh under way may take so long."""


class Reply(Struct, frozen=True):
    """What the applet answers.

    Attributes:
        is_done: It was done.
        text: What came of it, or why it was not done: one line for people, or nothing.
        is_ending: The applet ends; the connection stays until another may claim its place.
    """

    is_done: bool = True
    text: str = ""
    is_ending: bool = False


class Listener:
    """Runs a callback for each caller that knows the secret, on a thread of its own that sleeps in between."""

    def __init__(self, endpoint: Endpoint, on_call: Callable[[str], Reply]) -> None:
        """Listen from now on; ``on_call`` gets the request, which is empty for a second start.

        Raises:
            OSError: Nothing can listen here.
            RuntimeError: There is no thread to be had.
        """
        self._on_call = on_call
        self._endpoint = endpoint
        self._is_closing = False
        self._kept: list[socket.socket] = []
        self._socket, self._secret = endpoint.bind()
        self._thread = threading.Thread(target=self._serve, name="instance", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._socket.close()
            endpoint.unbind()
            raise

    def close(self) -> None:
        """Listen no longer; a second time does nothing."""
        if self._is_closing:
            return
        self._is_closing = True
        # Not everywhere does closing a socket wake the thread that waits on it: a last call does.
        with contextlib.suppress(OSError), socket.socket(self._socket.family) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(self._socket.getsockname())
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * TIMEOUT_S)
        self._socket.close()
        self._endpoint.unbind()

    def hang_up(self) -> None:
        """End the connections of those who wait for the end of the applet."""
        while self._kept:
            self._kept.pop().close()

    def _serve(self) -> None:
        while not self._is_closing:
            try:
                caller, _address = self._socket.accept()
            except ConnectionError:  # gone before it was answered
                continue
            except OSError:
                return
            with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
                stack.callback(caller.close)
                if self._answer(caller).is_ending:
                    stack.pop_all()
                    self._kept.append(caller)

    def _answer(self, caller: socket.socket) -> Reply:
        """Act on what a caller requests, and answer; who does not know the secret is not answered."""
        caller.settimeout(TIMEOUT_S)
        secret, _, request = caller.recv(LARGEST_BYTES).partition(b"\n")
        if not secrets.compare_digest(secret, self._secret):
            return Reply(is_done=False)
        reply = self._on_call(request.decode(errors="replace"))
        caller.sendall(b"\n".join((_DONE if reply.is_done else _REFUSED, reply.text.encode())))
        return reply


def call(endpoint: Endpoint, request: str = "") -> Reply | None:
    """Have the applet act on a request.

    Args:
        endpoint: Where it is reached.
        request: One line; empty for what a second start has it do.

    Returns:
        What it has answered, with ``is_ending`` when it is ending and that takes long; ``None`` when nobody answers.
    """
    try:
        connection, secret = endpoint.connect()
        with connection:
            connection.settimeout(TIMEOUT_S)
            connection.sendall(b"\n".join((secret, request.encode(errors="replace"))) if request else secret)
            return _received(connection)
    except OSError:
        return None


def _received(connection: socket.socket) -> Reply | None:
    received, is_ending = connection.recv(LARGEST_BYTES), False
    connection.settimeout(_ENDING_S)
    try:
        while piece := connection.recv(LARGEST_BYTES):
            received += piece
    except TimeoutError:
        is_ending = True
    word, _, text = received.partition(b"\n")
    return Reply(word == _DONE, text.decode(errors="replace"), is_ending) if word in {_DONE, _REFUSED} else None
