"""Ending: signals that unwind instead of killing, and threads that nothing can end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_OWN_THREADS = ("fetch", "engine", "trayquota-")
_GRACE_S = 0.3


class Interrupted(BaseException):
    """A signal asked for the end."""

    def __init__(self, number: int) -> None:
        """Keep the signal's number."""
        super().__init__(number)
        self.exit_code = 128 + number


def end_signals() -> list[signal.Signals]:
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

    def interrupt(number: int, _frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    before = {each: signal.getsignal(each) for each in end_signals()}
    for each in before:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def join_fetchers() -> None:
    """Give fetchers whose question was withdrawn a moment to notice."""
    _join([each for each in _lingering() if each.name.startswith("fetch")])


def leave_behind(code: int) -> None:
    """End the process at once when a thread hangs in a system call that nothing can end; else return.

    Python itself would wait for it. No login may be in the making any more when this is called.
    """
    _join(_lingering())
    if _lingering():
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


def _lingering() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith(_OWN_THREADS) and not each.daemon]


def _join(threads: list[threading.Thread]) -> None:
    deadline = time.monotonic() + _GRACE_S
    for each in threads:
        each.join(max(0.0, deadline - time.monotonic()))
