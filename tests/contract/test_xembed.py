"""The XEmbed backend in a tray that starts late, restarts, and ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from needs import need
from PIL import Image
from Xlib.display import Display

from trayquota.core.errors import TrayUnavailableError
from trayquota.tray.base import Notification
from trayquota.tray.pystray_import import Icon as PystrayIcon
from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.tray.xembed import Icon, tray_window

from .backend_contract import picture, running
from .fake_host import FakeHost
from .fake_notifications import FakeNotifications
from .fake_xembed_tray import GROUND, FakeXembedTray
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from session_bus import SessionBus

    MakeTray = Callable[..., FakeXembedTray]

RED, GREEN, TRANSPARENT = (255, 0, 0), (0, 128, 0), (0, 0, 0, 0)


@pytest.fixture(autouse=True)
def on_the_screen(screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def make_tray(screen: str) -> Iterator[MakeTray]:
    trays = []

    def make(*, announces: bool = True) -> FakeXembedTray:
        trays.append(FakeXembedTray(screen, announces=announces))
        return trays[-1]

    yield make
    for tray in trays:
        tray.end()


def show(icon: PystrayIcon) -> None:
    icon.visible = True


def round_picture(color: str) -> Image.Image:
    """Colour in the middle, transparent at the edge."""
    image = Image.new("RGBA", (22, 22), TRANSPARENT)
    image.paste(Image.new("RGBA", (10, 10), color), (6, 6))
    return image


def wait_for_pixel(tray: FakeXembedTray, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    done = threading.Event()
    timer = threading.Timer(PATIENCE_S, done.set)
    timer.start()
    try:
        while (found := tray.pixel(*place)) != color:
            assert not done.wait(0.02), f"{found} at {place} instead of {color}"
    finally:
        timer.cancel()
        timer.join()


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


# Clicks and menus.


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def write_launcher(folder: Path, name: str, choice: str, code: int = 0) -> Path:
    """Write a launcher that keeps its lines in a file and answers ``choice``; return the file."""
    lines = folder / "lines"
    script = f"#!{sys.executable} -S\nimport sys\nopen({str(lines)!r}, 'a').write(sys.stdin.read() + '\\n--\\n')\n"
    program = folder / name
    program.write_text(f"{script}print({choice!r})\nsys.exit({code})\n")
    program.chmod(0o755)
    return lines


@pytest.mark.parametrize("button", [1, 3])
@pytest.mark.parametrize("program", ["rofi", "dmenu"])
def test_a_click_opens_the_menu_and_a_choice_acts(
    make_tray: MakeTray, programs: Path, program: str, button: int
) -> None:
    lines = write_launcher(programs, program, "Refresh now")
    chosen: Recorder[str] = Recorder()
    menu = Menu(
        MenuItem("Claude · ada", None),
        Menu.SEPARATOR,
        MenuItem("Refresh now", lambda: chosen.add("refresh")),
        MenuItem("Notifications", lambda: None, checked=lambda _item: True),
        MenuItem("Settings", Menu(MenuItem("deep", lambda: None))),
    )
    tray = make_tray()
    with running(Icon("trayquota-test", round_picture("red"), menu=menu), show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(button)
        assert chosen.until_there_are(1) == ["refresh"]
    assert lines.read_text().splitlines() == ["Claude · ada", "Refresh now", "✓ Notifications", "Settings ▸", "--"]


def test_a_submenu_opens_in_turn(make_tray: MakeTray, programs: Path) -> None:
    lines = write_launcher(programs, "rofi", "Settings ▸")
    chosen: Recorder[str] = Recorder()
    inner = MenuItem("Settings ▸", lambda: chosen.add("inner"))
    menu = Menu(MenuItem("Settings", Menu(inner)), MenuItem("Settings ▸", lambda: chosen.add("outer")))
    tray = make_tray()
    with running(Icon("trayquota-test", round_picture("red"), menu=menu), show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert chosen.until_there_are(1) == ["inner"]
    assert lines.read_text().splitlines() == ["Settings ▸", "Settings ▸ ", "--", "Settings ▸", "--"]


@pytest.mark.parametrize("code", [None, 2])
def test_without_a_launcher_that_works_a_click_runs_the_handler(
    make_tray: MakeTray, programs: Path, code: int | None
) -> None:
    if code is not None:
        write_launcher(programs, "rofi", "", code)
    clicks: Recorder[str] = Recorder()
    icon = Icon("trayquota-test", round_picture("red"), menu=Menu(MenuItem("row", None)))
    icon.on_click = lambda: clicks.add("click")
    tray = make_tray()
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert clicks.until_there_are(1) == ["click"]


def test_a_middle_click_runs_its_own_handler(make_tray: MakeTray) -> None:
    clicks: Recorder[str] = Recorder()
    icon = Icon("trayquota-test", round_picture("red"))
    icon.on_middle_click = lambda: clicks.add("middle")
    tray = make_tray()
    with running(icon, show):
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(2)
        assert clicks.until_there_are(1) == ["middle"]


def test_stopping_closes_an_open_menu(make_tray: MakeTray, programs: Path, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    if sys.platform != "win32":
        os.mkfifo(opened)
    program = programs / "rofi"
    program.write_text(f"#!/bin/sh\necho open > {opened}\nexec /bin/sleep 600\n")
    program.chmod(0o755)
    tray = make_tray()
    icon = Icon("trayquota-test", round_picture("red"), menu=Menu(MenuItem("row", None)))
    with running(icon, show) as thread:
        wait_for_pixel(tray, (12, 12), RED)
        tray.click(1)
        assert opened.read_text() == "open\n"
        icon.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


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
            icon.show_notification(Notification("title", "second", on_click=lambda: clicks.add("second")))
            shown = server.shown.until_there_are(2)
            assert [(each.body, each.replaces) for each in shown] == [("first", 0), ("second", 1)]
            server.click(1)
            assert clicks.until_there_are(1) == ["second"]
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
