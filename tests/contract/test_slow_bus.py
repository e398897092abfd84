"""A bus that takes no messages for a moment."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from dbus_fast import Message
from insides import on_loop

from trayquota.tray.pystray_import import Menu, MenuItem

from .recorder import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from session_bus import SessionBus

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost

    MakeIcon = Callable[..., Icon]


@pytest.mark.parametrize(("accounts", "calls"), [(20, 30), (1500, 3)])
def test_a_large_menu_survives_a_bus_that_is_slow(
    bus: SessionBus, host: FakeHost, make_icon: MakeIcon, accounts: int, calls: int
) -> None:
    rows = (MenuItem(f"Claude · person{number}@example.com · " + "▰" * 60, None) for number in range(accounts * 4))
    icon = make_icon(menu=Menu(*rows))
    item, blocked = host.item, threading.Event()
    begun = threading.Event()

    def block() -> None:
        begun.set()
        blocked.wait(PATIENCE_S)

    on_loop(icon, block)
    assert begun.wait(PATIENCE_S)
    # The calls wait at the icon while it is busy; its replies then meet a bus that reads none of them.
    replies = host.call_at_once(
        calls, Message(item, "/MenuBar", "com.canonical.dbusmenu", "GetLayout", signature="iias", body=[0, -1, []])
    )
    bus.pause()
    try:
        blocked.set()
        done = threading.Event()
        on_loop(icon, done.set)
        assert done.wait(PATIENCE_S)
    finally:
        bus.go_on()
    assert [reply.signature for reply in replies()] == ["u(ia{sv}av)"] * calls
    assert host.registrations.seen == [item]
    assert host.properties()["Title"] == "title"
