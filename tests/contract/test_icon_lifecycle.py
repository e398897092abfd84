"""Start and end; panels that come, go and take over; signals of the operating system."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import trayquota
from trayquota.core.errors import TrayUnavailableError
from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.tray.statusnotifier import Icon

from .backend_contract import picture, running
from .fake_host import WATCHER, FakeHost
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_bus import SessionBus

    MakeIcon = Callable[..., Icon]


def test_an_item_registers_with_a_panel_that_starts_later(bus: SessionBus, make_icon: MakeIcon) -> None:
    make_icon(title="waiting")
    late = FakeHost(bus.address, watching=False)
    try:
        late.come()
        assert late.properties()["Title"] == "waiting"
    finally:
        late.close()


def test_an_item_registers_again_after_a_panel_restarts(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    item = host.item
    host.leave()
    host.come()
    assert host.registrations.until_there_are(2) == [item, item]


def test_an_item_registers_with_a_panel_that_takes_over(host: FakeHost, bus: SessionBus, make_icon: MakeIcon) -> None:
    make_icon()
    item = host.item
    other = FakeHost(bus.address)
    try:
        assert other.item == item
        handover = ("NameOwnerChanged", [WATCHER, host.unique_name, other.unique_name])
        host.signals.until(lambda seen: any(each[1:] == handover for each in seen))
    finally:
        other.close()


def test_owner_changes_are_accepted_from_the_bus_alone(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    host.settle()
    body = (WATCHER, "", host.unique_name)
    host.emit("/org/freedesktop/DBus", "org.freedesktop.DBus", "NameOwnerChanged", "sss", *body)
    host.settle()
    assert len(host.registrations.seen) == 1


def test_registering_starts_no_service(bus: SessionBus, make_icon: MakeIcon) -> None:
    watching = FakeHost(bus.address, watching=False)
    try:
        make_icon()
        (names,) = watching.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "ListNames")
        assert WATCHER not in names
    finally:
        watching.close()


@pytest.mark.parametrize("address", ["", "nonsense", "unix:path=/nowhere/at/all", "carrier-pigeon:name=x"])
@pytest.mark.parametrize("how", ["run", "run_detached"])
def test_without_a_bus_there_is_no_tray(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, address: str, how: str
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    icon = Icon("trayquota-test", picture())
    with pytest.raises(TrayUnavailableError, match="D-Bus session bus"):
        getattr(icon, how)()
    icon.stop()


def test_a_bus_in_the_runtime_folder_is_found(
    host: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    make_icon(title="found")
    assert host.properties()["Title"] == "found"


def test_a_callback_may_stop_the_icon(host: FakeHost) -> None:
    icon = Icon("trayquota-test", picture(), menu=Menu(MenuItem("Quit", lambda icon: icon.stop())))
    with running(icon, lambda given: setattr(given, "visible", True)) as thread:
        host.click("Quit")
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_callback_may_stop_a_detached_icon(host: FakeHost, make_icon: MakeIcon) -> None:
    ended = threading.Event()

    def leave(icon: Icon) -> None:
        icon.stop()
        ended.set()

    make_icon(menu=Menu(MenuItem("Quit", leave)))
    host.click("Quit")
    assert ended.wait(PATIENCE_S)


def test_a_callback_that_never_returns_does_not_block_stop(host: FakeHost, caplog: pytest.LogCaptureFixture) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        go_on.wait(PATIENCE_S)

    icon = Icon("trayquota-test", picture(), menu=Menu(MenuItem("hang", hang)))
    with running(icon, lambda given: setattr(given, "visible", True)) as thread:
        host.click("hang")
        assert begun.wait(PATIENCE_S)
        icon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert not go_on.is_set()
        assert "still at work" in caplog.text
        go_on.set()


def test_an_icon_can_run_again(host: FakeHost) -> None:
    icon = Icon("trayquota-test", picture(), title="again")
    for turn in range(1, 4):
        with running(icon, lambda given: setattr(given, "visible", True)):
            host.registrations.until_there_are(turn)
            assert host.properties()["Title"] == "again"


def test_two_icons_in_one_process_do_not_disturb_each_other(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(title="one")
    make_icon(title="two")
    one, two = host.registrations.until_there_are(2)
    assert one != two


SCRIPT = """
import logging, signal, sys, threading
from PIL import Image
from trayquota.tray.statusnotifier import Icon

logging.basicConfig(level=logging.INFO)
icon = Icon("trayquota-test", Image.new("RGBA", (64, 64)))
if "handled" in sys.argv:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: icon.stop())
try:
    icon.run()
except KeyboardInterrupt:
    print("interrupted")
for each in threading.enumerate():
    if each.name.endswith("-setup"):
        each.join(5)  # only stop() waits for it
print("ended", [each.name for each in threading.enumerate()])
"""


@pytest.mark.parametrize(
    ("how", "number", "said"),
    [
        ("handled", signal.SIGTERM, "ended ['MainThread']\n"),
        ("handled", signal.SIGINT, "ended ['MainThread']\n"),
        ("unhandled", signal.SIGINT, "interrupted\nended ['MainThread']\n"),
    ],
)
def test_a_signal_ends_it_cleanly(host: FakeHost, how: str, number: int, said: str) -> None:
    folder = str(Path(trayquota.__file__).parents[1])
    applet = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT, how],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": folder},
    )
    try:
        assert host.item
        os.kill(applet.pid, number)
        out, errors = applet.communicate(timeout=2 * PATIENCE_S)
    finally:
        applet.kill()
    assert (applet.returncode, out, errors) == (0, said, "")


def test_callbacks_run_on_their_own_thread_alone(host: FakeHost, make_icon: MakeIcon) -> None:
    threads: Recorder[str] = Recorder()

    def note() -> None:
        threads.add(threading.current_thread().name)

    icon = make_icon(menu=Menu(MenuItem("a", note, default=True)))
    icon.on_menu_closed = note
    assert "trayquota-test-callbacks" not in [each.name for each in threading.enumerate()]
    host.click("a")
    host.event(0, "opened")
    host.event(0, "closed")
    host.on_item("SecondaryActivate", "ii", 0, 0)
    assert threads.until_there_are(3) == ["trayquota-test-callbacks"] * 3
