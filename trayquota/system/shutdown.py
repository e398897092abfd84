"""Shutting down: signals that are never missed, and threads that nothing can end.

Python runs signal handlers on the main thread, when that gets to it. A signal that comes just as the main thread
goes to sleep, or that another thread gets, does not wake it. So a thread of its own listens for them, too.
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

_REQUESTS = ("INT", "TERM", "HUP", "BREAK")
_DEADLY = ("QUIT", "USR1", "USR2", "ALRM", "VTALRM", "PROF", "XCPU", "PWR", "IO", "STKFLT")
"""They end whoever does not handle them, and would do so in the middle of a token refresh. Signals of a fault in the
program itself are left alone."""
_SIGNALS = tuple(f"SIG{name}" for name in (*_REQUESTS, *_DEADLY))
_OWN_THREADS = ("fetch", "engine", "trayquota-")
_GRACE_S = 0.3
_RESEND_S = 0.05


def shutdown_signals() -> list[int]:
    """Return the signals that end the program here; one that is ignored from outside, as under nohup, stays so."""
    return [number for number in _numbers() if signal.getsignal(number) not in {signal.SIG_IGN, None}]


def _numbers() -> set[int]:
    named = {number for name in _SIGNALS if (number := getattr(signal, name, None)) is not None}
    if sys.platform == "linux":
        # Real-time ones end whoever does not handle them, too.
        named |= set(range(signal.SIGRTMIN, signal.SIGRTMAX + 1))
    return named


@contextmanager
def interruptible() -> Iterator[None]:
    """Have the first signal that ends the program raise :class:`Interrupted`; later ones wait for the cleaning up.

    Without effect off the main thread, where Python does not handle signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    was_handled = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _is_importing(frame) and _LISTENER.is_running:
            return  # it is sent again
        was_handled.set()
        for other in numbers:
            signal.signal(other, signal.SIG_IGN)
        raise Interrupted(number)

    def resend(number: int) -> None:
        # The main thread may have missed it; a signal to itself wakes it from whatever it waits for.
        if sys.platform != "win32":
            while not was_handled.wait(_RESEND_S):
                signal.pthread_kill(main, number)

    numbers, main = shutdown_signals(), threading.main_thread().ident or 0
    with _held_console(), _handled(interrupt), _LISTENER.calling(resend):
        try:
            yield
        finally:
            was_handled.set()


@contextmanager
def on_shutdown(callback: Callable[[], None]) -> Iterator[None]:
    """Have ``callback`` run, on a thread of its own, for every signal that ends the program. For the main thread."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        if not _LISTENER.is_running:
            callback()

    with _handled(handle), _LISTENER.calling(lambda _number: callback()):
        yield


def _is_importing(frame: FrameType | None) -> bool:
    """Whether Python's own importing is at work, which passes over what is raised in some of its places."""
    is_resent = sys.platform != "win32"
    return is_resent and frame is not None and frame.f_code.co_filename.startswith("<frozen importlib")


def _held_console() -> contextlib.AbstractContextManager[None]:
    """Have the end of a console, too, count as a signal and be waited for; only Windows has such."""
    held: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
    if sys.platform == "win32":
        from trayquota.system.windows_console import held_console

        held = held_console()
    return held


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in shutdown_signals()}
    for number in before:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


class SignalListener:
    """Receives every signal that Python handles, on a thread of its own that sleeps in between."""

    def __init__(self) -> None:
        """Listen to nothing yet."""
        self._callbacks: list[Callable[[int], None]] = []
        self.is_running = False

    @contextmanager
    def calling(self, callback: Callable[[int], None]) -> Iterator[None]:
        """Call ``callback`` with each signal that ends the program, in place of the callback before it."""
        self._callbacks.append(callback)
        try:
            if len(self._callbacks) == 1:
                with self._listening():
                    yield
            else:
                yield
        finally:
            self._callbacks.remove(callback)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Listen; without a thread or a descriptor to be had Python's own handlers have to do."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError, RuntimeError):
                self._start(stack)
            yield

    def _start(self, stack: contextlib.ExitStack) -> None:
        sender, receiver = socket.socketpair()
        thread = threading.Thread(target=self._listen, args=(receiver,), name="signals", daemon=True)
        stack.callback(receiver.close)
        stack.callback(lambda: thread.join(_GRACE_S) if thread.ident is not None else None)
        stack.callback(sender.close)
        thread.start()
        self.is_running = True
        stack.callback(self._mark_ended)
        sender.settimeout(0)
        stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False))

    def _mark_ended(self) -> None:
        self.is_running = False

    def _listen(self, receiver: socket.socket) -> None:
        numbers = _numbers()
        with contextlib.suppress(OSError):
            while received := receiver.recv(1):
                if received[0] in numbers and self._callbacks:
                    self._callbacks[-1](received[0])


_LISTENER = SignalListener()


def join_fetchers() -> None:
    """Give fetches that were cancelled a moment to notice."""
    _join([thread for thread in _remaining() if thread.name.startswith("fetch")])


def exit_now(code: int) -> NoReturn:
    """End the process now.

    Python itself would wait for threads that hang in a system call, which nothing can end, and spend 25 ms on taking
    apart what the system takes back at once. No token refresh may be under way any more.
    """
    _join(_remaining())
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        # Whoever read it may have gone.
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _remaining() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(_OWN_THREADS) and not thread.daemon]


def _join(threads: list[threading.Thread]) -> None:
    deadline = time.monotonic() + _GRACE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
