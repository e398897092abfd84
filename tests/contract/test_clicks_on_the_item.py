"""Clicks that a host passes on instead of opening the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.tray import session_bus

from .bus_client import RemoteError
from .fake_host import FakeHost
from .recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_bus import SessionBus

    from trayquota.tray.statusnotifier import Icon

    MakeIcon = Callable[..., Icon]


@pytest.mark.parametrize(("process", "member"), [("lxqt-panel", "Activate"), ("swaybar", "ContextMenu")])
def test_a_click_on_a_host_without_menu_runs_the_handler(
    bus: SessionBus, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch, process: str, member: str
) -> None:
    monkeypatch.setattr(session_bus, "_process_name", lambda _pid: process)
    clicks: Recorder[str] = Recorder()
    host = FakeHost(bus.address)
    try:
        icon = make_icon()
        icon.on_click = lambda: clicks.add(member)
        host.on_item(member, "ii", 1, 2)
        assert clicks.until_there_are(1) == [member]
    finally:
        host.close()


def test_activate_is_an_error_where_the_host_then_opens_the_menu(host: FakeHost, make_icon: MakeIcon) -> None:
    clicks: list[str] = []
    icon = make_icon()
    icon.on_click = lambda: clicks.append("click")
    with pytest.raises(RemoteError, match="UnknownMethod"):
        host.on_item("Activate", "ii", 1, 2)
    host.on_item("ContextMenu", "ii", 1, 2)
    host.settle()
    assert clicks == []


def test_a_middle_click_runs_its_own_handler(host: FakeHost, make_icon: MakeIcon) -> None:
    clicks: Recorder[str] = Recorder()
    icon = make_icon()
    icon.on_middle_click = lambda: clicks.add("middle")
    host.on_item("SecondaryActivate", "ii", 1, 2)
    assert clicks.until_there_are(1) == ["middle"]


def test_the_wheel_runs_its_handler_with_its_direction(host: FakeHost, make_icon: MakeIcon) -> None:
    turned: Recorder[int] = Recorder()
    icon = make_icon()
    icon.on_scroll = turned.add
    for delta in (120, 0, -1):
        host.on_item("Scroll", "is", delta, "vertical")
    assert turned.until_there_are(2) == [120, -1]
