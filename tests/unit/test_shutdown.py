"""Signals that unwind, and output that nobody reads."""

from __future__ import annotations

import io
import os
import queue
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import Interrupted
from trayquota.system import shutdown as leaving
from trayquota.system.shutdown import exit_now, interruptible, on_shutdown, on_signal, shutdown_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 10.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture(autouse=True)
def handlers_as_they_were() -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    yield
    assert {each: signal.getsignal(each) for each in before} == before


@posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_unwinds_what_is_being_done(name: str) -> None:
    number = signal.Signals[name]
    tidied: list[signal.Signals] = []
    with pytest.raises(Interrupted) as caught:
        wait_for_the_end(number, tidied)
    assert tidied == [number]
    assert caught.value.exit_code == 128 + number


def wait_for_the_end(number: signal.Signals, tidied: list[signal.Signals]) -> None:
    with interruptible():
        try:
            os.kill(os.getpid(), number)
            threading.Event().wait(10)
        finally:
            # A second one does not disturb the tidying up.
            os.kill(os.getpid(), number)
            tidied.append(number)


@posix
def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        assert signal.SIGTERM not in shutdown_signals()
        with interruptible():
            os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_off_the_main_thread_nothing_is_touched() -> None:
    entered = []

    def enter() -> None:
        with interruptible():
            entered.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert entered == [before]


class Exit(BaseException):
    """The end of the process."""


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(code: int) -> None:
        raise Exit(code)

    monkeypatch.setattr(os, "_exit", end)


@pytest.mark.usefixtures("ending")
def test_leaving_lets_threads_of_ours_come_to_their_end() -> None:
    thread = threading.Thread(target=threading.Event().wait, args=(0.05,), name="fetch_0")
    thread.start()
    with pytest.raises(Exit, match="3"):
        exit_now(3)
    assert not thread.is_alive()


@pytest.mark.usefixtures("ending")
def test_leaving_does_not_wait_for_a_thread_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_GRACE_S", 0.01)
    let_go = threading.Event()
    threads = [threading.Thread(target=let_go.wait, name=name) for name in ("fetch_0", "somebody-else")]
    for each in threads:
        each.start()
    with pytest.raises(Exit, match="3"):
        exit_now(3)
    let_go.set()
    for each in threads:
        each.join()


@pytest.mark.usefixtures("ending")
def test_what_was_printed_is_sent_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, write_through=False))
    sys.stdout.write("42%")
    assert not held.getvalue()
    with pytest.raises(Exit, match="0"):
        exit_now(0)
    assert held.getvalue() == b"42%"


@pytest.mark.usefixtures("ending")
@pytest.mark.parametrize("stream", [None, "gone"])
def test_nobody_to_read_is_no_obstacle_to_leaving(monkeypatch: pytest.MonkeyPatch, stream: str | None) -> None:
    class Gone(io.StringIO):
        def flush(self) -> None:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", stream and Gone())
    with pytest.raises(Exit, match="1"):
        exit_now(1)


# Signals that the main thread misses: they go to another thread, as they may at any time.


def signalled_elsewhere(number: signal.Signals) -> threading.Thread:
    """Return a thread that sends itself a signal, which wakes nobody."""

    def send() -> None:
        if sys.platform != "win32":
            signal.pthread_kill(threading.get_ident(), number)

    return threading.Thread(target=send)


@pytest.mark.skipif(sys.platform != "linux", reason="is used on Linux alone")
def test_any_other_signal_is_heard_whichever_thread_gets_it() -> None:
    number = signal.Signals["SIGUSR1"]
    before = signal.getsignal(number)
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    try:
        with interruptible():
            on_signal(number, lambda: heard.put(threading.current_thread().name))
            os.kill(os.getpid(), number)
            assert heard.get(timeout=PATIENCE_S) == "signals"
            thread = signalled_elsewhere(number)
            thread.start()
            assert heard.get(timeout=PATIENCE_S) == "signals"
            thread.join()
            on_signal(number, None)
            os.kill(os.getpid(), number)
        assert heard.empty()
    finally:
        signal.signal(number, before)


@posix
def test_a_signal_that_the_main_thread_misses_interrupts_it_all_the_same() -> None:
    thread, in_vain = signalled_elsewhere(signal.SIGTERM), threading.Event()
    timer = threading.Timer(PATIENCE_S, in_vain.set)

    def wait() -> None:
        with interruptible():
            timer.start()
            thread.start()
            in_vain.wait()

    with pytest.raises(Interrupted):
        wait()
    assert not in_vain.is_set()
    timer.cancel()
    timer.join()
    thread.join()


@posix
def test_who_wants_to_know_of_the_end_is_told_wherever_the_signal_went() -> None:
    told: queue.SimpleQueue[str] = queue.SimpleQueue()
    with interruptible(), on_shutdown(lambda: told.put(threading.current_thread().name)):
        thread = signalled_elsewhere(signal.SIGTERM)
        thread.start()
        assert told.get(timeout=PATIENCE_S) == "signals"
        os.kill(os.getpid(), signal.SIGINT)
        assert told.get(timeout=PATIENCE_S) == "signals"
        thread.join()


@posix
def test_no_thread_and_no_descriptor_is_left() -> None:
    before = signal.set_wakeup_fd(-1)
    assert before == -1
    threads = set(threading.enumerate())
    for _ in range(3):
        with interruptible(), on_shutdown(lambda: None):
            assert len(set(threading.enumerate()) - threads) == 1
    assert set(threading.enumerate()) == threads
    assert signal.set_wakeup_fd(-1) == -1
