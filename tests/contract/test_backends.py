"""The backends, each against the contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.tray import headless
from trayquota.tray.backend_choice import BackendChoice, icon_class

from .backend_contract import BackendContract

if TYPE_CHECKING:
    from session_bus import SessionBus

    from trayquota.tray.pystray_import import Icon

    from .fake_host import FakeHost

linux = pytest.mark.skipif(sys.platform != "linux", reason="a tray of Linux desktops")
windows = pytest.mark.skipif(sys.platform != "win32", reason="the taskbar of Windows")


class TestHeadless(BackendContract):
    def make(self, name: str = "contract", **options: object) -> Icon:
        return headless.Icon(name, **options)  # type: ignore[arg-type]


@linux
class TestStatusNotifier(BackendContract):
    panel: FakeHost | None = None

    @pytest.fixture(autouse=True)
    def _on_a_bus(self, host: FakeHost) -> None:
        """A panel is there."""
        self.panel = host

    def check_shows_title(self, icon: Icon, title: str) -> None:
        assert icon.visible
        if self.panel is not None:
            assert self.panel.properties()["Title"] == title

    def make(self, name: str = "contract", **options: object) -> Icon:
        from trayquota.tray.statusnotifier import Icon as StatusNotifierIcon

        return StatusNotifierIcon(name, **options)  # type: ignore[arg-type]


@linux
class TestStatusNotifierWithoutAPanel(TestStatusNotifier):
    @pytest.fixture(autouse=True)
    def _on_a_bus(self, bus: SessionBus) -> None:
        """No panel is there, and no notification server."""


@linux
class TestXembed(BackendContract):
    """On a display without a tray, and without a session bus."""

    @pytest.fixture(autouse=True)
    def _on_a_screen(self, screen: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DISPLAY", screen)
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)

    def make(self, name: str = "contract", **options: object) -> Icon:
        from trayquota.tray.xembed import Icon as XembedIcon

        return XembedIcon(name, **options)  # type: ignore[arg-type]


@linux
class TestXembedWithASessionBus(TestXembed):
    @pytest.fixture(autouse=True)
    def _on_a_screen(self, screen: str, bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
        assert bus.address
        monkeypatch.setenv("DISPLAY", screen)


@windows
class TestWindows(BackendContract):
    def make(self, name: str = "contract", **options: object) -> Icon:
        return icon_class(BackendChoice("win32", "asked for"))(name, **options)  # type: ignore[arg-type]
