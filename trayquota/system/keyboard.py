"""The keys that a person presses in a terminal, one at a time, without waiting for the end of a line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType


def has_keyboard() -> bool:
    """Return whether standard input is a terminal, at which a person may answer."""
    is_terminal = sys.stdin is not None and sys.stdin.isatty()
    if is_terminal and sys.platform == "win32":
        from trayquota.system.windows_console import is_console

        # The null device counts as a terminal there.
        is_terminal = is_console(sys.stdin.fileno())
    return is_terminal


if sys.platform == "win32":
    import _thread
    import msvcrt
    import threading
    from queue import Empty, SimpleQueue

    _PREFIXES = "\0\xe0"
    """Of two that come for a key without a character, as an arrow; the second one is a letter of another meaning."""
    _CTRL_C = "\x03"

    class Keys:
        """A ``with`` block in which keys are read. :meth:`wake` is for any thread."""

        LONGEST_WAIT_S = 1.0
        """Nothing announces that a console has another size."""

        def __enter__(self) -> Self:
            """Begin to read."""
            self._events: SimpleQueue[str] = SimpleQueue()
            if has_keyboard():
                threading.Thread(target=self._read, name="keys", daemon=True).start()
            return self

        def __exit__(
            self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
        ) -> None:
            """Leave the thread: it ends with the process."""

        def wait(self, timeout_s: float) -> str:
            """Return the next key, nothing after ``timeout_s`` or when woken."""
            try:
                return self._events.get(timeout=min(timeout_s, self.LONGEST_WAIT_S))
            except Empty:
                return ""

        def wake(self) -> None:
            """End a wait."""
            self._events.put("")

        def _read(self) -> None:
            for key in characters(msvcrt.getwch):
                if key == _CTRL_C:
                    # While a key is read it is one of them, and no signal.
                    _thread.interrupt_main()
                self._events.put(key)

    def characters(read: Callable[[], str]) -> Iterator[str]:
        """Yield the keys with a character out of what a console gives, until that is nothing."""
        while key := read():
            if key in _PREFIXES:
                read()
            else:
                yield key

else:
    import select
    import signal
    import socket
    import termios
    import threading
    import tty

    class Keys:
        """A ``with`` block in which keys are read; afterwards the terminal is as before.

        :meth:`wake` is for any thread. A change of the terminal's size ends a wait. Stopping with Ctrl-Z is switched
        off, for it would leave the terminal as it is.
        """

        def __enter__(self) -> Self:
            """Begin to read; where standard input is no terminal there are no keys."""
            self._receiver, self._sender = socket.socketpair()
            os.set_blocking(self._sender.fileno(), False)
            self._terminal = sys.stdin.fileno() if has_keyboard() else None
            self._before = termios.tcgetattr(self._terminal) if self._terminal is not None else None
            self._handler = None
            if threading.current_thread() is threading.main_thread():
                self._handler = signal.signal(signal.SIGWINCH, lambda _number, _frame: self.wake())
            if self._terminal is not None:
                tty.setcbreak(self._terminal)
                changed = termios.tcgetattr(self._terminal)
                changed[6][termios.VSUSP] = bytes([os.fpathconf(self._terminal, "PC_VDISABLE")])
                termios.tcsetattr(self._terminal, termios.TCSANOW, changed)
            return self

        def __exit__(
            self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
        ) -> None:
            """Put the terminal back."""
            if self._terminal is not None and self._before is not None:
                termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)
            if self._handler is not None:
                signal.signal(signal.SIGWINCH, self._handler)
            self._receiver.close()
            self._sender.close()

        def wait(self, timeout_s: float) -> str:
            """Return the next key, nothing after ``timeout_s`` or when woken; ``q`` when the terminal is gone."""
            watched = [self._receiver, *([self._terminal] if self._terminal is not None else [])]
            ready, _, _ = select.select(watched, [], [], timeout_s)
            if self._receiver in ready:
                self._receiver.recv(4096)
            if self._terminal not in ready:
                return ""
            try:
                return os.read(self._terminal, 1).decode(errors="ignore") or "q"
            except OSError:
                return "q"

        def wake(self) -> None:
            """End a wait."""
            try:
                self._sender.send(b"\0")
            except OSError:
                # It is full of others, or closed already.
                return
