"""Signals that unwind, and output that nobody reads."""

from __future__ import annotations

import io
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from types import FunctionType
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import Interrupted
from trayquota.system import shutdown
from trayquota.system.shutdown import exit_now, interruptible, on_shutdown, shutdown_signals

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 10.0
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")


@pytest.fixture(autouse=True)
def handlers_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in shutdown_signals()}
    yield
    assert {number: signal.getsignal(number) for number in before} == before


@posix
@pytest.mark.parametrize(
    "name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPROF", "SIGXCPU"]
)
def test_a_signal_interrupts_and_a_second_one_does_not_disturb_the_cleaning_up(name: str) -> None:
    number = signal.Signals[name]
    cleaned: list[signal.Signals] = []
    with pytest.raises(Interrupted) as caught:
        wait_for_the_end(number, cleaned)
    assert cleaned == [number]
    assert caught.value.exit_code == 128 + number


def wait_for_the_end(number: signal.Signals, cleaned: list[signal.Signals]) -> None:
    with interruptible():
        try:
            os.kill(os.getpid(), number)
            threading.Event().wait(10)
        finally:
            # A second one does not disturb the cleaning up.
            os.kill(os.getpid(), number)
            cleaned.append(number)


@posix
def test_a_signal_in_the_middle_of_an_import_interrupts_after_it() -> None:
    importing = compile("os.kill(os.getpid(), 15); done.append(1)", "<frozen importlib._bootstrap>", "exec")
    done: list[int] = []

    def run() -> None:
        with interruptible():
            FunctionType(importing, {"os": os, "done": done})()
            threading.Event().wait(PATIENCE_S)

    with pytest.raises(Interrupted):
        run()
    assert done == [1]


@posix
def test_python_raises_no_interrupt_while_the_command_is_imported() -> None:
    source = """
import signal, sys
from types import ModuleType
import trayquota.__main__, trayquota.cli
main = ModuleType("trayquota.cli.main")
main.run = lambda: print(signal.getsignal(signal.SIGINT).name)
sys.modules["trayquota.cli.main"] = trayquota.cli.main = main
trayquota.__main__.run()
signal.signal(signal.SIGINT, signal.SIG_IGN)
trayquota.__main__.run()
"""
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["SIG_DFL", "SIG_IGN"]


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


def test_off_the_main_thread_the_handlers_stay() -> None:
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
def test_own_threads_get_a_moment_to_end() -> None:
    thread = threading.Thread(target=threading.Event().wait, args=(0.05,), name="fetch_0")
    thread.start()
    with pytest.raises(Exit, match="3"):
        exit_now(3)
    assert not thread.is_alive()


@pytest.mark.usefixtures("ending")
def test_a_thread_that_hangs_does_not_hold_up_the_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutdown, "_GRACE_S", 0.01)
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
def test_what_was_printed_is_flushed_before_the_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    held = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(held, write_through=False))
    sys.stdout.write("42%")
    assert not held.getvalue()
    with pytest.raises(Exit, match="0"):
        exit_now(0)
    assert held.getvalue() == b"42%"


@pytest.mark.usefixtures("ending")
@pytest.mark.parametrize("stream", [None, "gone"])
def test_output_that_nobody_reads_does_not_prevent_the_exit(
    monkeypatch: pytest.MonkeyPatch, stream: str | None
) -> None:
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


@posix
def test_a_signal_that_another_thread_gets_interrupts_the_main_thread() -> None:
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
def test_the_shutdown_callback_runs_whichever_thread_gets_the_signal() -> None:
    called: queue.SimpleQueue[str] = queue.SimpleQueue()
    with interruptible(), on_shutdown(lambda: called.put(threading.current_thread().name)):
        thread = signalled_elsewhere(signal.SIGTERM)
        thread.start()
        assert called.get(timeout=PATIENCE_S) == "signals"
        os.kill(os.getpid(), signal.SIGINT)
        assert called.get(timeout=PATIENCE_S) == "signals"
        thread.join()


@posix
def test_no_thread_and_no_descriptor_is_left() -> None:
    before = signal.set_wakeup_fd(-1)
    assert before == -1
    threads = set(threading.enumerate())
    for _ in range(3):
        with interruptible(), on_shutdown(lambda: None):
            assert len(set(threading.enumerate()) - threads) == 1
    assert set(threading.enumerate()) <= threads
    assert signal.set_wakeup_fd(-1) == -1


@posix
@pytest.mark.parametrize("shortage", ["descriptors", "threads"])
def test_without_a_thread_or_a_descriptor_signals_still_interrupt(
    monkeypatch: pytest.MonkeyPatch, shortage: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(24, "Too many open files") if shortage == "descriptors" else RuntimeError

    called = threading.Event()

    def wait() -> None:
        with interruptible(), on_shutdown(called.set):
            os.kill(os.getpid(), signal.SIGTERM)
        assert called.wait(PATIENCE_S)
        with interruptible():
            os.kill(os.getpid(), signal.SIGTERM)

    if shortage == "descriptors":
        monkeypatch.setattr(socket, "socketpair", refuse)
    else:
        monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(Interrupted):
        wait()
