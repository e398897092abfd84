"""How a second start reaches the first: the same words over a file's socket and over a port."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.system import instance_calls
from trayquota.system.endpoint import Endpoint, LoopbackPort, SocketFile
from trayquota.system.instance_calls import Listener, Reply, call

from .replies import answering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG_S = 60.0


class Calls:
    """Counts, and can be waited for."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.requests: list[str] = []
        self.reply = Reply()

    def __call__(self, request: str) -> Reply:
        self.requests.append(request)
        self.came.release()
        return self.reply

    def one(self) -> bool:
        return self.came.acquire(timeout=LONG_S)

    def any_more(self) -> bool:
        return self.came.acquire(blocking=False)


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before
    gc.collect()  # a socket or file left open warns now


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture(params=["file", "port"])
def make(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Endpoint]]:
    """Makes ways to the same place."""
    if request.param == "file" and sys.platform == "win32":
        pytest.skip("Python has no such sockets there")
    with tempfile.TemporaryDirectory(prefix="tq") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        contact = Path(folder) / "instance.json"
        yield lambda: SocketFile("name.socket") if request.param == "file" else LoopbackPort(contact)


@pytest.fixture
def listener(make: Callable[[], Endpoint], calls: Calls) -> Iterator[Listener]:
    it = Listener(make(), calls)
    yield it
    it.close()


@pytest.mark.usefixtures("listener")
def test_every_call_is_heard_and_answered(make: Callable[[], Endpoint], calls: Calls) -> None:
    for _ in range(3):
        assert call(make())
        assert calls.one()


@pytest.mark.usefixtures("listener")
@pytest.mark.parametrize(
    "wrong", [b"", b"sho", b"showx", b"showx\nquit", b"\nquit", "\N{SNOWMAN}".encode() * 40, b"x" * 10_000]
)
def test_who_does_not_know_the_secret_is_not_heard(make: Callable[[], Endpoint], calls: Calls, wrong: bytes) -> None:
    line, _ = make().connect()
    with line:
        line.settimeout(LONG_S)
        if wrong:
            line.sendall(wrong)
        else:
            line.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):  # what was sent was not read to its end
            assert line.recv(10) == b""
    assert call(make())
    assert calls.one()
    assert not calls.any_more()


@pytest.mark.usefixtures("listener")
@pytest.mark.parametrize("reply", [Reply(), Reply(text="until 16:40 · é"), Reply(is_done=False, text="why not")])
def test_a_request_is_passed_on_and_what_is_answered_comes_back(
    make: Callable[[], Endpoint], calls: Calls, reply: Reply
) -> None:
    calls.reply = reply
    assert call(make(), "snooze reset é") == reply
    assert call(make()) == reply
    assert calls.requests == ["snooze reset é", ""]


@pytest.mark.usefixtures("listener")
def test_a_second_start_of_an_earlier_version_is_understood(make: Callable[[], Endpoint], calls: Calls) -> None:
    line, secret = make().connect()
    with line:
        line.settimeout(LONG_S)
        line.sendall(secret)
        assert line.recv(4) == b"done"
    assert calls.requests == [""]


def test_who_ends_the_applet_is_let_go_when_its_place_is_free(
    make: Callable[[], Endpoint], listener: Listener, calls: Calls
) -> None:
    calls.reply = Reply(is_ending=True)
    free, found = threading.Event(), []

    def wait_for_the_end() -> None:
        found.append((call(make(), "quit"), free.is_set()))

    caller = threading.Thread(target=wait_for_the_end)
    caller.start()
    assert calls.one()
    listener.close()
    free.set()
    listener.hang_up()
    caller.join(LONG_S)
    assert found == [(Reply(), True)]


def test_an_end_that_takes_long_is_said_to_be_under_way(
    make: Callable[[], Endpoint], listener: Listener, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_calls, "_ENDING_S", 0.05)
    calls.reply = Reply(is_ending=True)
    assert call(make(), "quit") == Reply(is_ending=True)
    listener.hang_up()


@pytest.mark.usefixtures("listener")
def test_a_caller_that_hangs_up_at_once_is_survived(make: Callable[[], Endpoint], calls: Calls) -> None:
    line, _ = make().connect()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # the connection is reset
    line.close()
    assert call(make())
    assert calls.one()


def test_a_listener_that_does_not_answer_counts_as_out_of_reach(
    make: Callable[[], Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance_calls, "TIMEOUT_S", 0.05)
    first = make()
    hung, _ = first.bind()
    assert not call(make())
    hung.close()
    first.unbind()


def test_a_closed_listener_leaves_nothing(make: Callable[[], Endpoint], calls: Calls) -> None:
    listener = Listener(make(), calls)
    listener.close()
    listener.close()
    assert not call(make())
    assert not calls.any_more()
    assert list(Path(os.environ["XDG_RUNTIME_DIR"]).iterdir()) == []


def test_a_listener_can_be_closed_by_who_is_called(make: Callable[[], Endpoint]) -> None:
    closed = threading.Event()

    def hang_up(_request: str) -> Reply:
        mine.close()
        closed.set()
        return Reply()

    mine = Listener(make(), hang_up)
    call(make())
    assert closed.wait(LONG_S)
    for thread in threading.enumerate():
        if thread.name == "instance":
            thread.join(LONG_S)
    assert "instance" not in {thread.name for thread in threading.enumerate()}


def test_without_a_thread_to_be_had_nothing_is_left(
    make: Callable[[], Endpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            Listener(make(), answering())
    assert not call(make())
    assert list(Path(os.environ["XDG_RUNTIME_DIR"]).iterdir()) == []


# The port of the loopback interface.


def test_secrets_differ_from_port_to_port(tmp_path: Path) -> None:
    found = set()
    for number in range(2):
        port = LoopbackPort(tmp_path / f"{number}.json")
        sock, secret = port.bind()
        assert sock.getsockname()[0] == "127.0.0.1"
        found.add(secret)
        sock.close()
    assert len(found) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_the_secret_is_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text("a longer text than what will stand there" * 10)
    path.chmod(0o644)
    sock, _ = LoopbackPort(path).bind()
    sock.close()
    assert path.stat().st_mode & 0o777 == 0o600


BROKEN = ["", "{", "[]", "null", "{}", '{"pid": 1}', '{"port": 1}', "\xff", '{"port": 1, "secret": "x"}' + " " * 9000]
PORTS = ["-1", "1.5", "true", '"x"', "70000", str(10**30)]


@pytest.mark.parametrize("contact", [*BROKEN, *(f'{{"port": {port}, "secret": "x"}}' for port in PORTS)])
def test_a_broken_contact_leads_nowhere(tmp_path: Path, contact: str) -> None:
    (tmp_path / "instance.json").write_bytes(contact.encode("latin-1"))
    assert not call(LoopbackPort(tmp_path / "instance.json"))
