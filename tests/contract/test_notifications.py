"""Notifications: with a server, without one, and with one that comes later."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from PIL import Image

from trayquota.tray import notifications
from trayquota.tray.base import Button, Notification

from .fake_notifications import NAME, FakeNotifications
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pytest
    from session_bus import SessionBus

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost

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
        icon.show_notification(Notification("title", "two", urgent=True))
        icon.remove_notification()
        assert server.closed.until_there_are(1) == [2]
        icon.remove_notification()
        icon.notify("three")
        icon.remove_notification()
        assert server.closed.until_there_are(2) == [2, 1]


def test_a_notification_replaces_the_last_one_of_its_urgency(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    with serving(bus) as server:
        for urgent in (False, False, True, True, False):
            icon.show_notification(Notification("title", "message", urgent=urgent))
        shown = server.shown.until_there_are(5)
    assert [each.replaces for each in shown] == [0, 1, 0, 2, 1]
    assert [each.hints["urgency"] for each in shown] == [1, 1, 2, 2, 1]


def test_nothing_is_replaced_at_another_server(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    for _ in range(2):
        with serving(bus) as server:
            icon.notify("message")
            assert server.shown.until_there_are(1)[0].replaces == 0


def test_a_replaced_notification_runs_what_the_newer_one_says(bus: SessionBus, make_icon: MakeIcon) -> None:
    clicks: Recorder[str] = Recorder()
    icon = make_icon()
    with serving(bus, *EVERYTHING) as server:
        for name in ("old", "new"):
            icon.show_notification(Notification("title", "message", on_click=lambda name=name: clicks.add(name)))  # type: ignore[misc]
        server.shown.until_there_are(2)
        server.click(1)
        assert clicks.until_there_are(1) == ["new"]


def test_a_notification_carries_the_application_s_icon(bus: SessionBus, make_icon: MakeIcon) -> None:
    with serving(bus) as server:
        make_icon().notify("message")
        (shown,) = server.shown.until_there_are(1)
    with Image.open(url2pathname(urlsplit(shown.icon).path)) as image:
        assert image.size == (64, 64)


def test_without_files_the_picture_itself_goes_over_the_bus(
    bus: SessionBus, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> Path:
        raise FileNotFoundError(name)

    monkeypatch.setattr(notifications, "asset", missing)
    with serving(bus) as server:
        make_icon().notify("message")
        (shown,) = server.shown.until_there_are(1)
    width, height, row, has_alpha, bits, channels, data = shown.hints["image-data"]
    assert (shown.icon, width, height, row, has_alpha, bits, channels) == ("", 64, 64, 256, True, 8, 4)
    assert Image.frombytes("RGBA", (width, height), bytes(data)).getchannel("A").getextrema() == (0, 255)


def test_a_click_on_a_notification_runs_the_handler(bus: SessionBus, make_icon: MakeIcon) -> None:
    clicked = threading.Event()
    icon = make_icon()
    with serving(bus, *EVERYTHING) as server:
        icon.show_notification(Notification("title", "message", on_click=clicked.set))
        (shown,) = server.shown.until_there_are(1)
        assert shown.actions == ["default", "Open"]
        server.click(1)
        assert clicked.wait(PATIENCE_S)


def test_each_button_does_what_it_says(bus: SessionBus, make_icon: MakeIcon) -> None:
    clicks: Recorder[str] = Recorder()
    icon = make_icon()
    buttons = tuple(Button(label, partial(clicks.add, label)) for label in ("Refresh now", "Snooze"))
    with serving(bus, *EVERYTHING) as server:
        icon.show_notification(Notification("title", "message", on_click=lambda: clicks.add("open"), buttons=buttons))
        (shown,) = server.shown.until_there_are(1)
        assert shown.actions[1::2] == ["Open", "Refresh now", "Snooze"]
        for number, key in enumerate(shown.actions[::2], 1):
            server.click(1, key)
            clicks.until_there_are(number)
    assert clicks.until_there_are(3) == ["open", "Refresh now", "Snooze"]


def test_a_sound_is_named_only_where_there_is_one(bus: SessionBus, make_icon: MakeIcon) -> None:
    icon = make_icon()
    with serving(bus, *EVERYTHING) as server:
        icon.show_notification(Notification("title", "message", sound="complete"))
        icon.show_notification(Notification("title", "message"))
        heard, silent = server.shown.until_there_are(2)
    assert (heard.hints["sound-name"], "sound-name" in silent.hints) == ("complete", False)


def test_clicks_on_other_programs_notifications_run_nothing(
    host: FakeHost, bus: SessionBus, make_icon: MakeIcon
) -> None:
    clicks: list[str] = []
    icon = make_icon()
    with serving(bus, *EVERYTHING) as server:
        icon.show_notification(Notification("title", "message", on_click=lambda: clicks.append("click")))
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
    with serving(bus, "body") as server:
        button = Button("Refresh now", lambda: None)
        icon.show_notification(Notification("title", "message", on_click=lambda: None, buttons=(button,)))
        assert server.shown.until_there_are(1)[0].actions == []
