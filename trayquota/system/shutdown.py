"""Ending: signals that are never missed, and threads that nothing can end.

Python runs signal handlers on the main thread, when that gets to it. A signal that comes just as the main thread
goes to sleep, or to another thread, does not wake it. So a thread of its own listens for them, too.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from trayquota.core.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_OWN_THREADS = ("fetch", "engine", "trayquota-")
_GRACE_S = 0.3
_POKE_S = 0.05


def shutdown_signals() -> list[signal.Signals]:
    """Return the signals that ask for the end here; one that is ignored from outside, as under nohup, stays so."""
    known = (getattr(signal, name, None) for name in _SIGNALS)
    return [each for each in known if each is not None and signal.getsignal(each) not in {signal.SIG_IGN, None}]


@contextmanager
def interruptible() -> Iterator[None]:
    """Have the first signal that asks for the end raise :class:`Interrupted`; later ones wait for the tidying up.

    Without effect off the main thread, where Python does not handle signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = threading.Event()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        heard.set()
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    def poke(number: int) -> None:
        # The main thread may have missed it; a signal to itself wakes it from whatever it waits for.
        if sys.platform != "win32":
            while not heard.wait(_POKE_S):
                signal.pthread_kill(main, number)

    numbers, main = shutdown_signals(), threading.main_thread().ident or 0
    with _handled(interrupt), _EAR.listening(poke):
        try:
            yield
        finally:
            heard.set()


@contextmanager
def on_shutdown(leave: Callable[[], None]) -> Iterator[None]:
    """Have ``leave`` called, on a thread of its own, whenever a signal asks for the end. For the main thread."""
    with _handled(lambda _number, _frame: None), _EAR.listening(lambda _number: leave()):
        yield


def on_signal(number: int, act: Callable[[], None] | None) -> None:
    """Have ``act`` called, on a thread of its own, whenever that signal comes; ``None`` has it ignored.

    For the main thread, within :func:`interruptible`.
    """
    _EAR.acts.pop(number, None)
    if act is not None:
        _EAR.acts[number] = act
    signal.signal(number, signal.SIG_IGN if act is None else lambda _number, _frame: None)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in shutdown_signals()}
    for each in before:
        signal.signal(each, handler)
    try:
        yield
    finally:
        for each, old in before.items():
            signal.signal(each, old)


class SignalListener:
    """Hears every signal that Python handles, on a thread of its own that sleeps in between."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._listeners: list[Callable[[int], None]] = []
        self.acts: dict[int, Callable[[], None]] = {}
        """What other signals than those that ask for the end have done."""

    @contextmanager
    def listening(self, listener: Callable[[int], None]) -> Iterator[None]:
        """Tell ``listener`` of the signals that ask for the end, and nobody who listened before it."""
        self._listeners.append(listener)
        try:
            if len(self._listeners) == 1:
                with self._open():
                    yield
            else:
                yield
        finally:
            self._listeners.remove(listener)

    @contextmanager
    def _open(self) -> Iterator[None]:
        mouth, ear = socket.socketpair()
        mouth.settimeout(0)
        before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
        thread = threading.Thread(target=self._listen, args=(ear,), name="signals", daemon=True)
        thread.start()
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            mouth.close()
            thread.join(_GRACE_S)
            ear.close()

    def _listen(self, ear: socket.socket) -> None:
        numbers = {int(each) for each in (getattr(signal, name, None) for name in _SIGNALS) if each is not None}
        with contextlib.suppress(OSError):
            while heard := ear.recv(1):
                if act := self.acts.get(heard[0]):
                    act()
                elif heard[0] in numbers and self._listeners:
                    self._listeners[-1](heard[0])


_EAR = SignalListener()


def join_fetchers() -> None:
    """Give fetchers whose question was withdrawn a moment to notice."""
    _join([each for each in _lingering() if each.name.startswith("fetch")])


def exit_now(code: int) -> NoReturn:
    """End the process now.

    Python itself would wait for threads that hang in a system call, which nothing can end, and spend 25 ms on taking
    apart what the system takes back in one. No login may be in the making any more.
    """
    _join(_lingering())
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Whoever read it may have gone.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _lingering() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith(_OWN_THREADS) and not each.daemon]


def _join(threads: list[threading.Thread]) -> None:
    deadline = time.monotonic() + _GRACE_S
    for each in threads:
        each.join(max(0.0, deadline - time.monotonic()))
