"""The change from one tray to a better one while the icon is shown."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from trayquota.core.errors import TrayUnavailableError
from trayquota.core.model import Level
from trayquota.tray import tray as trays
from trayquota.tray.backend_choice import BackendChoice, choose_backend
from trayquota.tray.statusnotifier import xembed_watch
from trayquota.tray.tray import Tray
from trayquota.views.tray_view import IconSpec, MenuItem, Refresh, TrayView

from .fake_host import FakeHost
from .fake_xembed_tray import FakeXembedTray
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from session_bus import SessionBus

    from trayquota.views.tray_view import Action

VIEW = TrayView(
    icon=IconSpec(percent=42, level=Level.PLENTY),
    headline="42% left",
    lines=(),
    brief=(),
    menu=(MenuItem("Refresh now", Refresh(), default=True),),
)


@pytest.fixture(autouse=True)
def on_the_screen(screen: str, bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bus.address
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.setattr(xembed_watch, "_GRACE_S", 0.0)


@contextmanager
def running(tray: Tray) -> Iterator[threading.Thread]:
    ready = threading.Event()
    tray.show(VIEW)
    thread = threading.Thread(target=tray.run, args=(ready.set,), name="test-run")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield thread
    finally:
        tray.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_the_icon_goes_to_panel_and_xembed_tray_as_they_come_and_go(bus: SessionBus, screen: str) -> None:
    actions: Recorder[Action] = Recorder()
    limits: Recorder[str] = Recorder()
    old, host = FakeXembedTray(screen), FakeHost(bus.address, watching=False)
    tray = Tray("trayquota-test", choose_backend(), actions.add)
    tray.on_change = lambda: limits.add("changed")
    try:
        with running(tray):
            for turn in (1, 2):
                old.docked.until_there_are(turn)
                host.come()
                host.registrations.until_there_are(turn)
                assert host.properties()["Title"] == "42% left"
                host.leave()
            old.docked.until_there_are(3)
            host.come()
            host.registrations.until_there_are(3)
            host.click("Refresh now")
            assert actions.until_there_are(1) == [Refresh()]
            assert len(limits.seen) >= 3
    finally:
        host.close()
        old.end()


@pytest.mark.usefixtures("bus")
def test_an_xembed_tray_that_comes_while_nobody_shows_items_gets_the_icon(screen: str) -> None:
    choice = choose_backend()
    assert choice.name == "statusnotifier"
    with running(Tray("trayquota-test", choice, lambda _action: None)):
        tray = FakeXembedTray(screen)
        try:
            tray.docked.until_there_are(1)
        finally:
            tray.end()


def test_a_backend_that_was_named_is_kept(bus: SessionBus, screen: str) -> None:
    old, host = FakeXembedTray(screen), FakeHost(bus.address)
    try:
        with running(Tray("trayquota-test", BackendChoice("xorg", "asked for"), lambda _action: None)):
            old.docked.until_there_are(1)
            host.ping(host.unique_name)
            assert host.registrations.seen == []
    finally:
        host.close()
        old.end()


def test_a_change_that_leads_nowhere_is_an_error(bus: SessionBus, screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing() -> BackendChoice:
        message = "no tray"
        raise TrayUnavailableError(message)

    monkeypatch.setattr(trays, "choose_backend", nothing)
    old, host = FakeXembedTray(screen), FakeHost(bus.address, watching=False)
    tray = Tray("trayquota-test", choose_backend(), lambda _action: None)
    tray.show(VIEW)
    failures: Recorder[BaseException] = Recorder()

    def run() -> None:
        try:
            tray.run(host.come)
        except TrayUnavailableError as failure:
            failures.add(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert [str(failure) for failure in failures.until_there_are(1)] == ["no tray"]
    finally:
        thread.join(PATIENCE_S)
        host.close()
        old.end()
