"""One applet per user: a second start tells the first to refresh and show itself.

The first holds a lock that the system gives back when it dies, so nothing is left behind by a crash. It is told by a
signal on Linux. Windows has none, and on macOS the tray's loop keeps Python from seeing one: there it is a word on a
loopback socket, whose port and secret only the user can read.
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

from trayquota.system.files import private_folder
from trayquota.system.shutdown import on_signal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_PATIENCE_S = 2.0
_LONGEST_WORD = 256
_LEAST_PID = 2
"""What is below means a whole group of processes, all of them, or the first one."""


class SingleInstance:
    """The claim to be the one applet."""

    def __init__(self, folder: Path) -> None:
        """Claim in ``folder``, the program's state folder."""
        self._folder = folder
        self._lock = FileLock(folder / "instance.lock", timeout=0, mode=0o600, thread_local=False)
        self._contact = folder / "instance.json"
        self._is_listening = False
        self._line: Listener | None = None

    def claim(self) -> bool:
        """Return whether this is the only one; where that cannot be told, it is taken to be."""
        try:
            private_folder(self._folder)
            self._lock.acquire()
        except Timeout:
            return False
        except (OSError, NotImplementedError):
            return True
        # What a dead one left names a process id that may be another program's by now.
        self._forget_contact()
        return True

    def listen(self, on_call: Callable[[], None]) -> None:
        """Have ``on_call`` run when a second start calls; to be called by the main thread, once, after the claim.

        It runs on a thread of its own, and is to do no more than, say, put something on a queue.
        """
        self._is_listening = True
        contact: dict[str, object] = {"pid": os.getpid()}
        if sys.platform == "linux":
            on_signal(signal.SIGUSR1, on_call)
        # Where it cannot be told how to call, the applet does its work all the same.
        with contextlib.suppress(OSError):
            if sys.platform != "linux":
                self._line = Listener(on_call)
                contact |= self._line.contact
            self._contact.unlink(missing_ok=True)
            handle = os.open(self._contact, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(contact, file)

    def call(self) -> bool:
        """Tell the first one to refresh and show itself; return whether it could be told.

        Only after :meth:`claim` has said no: then what is written names a process that lives.
        """
        try:
            contact = json.loads(self._contact.read_text("utf-8"))
            if sys.platform == "linux":
                _signal(contact["pid"])
            else:
                call(int(contact["port"]), str(contact["word"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return False
        return True

    def release(self) -> None:
        """Give the claim up; listen no longer."""
        if self._is_listening:
            self._forget_contact()
        if self._line is not None:
            self._line.close()
        elif self._is_listening and sys.platform == "linux":
            with contextlib.suppress(ValueError):  # not the main thread
                on_signal(signal.SIGUSR1, None)  # a call under way must not end this process
        self._is_listening = False
        if self._lock.is_locked:
            self._lock.release()

    def _forget_contact(self) -> None:
        with contextlib.suppress(OSError):
            self._contact.unlink(missing_ok=True)


class Listener:
    """A loopback socket that runs a callback for whoever knows the word."""

    def __init__(self, on_call: Callable[[], None]) -> None:
        """Listen from now on, on a thread of its own that sleeps in between."""
        self._on_call = on_call
        self._word = secrets.token_hex(16)
        self._is_closing = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._address: tuple[str, int] = self._socket.getsockname()
        self._thread = threading.Thread(target=self._serve, name="instance", daemon=True)
        self._thread.start()

    @property
    def endpoint(self) -> dict[str, object]:
        """What a caller has to know."""
        return {"port": self._address[1], "word": self._word}

    def close(self) -> None:
        """Listen no longer; a second time does nothing."""
        if self._is_closing:
            return
        self._is_closing = True
        # Not everywhere does closing a socket wake the thread that waits on it: a last call does.
        with contextlib.suppress(OSError):
            socket.create_connection(self._address, timeout=_PATIENCE_S).close()
        if threading.current_thread() is not self._thread:
            self._thread.join(2 * _PATIENCE_S)
        self._socket.close()

    def _serve(self) -> None:
        while not self._is_closing:
            try:
                caller, _address = self._socket.accept()
            except ConnectionError:  # gone before it was answered
                continue
            except OSError:
                return
            if self._hears_word(caller):
                self._on_call()

    def _hears_word(self, caller: socket.socket) -> bool:
        with caller, contextlib.suppress(OSError):
            caller.settimeout(_PATIENCE_S)
            return secrets.compare_digest(caller.recv(_LONGEST_WORD), self._word.encode())
        return False


def _signal(pid: object) -> None:
    if sys.platform == "linux":
        if not isinstance(pid, int) or pid < _LEAST_PID:
            message = "not one process"
            raise ValueError(message)
        os.kill(pid, signal.SIGUSR1)


def call(port: int, word: str) -> None:
    """Say ``word`` on the line at ``port``; raises ``OSError`` when nobody listens."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as line:
        line.sendall(word.encode())
