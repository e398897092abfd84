"""One applet per user: claims, the dead, and being called."""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from trayquota.system.single_instance import Listener, SingleInstance, call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG_S = 60.0
"""How long a test waits for what has to come; never how long it takes."""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="is told by a signal on Linux alone")

HOLDER = """
import os, sys
from pathlib import Path
from trayquota.system.single_instance import Instance
from trayquota.system.shutdown import interruptible

def say(word):
    os.write(1, word.encode() + b"\\n")

with interruptible():
    instance = Instance(Path(sys.argv[1]))
    say(f"claimed {instance.claim()}")
    if "listen" in sys.argv:
        instance.listen(lambda: say("called"))
    say("ready")
    sys.stdin.read()
    instance.release()
say("released")
"""


class Holder:
    """Another process that claims, and maybe listens, until its input ends."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(folder), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )

    def says(self) -> str:
        """Return its next line; empty when it has ended."""
        assert self.process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            assert select.select([self.process.stdout], [], [], LONG_S)[0], "says nothing"
            byte = self.process.stdout.read(1)
            if not byte:
                break
            line += byte
        return line.decode().strip()

    def finish(self) -> str:
        """Let it release and end; return what it said last."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        last = self.says()
        assert self.process.wait(LONG_S) == 0
        return last


@contextmanager
def holder(folder: Path, *words: str) -> Iterator[Holder]:
    it = Holder(folder, *words)
    with it.process:
        try:
            yield it
        finally:
            it.process.kill()


@pytest.fixture(autouse=True)
def no_trace() -> Iterator[None]:
    """Hold every test to leaving no thread, and put the signal back."""
    before = set(threading.enumerate())
    if sys.platform == "linux":
        handler = signal.getsignal(signal.SIGUSR1)
        yield
        signal.signal(signal.SIGUSR1, handler)
    else:
        yield
    assert set(threading.enumerate()) == before
    gc.collect()  # a socket or file left open warns now


# Claims.


def test_a_claim_is_given_back(tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim()
    assert not second.claim()
    first.release()
    assert second.claim()
    second.release()
    second.release()


def test_the_folder_is_made_for_the_user_alone(tmp_path: Path) -> None:
    instance = SingleInstance(tmp_path / "state" / "trayquota")
    assert instance.claim()
    if sys.platform != "win32":
        assert (tmp_path / "state" / "trayquota").stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "state" / "trayquota" / "instance.lock").stat().st_mode & 0o777 == 0o600
    instance.release()


def test_a_claim_taken_on_one_thread_can_be_given_back_on_another(tmp_path: Path) -> None:
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim()
    thread = threading.Thread(target=first.release)
    thread.start()
    thread.join()
    assert second.claim()
    second.release()


def test_where_nothing_can_be_written_the_applet_starts_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for _each in range(2):
        instance = SingleInstance(tmp_path / "file" / "folder")
        assert instance.claim()
        assert not instance.call()
        instance.release()


@pytest.mark.parametrize("error", [OSError, PermissionError, NotImplementedError])
def test_where_locks_do_not_work_the_applet_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(_lock: FileLock) -> None:
        raise error

    monkeypatch.setattr(FileLock, "acquire", refuse)
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.release()


