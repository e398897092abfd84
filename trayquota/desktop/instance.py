"""One applet per user: a second start tells the first to refresh and show itself.

The first holds a lock that the system gives back when it dies, so nothing is left behind by a crash. It is told by a
signal; on Windows, which has none, by a word on a loopback socket whose port and secret only the user can read.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PATIENCE_S = 2.0
_LONGEST_WORD = 256


class Instance:
    """The claim to be the one applet."""

    def __init__(self, folder: Path) -> None:
        """Claim in ``folder``, the program's state folder."""
        self._folder = folder
        self._lock = FileLock(folder / "instance.lock", timeout=0, mode=0o600)
        self._contact = folder / "instance.json"
        self._line: Line | None = None

    def claim(self) -> bool:
        """Return whether this is the only one; where that cannot be told, it is taken to be."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            return True
        return True

    def listen(self, on_call: Callable[[], None]) -> None:
        """Have ``on_call`` run when a second start calls. Needs the main thread where signals are used."""
        contact: dict[str, object] = {"pid": os.getpid()}
        if sys.platform == "win32":
            self._line = Line(on_call)
            contact |= self._line.contact
        else:
            signal.signal(signal.SIGUSR1, lambda _number, _frame: on_call())
        with contextlib.suppress(OSError):
            handle = os.open(self._contact, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with open(handle, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor, not a path
                json.dump(contact, file)

    def call(self) -> bool:
        """Tell the first one to refresh and show itself; return whether it could be told."""
        try:
            contact = json.loads(self._contact.read_text("utf-8"))
            if sys.platform == "win32":
                call(int(contact["port"]), str(contact["word"]))
            else:
                os.kill(int(contact["pid"]), signal.SIGUSR1)
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return False
        return True

    def release(self) -> None:
        """Give the claim up."""
        if self._line is not None:
            self._line.close()
        if self._lock.is_locked:
            with contextlib.suppress(OSError):
                self._contact.unlink(missing_ok=True)
            self._lock.release()


class Line:
    """A loopback socket that runs a callback for whoever knows the word."""

    def __init__(self, on_call: Callable[[], None]) -> None:
        """Listen from now on, on a thread of its own that sleeps in between."""
        self._on_call = on_call
        self._word = secrets.token_hex(16)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, name="instance", daemon=True)
        self._thread.start()

    @property
    def contact(self) -> dict[str, object]:
        """What a caller has to know."""
        return {"port": self._socket.getsockname()[1], "word": self._word}

    def close(self) -> None:
        """Listen no longer."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(_PATIENCE_S)

    def _serve(self) -> None:
        while True:
            try:
                caller, _address = self._socket.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.settimeout(_PATIENCE_S)
                word = caller.recv(_LONGEST_WORD)
                if secrets.compare_digest(word, self._word.encode()):
                    self._on_call()


def call(port: int, word: str) -> None:
    """Say ``word`` on the line at ``port``; raises ``OSError`` when nobody listens."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as line:
        line.sendall(word.encode())
