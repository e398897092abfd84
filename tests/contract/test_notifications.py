"""Notifications: with a server, without one, and with one that comes later."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .fake_notifications import NAME, FakeNotifications
from .recorder import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost
    from .session_bus import SessionBus

    MakeIcon = Callable[..., Icon]

EVERYTHING = ("actions", "body", "body-markup")


@contextmanager
def serving(bus: SessionBus, *capabilities: str) -> Iterator[FakeNotifications]:
    server = FakeNotifications(bus.address, capabilities)
    try:
        yield server
    finally:
        server.close()


def test_a_notification_has_its_title_and_text(bus: SessionBus, make_icon: MakeIcon) -> None:
    with serving(bus, "body") as server:
        make_icon().notify("R&D <b>\nline", "Title & <x>")
        (shown,) = server.shown.until_there_are(1)
    assert (shown.app, shown.summary, shown.body) == ("trayquota-test", "Title & <x>", "R&D <b>\nline")
    assert (shown.replaces, shown.actions, shown.timeout_ms) == (0, [], -1)


def test_markup_is_escaped_for_a_server_that_parses_it(bus: SessionBus, make_icon: MakeIcon) -> None:
    with serving(bus, "body", "body-markup") as server:
        make_icon().notify("R&D <b>", "Title & <x>")
        (shown,) = server.shown.until_there_are(1)
    assert (shown.summary, shown.body) == ("Title & <x>", "R&amp;D &lt;b&gt;")


def test_without_a_title_the_icons_headline_stands_in(bus: SessionBus, make_icon: MakeIcon) -> None:
    with serving(bus) as server:
        make_icon(title="42% left\nmore").notify("message")
        (shown,) = server.shown.until_there_are(1)
    assert shown.summary == "42% left"


def test_capabilities_are_fetched_once_per_server(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    with serving(bus) as server:
        icon.notify("one")
        icon.notify("two")
        assert [each.body for each in server.shown.until_there_are(2)] == ["one", "two"]
        assert server.capability_calls == 1
    with serving(bus, "body-markup") as other:
        icon.notify("&")
        assert other.shown.until_there_are(1)[0].body == "&amp;"
        assert other.capability_calls == 1


def test_without_a_server_the_icon_stays(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon()
    item = host.item
    icon.notify("message", "title")
    icon.remove_notification()
    icon.title = "still here"
    assert host.properties()["Title"] == "still here"
    assert host.item == item


def test_the_last_notification_can_be_withdrawn(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    with serving(bus) as server:
        icon.notify("one")
        icon.notify("two")
        icon.remove_notification()
        assert server.closed.until_there_are(1) == [2]
        icon.remove_notification()
        icon.notify("three")
        icon.remove_notification()
        assert server.closed.until_there_are(2) == [2, 3]


def test_a_click_on_a_notification_runs_the_handler(bus: SessionBus, make_icon: MakeIcon) -> None:
    clicked = threading.Event()
    icon = make_icon()
    icon.on_notification_clicked = clicked.set
    with serving(bus, *EVERYTHING) as server:
        icon.notify("message")
        (shown,) = server.shown.until_there_are(1)
        assert shown.actions == ["default", "Open"]
        server.click(1)
        assert clicked.wait(PATIENCE_S)


def test_clicks_on_other_programs_notifications_run_nothing(
    host: FakeHost, bus: SessionBus, make_icon: MakeIcon
) -> None:
    clicks: list[str] = []
    icon = make_icon()
    icon.on_notification_clicked = lambda: clicks.append("click")
    with serving(bus, *EVERYTHING) as server:
        icon.notify("message")
        server.shown.until_there_are(1)
        server.click(7)
        server.click(1, "other")
        # Not the server: anybody may send a signal that looks like its own.
        host.emit("/org/freedesktop/Notifications", NAME, "ActionInvoked", "us", 1, "default")
        server.emit("/org/freedesktop/Notifications", NAME, "NotificationClosed", "uu", 1, 2)
        server.click(1)
        server.ping(host.item)
        host.settle()
        assert clicks == []


def test_no_action_is_offered_without_a_handler_or_without_server_support(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    with serving(bus, *EVERYTHING) as server:
        icon.notify("message")
        assert server.shown.until_there_are(1)[0].actions == []
    icon.on_notification_clicked = lambda: None
    with serving(bus, "body") as server:
        icon.notify("message")
        assert server.shown.until_there_are(1)[0].actions == []