@LINUX
def test_a_second_process_is_not_the_only_one(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert first.says() == "claimed True"
        instance = SingleInstance(tmp_path)
        assert not instance.claim()
        with holder(tmp_path) as second:
            assert second.says() == "claimed False"
        assert first.says() == "ready"
        assert first.finish() == "released"
        assert instance.claim()
        instance.release()


@LINUX
def test_a_killed_process_does_not_block(tmp_path: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        first.process.kill()
        first.process.wait(LONG_S)
        assert (tmp_path / "instance.json").exists()
        instance = SingleInstance(tmp_path)
        assert instance.claim()
        instance.release()


@LINUX
def test_a_claim_forgets_whom_a_dead_one_names(tmp_path: Path) -> None:
    """Its number may be another program's by now, and the signal would end that one."""
    with holder(tmp_path, "listen") as bystander:
        assert [bystander.says(), bystander.says()] == ["claimed True", "ready"]
        other = tmp_path / "other"
        other.mkdir()
        (other / "instance.json").write_bytes((tmp_path / "instance.json").read_bytes())
        instance = SingleInstance(other)
        assert instance.claim()
        assert not SingleInstance(other).call()
        instance.release()
        assert bystander.finish() == "released"


# Being called.


@LINUX
def test_a_call_reaches_the_first_process(tmp_path: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        for _each in range(2):
            second = SingleInstance(tmp_path)
            assert not second.claim()
            assert second.call()
            assert first.says() == "called"
        assert (tmp_path / "instance.json").exists()
        assert first.finish() == "released"
        assert not (tmp_path / "instance.json").exists()
        assert not SingleInstance(tmp_path).call()


@LINUX
def test_a_second_process_that_leaves_takes_nothing_along(tmp_path: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        second = SingleInstance(tmp_path)
        assert not second.claim()
        second.release()
        assert SingleInstance(tmp_path).call()
        assert first.says() == "called"


@LINUX
def test_a_first_that_does_not_listen_yet_is_not_disturbed(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        assert not SingleInstance(tmp_path).call()
        assert first.finish() == "released"


@LINUX
def test_a_call_that_comes_too_late_ends_nobody(tmp_path: Path) -> None:
    calls: list[int] = []
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.listen(lambda: calls.append(1))
    contact = (tmp_path / "instance.json").read_bytes()
    instance.release()
    (tmp_path / "instance.json").write_bytes(contact)
    assert SingleInstance(tmp_path).call()
    assert calls == []


@LINUX
@pytest.mark.parametrize(
    "contact",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"pid": null}',
        '{"pid": "x"}',
        '{"pid": 1.5}',
        '{"pid": true}',
        '{"pid": 0}',
        '{"pid": -1}',
        '{"pid": 1}',
        f'{{"pid": {10**30}}}',
        "\xff",
    ],
)
def test_a_broken_contact_calls_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    sent: list[int] = []

    def kill(pid: int, _number: int) -> None:
        sent.append(pid)
        raise OverflowError

    monkeypatch.setattr(os, "kill", kill)
    (tmp_path / "instance.json").write_bytes(contact.encode("latin-1"))
    assert not SingleInstance(tmp_path).call()
    assert sent in ([], [10**30])


@LINUX
@pytest.mark.parametrize("before", [None, 0o644])
def test_how_to_call_is_for_the_user_alone(tmp_path: Path, before: int | None) -> None:
    contact = tmp_path / "instance.json"
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    if before is not None:
        contact.write_text("a longer text than what will stand there")
        contact.chmod(before)
    instance.listen(lambda: None)
    assert contact.stat().st_mode & 0o777 == 0o600
    assert json.loads(contact.read_text("utf-8")) == {"pid": os.getpid()}
    instance.release()


@LINUX
def test_listening_needs_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    instance = SingleInstance(tmp_path / "file")
    instance.listen(lambda: None)
    instance.release()


# The line, which is used where signals do not do.


class Calls:
    """Counts, and can be waited for."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)

    def __call__(self) -> None:
        self.came.release()

    def one(self) -> bool:
        return self.came.acquire(timeout=LONG_S)

    def any_more(self) -> bool:
        return self.came.acquire(blocking=False)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
def line(calls: Calls) -> Iterator[Listener]:
    it = Listener(calls)
    yield it
    it.close()


def port_and_word(line: Listener) -> tuple[int, str]:
    port, word = line.endpoint["port"], line.endpoint["word"]
    assert isinstance(port, int)
    assert isinstance(word, str)
    return port, word


def test_the_word_is_heard(line: Listener, calls: Calls) -> None:
    for _each in range(3):
        call(*port_and_word(line))
        assert calls.one()


def test_a_wrong_word_is_ignored(line: Listener, calls: Calls) -> None:
    port, word = port_and_word(line)
    for wrong in ("", word[:-1], word + "x", "ü" * 40, "x" * 10_000):
        call(port, wrong)
    call(port, word)  # heard after all the others
    assert calls.one()
    assert not calls.any_more()


def test_a_caller_that_hangs_up_at_once_is_survived(line: Listener, calls: Calls) -> None:
    port, word = port_and_word(line)
    with socket.create_connection(("127.0.0.1", port)) as rude:
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # the connection is reset
    call(port, word)
    assert calls.one()


def test_words_differ_from_line_to_line(line: Listener) -> None:
    other = Listener(lambda: None)
    assert other.endpoint["word"] != line.endpoint["word"]
    assert other.endpoint["port"] != line.endpoint["port"]
    other.close()


def test_only_this_machine_can_call(line: Listener) -> None:
    assert line._socket.getsockname()[0] == "127.0.0.1"


def test_a_closed_line_leaves_nothing(calls: Calls) -> None:
    line = Listener(calls)
    port, word = port_and_word(line)
    thread = line._thread
    assert thread.is_alive()
    line.close()
    line.close()
    assert not thread.is_alive()
    with pytest.raises(OSError, match=r"refused|reset"):
        call(port, word)
    assert not calls.any_more()


def test_a_line_can_be_closed_by_who_is_called() -> None:
    closed = threading.Event()

    def hang_up() -> None:
        mine.close()
        closed.set()

    mine = Listener(hang_up)
    call(*port_and_word(mine))
    assert closed.wait(LONG_S)
    mine._thread.join(LONG_S)
    assert not mine._thread.is_alive()


def test_where_signals_do_not_do_the_line_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    first, second = SingleInstance(tmp_path), SingleInstance(tmp_path)
    assert first.claim()
    first.listen(calls)
    assert not second.claim()
    assert second.call()
    assert calls.one()
    second.release()
    first.release()
    assert not second.call()
