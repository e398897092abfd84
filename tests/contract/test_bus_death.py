"""A bus that dies and comes back."""

from __future__ import annotations

import threading
from itertools import repeat
from typing import TYPE_CHECKING

import pytest
from insides import flush, on_loop

from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.tray.statusnotifier import Icon, service

from .backend_contract import picture
from .fake_host import FakeHost
from .recorder import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from session_bus import SessionBus

    MakeIcon = Callable[..., Icon]


@pytest.fixture
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not let tests wait for a bus as long as people do."""
    monkeypatch.setattr(service, "_DELAYS_S", (0.01,))


@pytest.mark.usefixtures("short_delays")
def test_a_bus_that_dies_and_comes_back_has_the_item_again(bus: SessionBus, make_icon: MakeIcon) -> None:
    before = FakeHost(bus.address)
    icon = make_icon(menu=Menu(MenuItem("a", None), MenuItem("b", None)))
    known = before.layout()
    bus.kill()
    before.close()
    icon.title = "changed meanwhile"
    icon.menu = Menu(MenuItem("new", None), MenuItem("a", None), MenuItem("b", None))
    icon.notify("nobody hears this")
    bus.start()
    after = FakeHost(bus.address)
    try:
        assert after.properties()["Title"] == "changed meanwhile"
        found = after.layout()
        assert found.labels() == ["new", "a", "b"]
        # Ids go on where they were: a host that keeps what it knew is not misled.
        assert [found.find(name).id for name in "ab"] == [known.find(name).id for name in "ab"]
        assert found.find("new").id > max(each.id for each in known.flat())
        icon.title = "alive"
        after.wait_for("NewTitle")
    finally:
        after.close()


@pytest.mark.usefixtures("short_delays")
def test_a_bus_that_dies_while_a_signal_is_sent_ends_nothing(
    bus: SessionBus, make_icon: MakeIcon, caplog: pytest.LogCaptureFixture
) -> None:
    before = FakeHost(bus.address)
    icon = make_icon(menu=Menu(MenuItem("a", None)))
    before.settle()
    died = threading.Event()

    def die_and_change() -> None:
        # On the loop's own thread, so that it notices the death by sending.
        bus.kill()
        icon.icon = picture("red")
        icon.title = "changed"
        icon.menu = Menu(MenuItem("b", None))
        flush(icon)
        died.set()

    on_loop(icon, die_and_change)
    assert died.wait(PATIENCE_S)
    before.close()
    bus.start()
    after = FakeHost(bus.address)
    try:
        assert after.properties()["Title"] == "changed"
        assert after.layout().labels() == ["b"]
        assert not [each for each in caplog.records if each.levelname == "ERROR"]
    finally:
        after.close()


def test_stop_while_the_bus_is_away_ends_at_once(
    bus: SessionBus, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Event()
    monkeypatch.setattr(service, "_delays", lambda: _noted(tried))
    host = FakeHost(bus.address)
    icon = Icon("trayquota-test", picture())
    icon.run_detached()
    host.settle()
    bus.kill()
    host.close()
    assert tried.wait(PATIENCE_S)
    icon.stop()
    assert not [each for each in caplog.records if each.levelname == "WARNING"]


def _noted(reached: threading.Event) -> Iterator[float]:
    reached.set()
    return repeat(3600.0)


def test_reconnect_delays_grow_to_half_a_minute() -> None:
    delays = service._delays()
    assert [next(delays) for _ in range(9)] == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
