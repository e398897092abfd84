"""The backends, each against the contract."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from trayquota.tray import headless, xembed

from .backend_contract import BackendContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.tray.pystray_import import Icon

    from .fake_host import FakeHost
    from .session_bus import SessionBus

linux = pytest.mark.skipif(sys.platform != "linux", reason="a tray of Linux desktops")


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
class TestXorg(BackendContract):
    """pystray's X11 backend as we ship it. It has no menu; here it has not even a tray to dock in."""

    stops_in_any_order: ClassVar[bool] = False
    takes_many_threads: ClassVar[bool] = False  # its threads share one queue for what went wrong in the loop
    detaches: ClassVar[bool] = False  # it starts a second setup thread and leaves the first waiting for ever

    @pytest.fixture(autouse=True)
    def _on_a_screen(self, screen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("DISPLAY", screen)
        monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        # It closes its connection when collected; its complaints about the missing tray would hold it.
        monkeypatch.setattr(logging.getLogger("pystray._base"), "disabled", True)
        yield
        gc.collect()

    def make(self, name: str = "contract", **options: object) -> Icon:
        base: Any = xembed.icon_class()

        class OnAnyThread(base):  # type: ignore[misc]
            """Two races of pystray 0.19.5 kept out, which this contract's many threads would run into."""

            def _run(self) -> None:
                # Set after the setup function was let loose, which may need it at once.
                self._thread = threading.current_thread()
                super()._run()

            def stop(self) -> None:
                # A flush of python-xlib sends nothing while another thread is sending.
                was_running = self._running
                super().stop()
                if was_running:
                    self._display.flush()

        icon: Icon = OnAnyThread(name, **options)
        return icon
