"""One applet per user: who is the first, what a killed process leaves, and how a second start calls the first."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest

from trayquota.system import single_instance
from trayquota.system.instance_calls import Reply
from trayquota.system.single_instance import SingleInstance

from .platforms import posix_sockets
from .replies import answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("session", "nothing_is_left")

LONG_S = 60.0
"""How long a test waits for what has to come; never how long it takes."""

HOLDER = """
import os, sys
from pathlib import Path
from trayquota.system.instance_calls import Reply
from trayquota.system.single_instance import SingleInstance

def say(word):
    os.write(1, word.encode() + b"\\n")

instance = SingleInstance(Path(sys.argv[1]))
say(f"claimed {instance.claim()}")
if "listen" in sys.argv:
    instance.listen(lambda request: say("called") or Reply())
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
            if sys.platform != "win32":
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
    for _ in range(2):
        instance = SingleInstance(tmp_path / "file" / "folder")
        assert instance.claim()
        assert not instance.call()
        instance.release()


@pytest.mark.parametrize("error", [OSError(), PermissionError(), OSError(errno.ENOTSUP, "not supported")])
def test_where_locks_do_not_work_the_applet_starts_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    def refuse(_place: Path) -> None:
        raise error

    monkeypatch.setattr(single_instance, "open_locked", refuse)
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.release()


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


def test_what_a_killed_process_leaves_neither_blocks_a_claim_nor_being_called(tmp_path: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        first.process.kill()
        first.process.wait(LONG_S)
    called = threading.Event()
    instance = SingleInstance(tmp_path)
    assert not instance.call()
    assert instance.claim()
    instance.listen(answering(called.set))
    assert SingleInstance(tmp_path).call()
    assert called.wait(LONG_S)
    instance.release()


# Being called.


def test_a_call_reaches_the_first_process(tmp_path: Path, session: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        for _ in range(2):
            second = SingleInstance(tmp_path)
            assert not second.claim()
            assert second.call()
            assert first.says() == "called"
        assert first.finish() == "released"
    assert not SingleInstance(tmp_path).call()
    assert list(session.iterdir()) == []


def test_a_second_process_that_leaves_takes_nothing_along(tmp_path: Path) -> None:
    with holder(tmp_path, "listen") as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        second = SingleInstance(tmp_path)
        assert not second.claim()
        second.release()
        assert SingleInstance(tmp_path).call()
        assert first.says() == "called"


def test_a_first_that_does_not_listen_is_said_to_be_out_of_reach_and_nothing_is_removed(
    tmp_path: Path, session: Path
) -> None:
    with holder(tmp_path) as first:
        assert [first.says(), first.says()] == ["claimed True", "ready"]
        (session / "trayquota-0.socket").touch()
        second = SingleInstance(tmp_path)
        assert not second.claim()
        assert not second.call()
        second.release()
        assert [path.name for path in session.iterdir()] == ["trayquota-0.socket"]
        assert first.finish() == "released"


def test_folders_of_state_have_an_applet_each(tmp_path: Path) -> None:
    calls: list[str] = []
    instances = {name: SingleInstance(tmp_path / name) for name in ("a", "b")}
    for name, instance in instances.items():
        assert instance.claim()
        instance.listen(answering(partial(calls.append, name)))
    assert SingleInstance(tmp_path / "b").call()
    for instance in instances.values():
        instance.release()
    assert calls == ["b"]


def test_a_request_in_another_encoding_ends_the_caller(tmp_path: Path) -> None:
    requests: list[str] = []
    instance = SingleInstance(tmp_path)
    assert instance.claim()

    def on_call(request: str) -> Reply:
        requests.append(request)
        return Reply()

    instance.listen(on_call)
    assert SingleInstance(tmp_path).call("sign-in \udcff")
    instance.release()
    assert requests == ["sign-in ?"]


def test_the_callback_runs_on_a_thread_of_its_own(tmp_path: Path) -> None:
    names: list[str] = []
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    instance.listen(answering(lambda: names.append(threading.current_thread().name)))
    assert SingleInstance(tmp_path).call()
    instance.release()
    assert names == ["instance"]


@posix_sockets
def test_no_process_is_signalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(os, "kill", lambda *what: sent.append(what))
    monkeypatch.setattr(signal, "pthread_kill", lambda *what: sent.append(what))
    tmp_path.joinpath("instance.json").write_text(f'{{"pid": {os.getpid()}}}')
    instance = SingleInstance(tmp_path)
    assert instance.claim()
    assert not SingleInstance(tmp_path).call()
    instance.release()
    assert sent == []
