"""Clicks on menu entries, and the callbacks behind them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from dbus_fast import Variant

from trayquota.tray.pystray_import import Menu, MenuItem

from .menus import NOBODY, full_menu
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost

    MakeIcon = Callable[..., Icon]


def test_a_click_runs_the_entrys_action_with_icon_and_entry(host: FakeHost, make_icon: MakeIcon) -> None:
    calls: Recorder[str] = Recorder()
    make_icon(menu=full_menu(calls))
    host.click("Refresh now")
    host.click("Bar")
    assert calls.until_there_are(2) == ["Refresh now", "Bar"]


def test_a_click_on_a_disabled_entry_does_nothing(host: FakeHost, make_icon: MakeIcon) -> None:
    calls: Recorder[str] = Recorder()
    make_icon(menu=full_menu(calls))
    for label in ("ada__l@example.com", "", "Style"):
        host.click(label)
    host.event(0, "clicked")
    host.event(host.layout().find("Notify").id, "hovered")
    host.event(host.layout().find("Style").id, "opened")
    host.click("Refresh now")
    assert calls.until_there_are(1) == ["Refresh now"]


def test_events_in_a_group_run_in_order_and_name_the_unknown(host: FakeHost, make_icon: MakeIcon) -> None:
    calls: Recorder[str] = Recorder()
    make_icon(menu=full_menu(calls))
    ring, bar = (host.layout().find(label).id for label in ("Ring", "Bar"))
    data = Variant("i", 0)
    events = [[bar, "clicked", data, 0], [NOBODY, "clicked", data, 0], [ring, "clicked", data, 0]]
    assert host.on_menu("EventGroup", "a(isvu)", events) == [[NOBODY]]
    assert calls.until_there_are(2) == ["Bar", "Ring"]


def test_a_slow_callback_does_not_block_the_bus(host: FakeHost, make_icon: MakeIcon) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        assert go_on.wait(PATIENCE_S)

    calls: Recorder[str] = Recorder()
    icon = make_icon(menu=Menu(MenuItem("slow", slow), MenuItem("next", lambda: calls.add("next"))))
    host.click("slow")
    assert begun.wait(PATIENCE_S)
    icon.title = "meanwhile"
    host.click("next")
    assert host.properties()["Title"] == "meanwhile"
    assert calls.seen == []
    go_on.set()
    calls.until_there_are(1)


def test_a_failing_callback_is_logged_and_the_next_click_works(
    host: FakeHost, make_icon: MakeIcon, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        message = "a private matter"
        raise RuntimeError(message)

    calls: Recorder[str] = Recorder()
    make_icon(menu=Menu(MenuItem("fail", fail), MenuItem("next", lambda: calls.add("next"))))
    host.click("fail")
    host.click("next")
    calls.until_there_are(1)
    (complaint,) = [each for each in caplog.records if each.levelname == "ERROR"]
    assert complaint.getMessage().startswith("a callback failed: RuntimeError at ")
    assert complaint.exc_info is None
