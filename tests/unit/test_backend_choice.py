"""Which tray is taken where."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.cli.common import BACKENDS
from trayquota.core.errors import TrayUnavailableError
from trayquota.tray import backend_choice as backend
from trayquota.tray.backend_choice import (
    BackendChoice,
    choose_backend,
    has_watcher,
    has_xembed_tray,
    icon_class,
)
from trayquota.tray.headless import Icon as Headless

if TYPE_CHECKING:
    from collections.abc import Iterator

linux = pytest.mark.skipif(sys.platform != "linux", reason="a tray of Linux desktops")
ADDRESS = "unix:path=/nowhere"


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A Linux desktop without anything; :func:`furnish` puts something in."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    return monkeypatch


def furnish(desktop: pytest.MonkeyPatch, *, watched: bool | None, xembed: bool) -> None:
    """Have a session bus with somebody who shows items (or not, or that does not answer), and an X11 tray or not."""
    desktop.setenv("DBUS_SESSION_BUS_ADDRESS", ADDRESS)

    def check(address: str) -> bool | None:
        assert address == ADDRESS
        return watched

    desktop.setattr(backend, "has_watcher", check)
    desktop.setattr(backend, "has_xembed_tray", lambda: xembed)


@pytest.mark.parametrize("name", [each for each in BACKENDS if each != "auto"])
def test_the_named_backend_is_taken(name: str) -> None:
    assert choose_backend(name) == BackendChoice(name, "asked for")


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_platforms_have_one_tray(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(backend, "has_watcher", None)
    monkeypatch.setattr(backend, "has_xembed_tray", None)
    assert choose_backend("auto").name == platform


@linux
@pytest.mark.parametrize(
    ("watched", "xembed", "name", "words"),
    [
        (True, False, "statusnotifier", "with a panel"),
        (True, True, "statusnotifier", "with a panel"),
        (False, False, "statusnotifier", "waiting for a panel"),
        (False, True, "xorg", "nobody on the D-Bus session shows items"),
        (None, True, "xorg", "X11 tray"),
    ],
)
def test_on_linux_the_backend_follows_from_watcher_and_x11_tray(
    desktop: pytest.MonkeyPatch, *, watched: bool | None, xembed: bool, name: str, words: str
) -> None:
    furnish(desktop, watched=watched, xembed=xembed)
    choice = choose_backend()
    assert choice.name == name
    assert words in choice.why
    assert choice.is_automatic


@linux
def test_without_a_session_bus_an_x11_tray_is_taken(desktop: pytest.MonkeyPatch) -> None:
    desktop.setattr(backend, "has_xembed_tray", lambda: True)
    assert choose_backend() == BackendChoice("xorg", "no D-Bus session, but there is an X11 tray", is_automatic=True)


@linux
def test_without_any_tray_the_error_says_what_to_do(desktop: pytest.MonkeyPatch) -> None:
    desktop.setattr(backend, "has_xembed_tray", lambda: False)
    with pytest.raises(TrayUnavailableError, match=r"neither a D-Bus session nor a tray.*'trayquota status'"):
        choose_backend()


@linux
def test_a_bus_without_an_answer_is_named_in_the_error(desktop: pytest.MonkeyPatch) -> None:
    furnish(desktop, watched=None, xembed=False)
    with pytest.raises(TrayUnavailableError, match=r"the D-Bus session does not answer.*'trayquota status'"):
        choose_backend()


# Icon classes.


def test_without_a_tray_the_headless_icon_is_taken() -> None:
    assert icon_class(BackendChoice("none", "asked for")) is Headless


@linux
def test_statusnotifier_is_the_backend_of_this_package() -> None:
    assert icon_class(BackendChoice("statusnotifier", "asked for")).__module__.startswith(
        "trayquota.tray.statusnotifier"
    )


@pytest.mark.parametrize("name", ["gtk", "appindicator", "win32", "darwin"])
@pytest.mark.parametrize(
    "error", [ImportError("no module named gi"), ValueError("secret"), AttributeError(), OSError()]
)
def test_a_backend_that_does_not_work_is_named_without_its_error_s_text(
    name: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_name: str) -> None:
        raise error

    monkeypatch.setattr("trayquota.tray.pystray_import.pystray_backend", broken)
    if sys.platform == "win32" and name == "win32":
        pytest.skip("ours there")
    with pytest.raises(TrayUnavailableError, match=f"'{name}' does not work here") as caught:
        icon_class(BackendChoice(name, "asked for"))
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is error


def test_an_interruption_is_not_reported_as_a_broken_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trayquota.tray.pystray_import.pystray_backend", interrupted)
    with pytest.raises(KeyboardInterrupt):
        icon_class(BackendChoice("gtk", "asked for"))


# Really looked for, where nobody answers.


@linux
@pytest.mark.parametrize("address", ["unix:path=/nowhere/at/all", "nonsense", "", "tcp:host=127.0.0.1,port=1"])
def test_a_missing_bus_counts_as_no_answer(address: str) -> None:
    assert has_watcher(address) is None


@pytest.fixture
def silent_bus() -> Iterator[str]:
    """A port on which somebody listens and says nothing."""
    callers: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with contextlib.suppress(OSError):
                callers.append(server.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"tcp:host=127.0.0.1,port={server.getsockname()[1]}"
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        thread.join()
    for each in callers:
        each.close()


@linux
def test_a_silent_bus_does_not_block_the_choice(silent_bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_TIMEOUT_S", 0.05)
    assert has_watcher(silent_bus) is None


# Xlib leaves the sockets of a connection that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("display", ["", ":987", "nonsense"])
def test_without_a_display_there_is_no_x11_tray(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", display)
    assert has_xembed_tray() is False


@linux
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_without_a_display_the_xembed_backend_is_named_as_not_working(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":987")
    with pytest.raises(TrayUnavailableError, match="'xorg' does not work here"):
        icon_class(BackendChoice("xorg", "asked for"))
