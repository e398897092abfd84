"""Alerts beyond the desktop: what a command and an ntfy topic get, and that neither holds anything up."""

from __future__ import annotations

import json
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.core.urls import topic_url
from trayquota.engine.alert_notifier import AlertNotifier
from trayquota.engine.alert_outlets import AlertOutlets
from trayquota.net.transport import Transport
from trayquota.store.state import StateStore
from trayquota.system.limited_command import LimitedCommand
from trayquota.views.alert import Alert

from .alert_samples import ADA, NOW, OPTIONS, snapshot, usage, window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

PATIENCE_S = 30.0
SAVE = "import sys; open(sys.argv[1], 'wb').write(sys.stdin.buffer.read())"
HANG = "import socket, sys; line = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); line.recv(1)"
LOW = usage(window(20))


def alert() -> Alert:
    """An alert as the notifier makes it."""
    with tempfile.TemporaryDirectory() as folder:
        found: list[Alert] = []
        AlertNotifier(StateStore(Path(folder) / "state.json"), found.append, lambda: NOW, OPTIONS)(snapshot(LOW))
    return found[0]


@pytest.fixture
def outlets() -> Iterator[AlertOutlets]:
    found = AlertOutlets(Transport(lambda: NOW), lambda: NOW)
    yield found
    found.close(PATIENCE_S)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """What a command that hangs connects to; it ends when that is closed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_S)
        yield server


def test_a_command_gets_the_alert_as_json_on_its_standard_input(outlets: AlertOutlets, tmp_path: Path) -> None:
    outlets(alert(), (sys.executable, "-c", SAVE, str(tmp_path / "event")), "")
    outlets.close(PATIENCE_S)
    assert json.loads((tmp_path / "event").read_bytes()) == {
        "schema": 1,
        "at": "2026-09-22T12:00:00Z",
        "title": "Claude ada@example.com, 5-hour",
        "body": "20% left, resets in 1h",
        "needs_user": False,
        "events": [
            {
                "kind": "low",
                "account": ADA.id,
                "provider": "claude",
                "subject": "Claude ada@example.com, 5-hour",
                "window": "5-hour",
                "text": "20% left, resets in 1h",
                "remaining_percent": 20.0,
                "ends_at": "2026-09-22T13:00:00Z",
            }
        ],
    }


def test_its_output_is_in_the_log_without_addresses(outlets: AlertOutlets, caplog: pytest.LogCaptureFixture) -> None:
    outlets(alert(), (sys.executable, "-c", "print('lamp of', 'ada@example.com', 'is on'); raise SystemExit(3)"), "")
    outlets.close(PATIENCE_S)
    assert "notify_command ended with 3" in caplog.text
    assert "lamp of … is on" in caplog.text


def test_a_command_that_is_missing_is_named_in_the_log(
    outlets: AlertOutlets, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    outlets(alert(), (str(tmp_path / "missing"),), "")
    outlets.close(PATIENCE_S)
    assert "notify_command cannot be started (FileNotFoundError)" in caplog.text


def test_a_command_that_hangs_is_killed_with_its_children_at_the_end(
    outlets: AlertOutlets, listener: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    port = str(listener.getsockname()[1])
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', *sys.argv[1:]])"
    outlets(alert(), (sys.executable, "-c", parent, HANG, port), "")
    child, _ = listener.accept()
    with child:
        outlets.close(0)
        outlets.close(PATIENCE_S)
        assert "notify_command was killed" in caplog.text
        if sys.platform != "win32":
            child.settimeout(PATIENCE_S)
            assert child.recv(1) == b"", "the command's child goes on"


def test_nothing_waits_for_a_command_beyond_its_time() -> None:
    command = LimitedCommand((sys.executable, "-c", "import time; time.sleep(1000)"), b"")
    assert command.run(0.05) is None


def test_a_command_that_writes_without_end_is_read_without_being_kept() -> None:
    command = LimitedCommand((sys.executable, "-c", "print('x' * 5_000_000)"), b"")
    assert command.run(PATIENCE_S) == 0
    assert command.output == "x" * 4096


def test_a_command_that_reads_nothing_is_given_megabytes_all_the_same() -> None:
    assert LimitedCommand((sys.executable, "-c", "pass"), b"x" * 5_000_000).run(PATIENCE_S) == 0


def test_one_that_was_killed_before_it_began_does_not_begin(tmp_path: Path) -> None:
    command = LimitedCommand((sys.executable, "-c", SAVE, str(tmp_path / "event")), b"")
    command.kill()
    assert command.run(PATIENCE_S) is None
    assert not (tmp_path / "event").exists()


# ntfy.


def test_a_topic_gets_numbers_for_names_even_where_a_gateway_stands_in_for_providers(
    httpserver: HTTPServer,
) -> None:
    httpserver.expect_request("/quota", method="POST").respond_with_data("{}")
    transport = Transport(lambda: NOW, gateway="http://127.0.0.1:9", proxy="http://127.0.0.1:9")
    outlets = AlertOutlets(transport, lambda: NOW)
    outlets(alert(), (), httpserver.url_for("/quota"))
    outlets.close(PATIENCE_S)
    ((request, _),) = httpserver.log
    assert (request.headers["Title"], request.get_data(as_text=True)) == (
        "Claude account 1, 5-hour",
        "20% left, resets in 1h",
    )
    assert request.headers["Priority"] == "default"


def test_a_title_beyond_ascii_is_encoded_as_in_mails(outlets: AlertOutlets, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/quota").respond_with_data("{}")
    outlets(Alert("Claude Büro", "20% left"), (), httpserver.url_for("/quota"))
    outlets.close(PATIENCE_S)
    assert httpserver.log[0][0].headers["Title"] == "=?UTF-8?B?Q2xhdWRlIELDvHJv?="


def test_a_topic_that_refuses_or_is_gone_is_named_in_the_log_without_its_address(
    outlets: AlertOutlets, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/quota").respond_with_data("", status=403)
    for url in (httpserver.url_for("/quota"), "http://127.0.0.1:9/secret-topic"):
        outlets(alert(), (), url)
    outlets.close(PATIENCE_S)
    assert "ntfy answered HTTP 403" in caplog.text
    assert "ntfy was not reached (network)" in caplog.text
    assert "topic" not in caplog.text


@pytest.mark.parametrize(
    "address", ["https://ntfy.sh/quota", "http://127.0.0.1:8080/quota", "http://localhost/a/b-c_1"]
)
def test_a_topic_is_reached_over_https_or_on_this_machine(address: str) -> None:
    assert topic_url(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "http://ntfy.sh/quota",
        "https://ntfy.sh",
        "https://ntfy.sh/",
        "https://user:word@ntfy.sh/quota",
        "https://ntfy.sh/quota?auth=x",
        "https://ntfy.sh/two words",
        "ntfy.sh/quota",
        "file:///quota",
    ],
)
def test_any_other_address_is_none(address: str) -> None:
    assert topic_url(address) is None


# Both.


def test_who_has_switched_neither_on_starts_no_thread(outlets: AlertOutlets) -> None:
    outlets(alert(), (), "")
    assert outlets._thread is None


def test_the_oldest_are_left_out_where_one_hangs(outlets: AlertOutlets, listener: socket.socket) -> None:
    outlets(alert(), (sys.executable, "-c", HANG, str(listener.getsockname()[1])), "")
    line, _ = listener.accept()
    with line:
        for _ in range(50):
            outlets(alert(), (sys.executable, "-c", HANG, str(listener.getsockname()[1])), "")
        assert len(outlets._waiting) == 20
        outlets.close(0)
