"""The XEmbed backend in a tray that starts late, restarts, and ends."""

from __future__ import annotations

import os
import subprocess
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from needs import need
from Xlib.display import Display

from trayquota.core.errors import TrayUnavailableError
from trayquota.tray.base import Button, Notification
from trayquota.tray.xembed import Icon, tray_window

from .backend_contract import picture, running
from .fake_host import FakeHost
from .fake_notifications import FakeNotifications
from .fake_xembed_tray import GROUND
from .recorder import PATIENCE_S, Recorder
from .xembed_rig import GREEN, RED, round_picture, show, wait_for_pixel

if TYPE_CHECKING:
    from session_bus import SessionBus

    from .xembed_rig import MakeTray

pytestmark = pytest.mark.usefixtures("on_the_screen")


def test_the_icon_is_painted_over_the_colour_of_the_tray(make_tray: MakeTray) -> None:
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"))
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        assert tray.pixel(1, 1) == tray.pixel(22, 22) == GROUND


def test_a_new_picture_is_shown_without_docking_again(make_tray: MakeTray) -> None:
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"))
    with running(icon, show):
        for color, shown in (("green", GREEN), ("red", RED), ("green", GREEN)):
            icon.icon = round_picture(color)
            wait_for_pixel(tray, (12, 12), shown)
    assert len(tray.docked.seen) == 1


@pytest.mark.parametrize("lets_go", [False, True])
def test_the_icon_docks_again_after_every_restart_of_the_tray(make_tray: MakeTray, *, lets_go: bool) -> None:
    icon = Icon("trayquota-test", round_picture("red"))
    tray = make_tray()
    with running(icon, show) as thread:
        for _ in range(4):
            wait_for_pixel(tray, (12, 12), RED)
            if lets_go:
                tray.let_go()
            tray.end()
            tray = make_tray()
        wait_for_pixel(tray, (12, 12), RED)
        assert thread.is_alive()


def test_a_tray_that_starts_later_gets_the_icon(make_tray: MakeTray) -> None:
    with running(Icon("trayquota-test", round_picture("red")), show):
        wait_for_pixel(make_tray(), (12, 12), RED)


def test_a_tray_that_was_not_announced_gets_the_icon(make_tray: MakeTray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tray_window, "_LOOK_AGAIN_S", 0.05)
    with running(Icon("trayquota-test", round_picture("red")), show):
        wait_for_pixel(make_tray(announces=False), (12, 12), RED)


def test_hidden_the_icon_is_gone_and_shown_it_is_back(make_tray: MakeTray) -> None:
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"))
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        icon.visible = False
        wait_for_pixel(tray, (12, 12), GROUND)
        icon.visible = True
        wait_for_pixel(tray, (12, 12), RED)


def test_the_window_has_the_title_in_both_encodings(make_tray: MakeTray) -> None:
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"), title="42% left…\nΩ")
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        display = Display()
        window = display.create_resource_object("window", tray.docked.seen[-1])
        utf8 = window.get_full_text_property(display.intern_atom("_NET_WM_NAME"), display.intern_atom("UTF8_STRING"))
        assert (utf8, window.get_wm_name()) == ("42% left…\nΩ", "42% left...\n?")
        display.close()


def test_the_end_of_the_display_is_an_error_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [need("Xvfb"), "-displayfd", str(writing), "-nolisten", "tcp"], pass_fds=[writing], stderr=subprocess.DEVNULL
    )
    os.close(writing)
    with os.fdopen(reading) as number:
        monkeypatch.setenv("DISPLAY", f":{number.readline().strip()}")
    icon = Icon("trayquota-test", picture())
    failures: Recorder[BaseException] = Recorder()

    def run() -> None:
        try:
            icon.run(lambda _icon: server.terminate())
        except TrayUnavailableError as failure:
            failures.add(failure)

    thread = threading.Thread(target=run)
    thread.start()
    (failure,) = failures.until_there_are(1)
    thread.join(PATIENCE_S)
    server.wait()
    assert "The tray is gone" in str(failure)


# Xlib leaves the sockets of a connection that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_a_display_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(TrayUnavailableError, match="display cannot be reached"):
        Icon("trayquota-test", picture()).run()


# The session bus beside it.


@pytest.fixture
def with_bus(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> SessionBus:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    return bus


def test_notifications_replace_each_other_and_run_their_handler(with_bus: SessionBus) -> None:
    clicks: Recorder[str] = Recorder()
    server = FakeNotifications(with_bus.address, ("actions", "body"))
    icon = Icon("trayquota-test", picture())
    try:
        with running(icon):
            icon.notify("first", "title")
            button = Button("Refresh now", lambda: clicks.add("refresh"))
            on_click = partial(clicks.add, "second")
            icon.show_notification(Notification("title", "second", on_click=on_click, buttons=(button,)))
            shown = server.shown.until_there_are(2)
            assert [(each.body, each.replaces) for each in shown] == [("first", 0), ("second", 1)]
            server.click(1)
            assert clicks.until_there_are(1) == ["second"]
            server.click(1, shown[1].actions[2])
            assert clicks.until_there_are(2) == ["second", "refresh"]
    finally:
        server.close()


def test_a_panel_that_takes_items_is_announced_once(with_bus: SessionBus) -> None:
    better: Recorder[str] = Recorder()
    icon = Icon("trayquota-test", picture())
    icon.on_better_tray = lambda: better.add("better")
    host = FakeHost(with_bus.address, watching=False)
    try:
        with running(icon):
            host.come()
            assert better.until_there_are(1) == ["better"]
    finally:
        host.close()
