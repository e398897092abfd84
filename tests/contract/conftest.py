"""Private buses, a virtual screen, and the proof that nothing is left behind."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from needs import need
from provider_stand_in import StandIn
from session_bus import SessionBus

from .backend_contract import picture
from .command import Home
from .recorder import PATIENCE_S
from .stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost
    from .fake_notifications import FakeNotifications
    from .fake_xembed_tray import FakeXembedTray

# A session bus is Linux's, nor is dbus-fast installed elsewhere; the taskbar is that of Windows.
collect_ignore = (
    ["test_windows_icon.py"]
    if sys.platform == "linux"
    else [
        "test_bus_death.py",
        "test_dbusmenu.py",
        "test_dbusmenu_clicks.py",
        "test_icon_lifecycle.py",
        "test_item.py",
        "test_notifications.py",
        "test_app_autostart.py",
        "test_app_notifications.py",
        "test_app_settings.py",
        "test_change_over.py",
        "test_clicks_on_the_item.py",
        "test_command_line_tmux.py",
        "test_command_watch.py",
        "test_doctor_tray.py",
        "test_registration.py",
        "test_color_scheme.py",
        "test_several_icons.py",
        "test_slow_bus.py",
        "test_xembed.py",
        "test_xembed_menu.py",
        *([] if sys.platform == "win32" else ["test_windows_icon.py"]),
    ]
)
JOIN_S = 2.0


def sockets() -> set[str]:
    """The sockets this process has open."""
    found = set()
    folder = Path("/proc/self/fd")
    for each in folder.iterdir() if folder.exists() else ():
        try:
            target = str(each.readlink())
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Fail when a test leaves a thread or a socket."""
    gc.collect()
    threads, open_before = set(threading.enumerate()), sockets()
    yield
    gc.collect()
    for thread in set(threading.enumerate()) - threads:
        thread.join(JOIN_S)
    assert [each.name for each in set(threading.enumerate()) - threads] == []
    assert sockets() - open_before == set()


@pytest.fixture(autouse=True)
def nothing_is_complained_of(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail when asyncio or dbus-fast logs a warning: both report our mistakes that way."""
    caplog.set_level(logging.DEBUG)
    yield
    complaints = [
        each.getMessage()
        for each in caplog.get_records("call")
        if each.levelno >= logging.WARNING and each.name.partition(".")[0] in {"asyncio", "dbus_fast"}
    ]
    assert complaints == []


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionBus]:
    """A session bus of the test's own; the environment points at it."""
    bus = SessionBus(tmp_path)
    bus.start()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.address)
    yield bus
    bus.kill()


@pytest.fixture
def host(bus: SessionBus) -> Iterator[FakeHost]:
    """A panel on that bus."""
    from .fake_host import FakeHost

    host = FakeHost(bus.address)
    yield host
    host.close()


@pytest.fixture
def make_icon(bus: SessionBus) -> Iterator[Callable[..., Icon]]:
    """Makes icons of our own backend that show themselves, or do what ``setup`` says; all are stopped at the end."""
    from trayquota.tray.statusnotifier import Icon as StatusNotifierIcon

    assert bus.address
    made = []

    def make(
        setup: Callable[..., object] | None = None,
        **options: Any,
    ) -> StatusNotifierIcon:
        wanted: dict[str, Any] = {"icon": picture(), "title": "title"} | options
        icon = StatusNotifierIcon("trayquota-test", **wanted)
        made.append(icon)
        ready = threading.Event()

        def set_up(icon: Any) -> None:
            if setup is None:
                icon.visible = True
            else:
                setup(icon)
            ready.set()

        icon.run_detached(set_up)
        assert ready.wait(PATIENCE_S), "the icon never became ready"
        return icon

    yield make
    for icon in made:
        icon.stop()


@pytest.fixture(scope="session")
def screen() -> Iterator[str]:
    """A virtual X screen; its display's name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [need("Xvfb"), "-displayfd", str(writing), "-noreset", "-nolisten", "tcp", "-screen", "0", "320x200x24"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as number:
        display = f":{number.readline().strip()}"
    yield display
    server.terminate()
    server.wait()


@pytest.fixture
def on_the_screen(screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs find that screen, and no session bus."""
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def make_tray(screen: str) -> Iterator[Callable[..., FakeXembedTray]]:
    """Starts XEmbed trays on that screen."""
    from .fake_xembed_tray import FakeXembedTray

    trays = []

    def make(*, announces: bool = True) -> FakeXembedTray:
        trays.append(FakeXembedTray(screen, announces=announces))
        return trays[-1]

    yield make
    for tray in trays:
        tray.end()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """The providers."""
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def home(tmp_path: Path, stand_in: StandIn) -> Iterator[Home]:
    """A home folder whose commands ask that stand-in."""
    home = Home(tmp_path / "home", stand_in.url)
    yield home
    stand_in.let_go()
    home.close()


@pytest.fixture(scope="session")
def strace(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The tracer, where it is here and may trace."""
    program = need("strace")
    log = tmp_path_factory.mktemp("strace") / "log"
    tried = subprocess.run([program, "-f", "-o", str(log), sys.executable, "-c", ""], capture_output=True, check=False)
    if tried.returncode != 0:
        reason = f"strace may not trace here: {tried.stderr.decode().strip()[-200:]}"
        if os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return program


@pytest.fixture
def stage(home: Home, host: FakeHost, bus: SessionBus, stand_in: StandIn) -> Stage:
    return Stage(home, host, bus, stand_in)


@pytest.fixture
def notifications(bus: SessionBus) -> Iterator[FakeNotifications]:
    """A notification server whose messages can be clicked."""
    from .fake_notifications import FakeNotifications

    server = FakeNotifications(bus.address, ("body", "actions"))
    yield server
    server.close()


@pytest.fixture
def opened(stage: Stage) -> Path:
    """Where a stand-in for ``xdg-open`` writes what it is to open."""
    place, program = stage.home.path / "opened", stage.home.path / "bin/xdg-open"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s" "$*" > "{place}.part" && mv "{place}.part" "{place}"\n')
    program.chmod(0o755)
    stage.home.environment["PATH"] = f"{program.parent}:{stage.home.environment['PATH']}"
    return place
