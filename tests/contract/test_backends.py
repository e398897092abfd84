"""The backends, each against the contract."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
import threading
from typing import TYPE_CHECKING, ClassVar

import pytest

from trayquota.tray import headless

from .backend_contract import BackendContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.tray._pystray import Icon

    from .fake_host import FakeHost
    from .session_bus import SessionBus

linux = pytest.mark.skipif(sys.platform != "linux", reason="a tray of Linux desktops")


class TestHeadless(BackendContract):
    def make(self, name: str = "contract", **options: object) -> Icon:
        return headless.Icon(name, **options)  # type: ignore[arg-type]


@linux
class TestStatusNotifier(BackendContract):
    @pytest.fixture(autouse=True)
    def _on_a_bus(self, host: FakeHost) -> None:
        """A panel is there."""

    def make(self, name: str = "contract", **options: object) -> Icon:
        from trayquota.tray.statusnotifier import Icon as StatusNotifierIcon  # noqa: PLC0415 - on Linux only

        return StatusNotifierIcon(name, **options)  # type: ignore[arg-type]


@linux
class TestStatusNotifierWithoutAPanel(TestStatusNotifier):
    @pytest.fixture(autouse=True)
    def _on_a_bus(self, bus: SessionBus) -> None:  # type: ignore[override]
        """No panel is there, and no notification server."""


@linux
class TestXorg(BackendContract):
    """pystray's own backend. It has no menu, no tool tip and no notification; here even no tray to dock in."""

    stops_in_any_order: ClassVar[bool] = False
    detaches: ClassVar[bool] = False  # it starts a second setup thread and leaves the first waiting for ever
    notifies: ClassVar[bool] = False

    @pytest.fixture(autouse=True)
    def _on_a_screen(self, screen: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("DISPLAY", screen)
        # It closes its connection when collected; its complaints about the missing tray would hold it.
        monkeypatch.setattr(logging.getLogger("pystray._base"), "disabled", True)
        yield
        gc.collect()

    def make(self, name: str = "contract", **options: object) -> Icon:
        backend = importlib.import_module("pystray._xorg")

        class XorgIcon(backend.Icon):  # type: ignore[misc, name-defined]
            def _run(self) -> None:
                # pystray sets this after the setup function was let loose, which may need it at once.
                self._thread = threading.current_thread()
                super()._run()

        icon: Icon = XorgIcon(name, **options)
        return icon
