"""Registering with watchers that are not ready, refuse, forget, or show items in their own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from trayquota.tray import session_bus
from trayquota.tray.backend_choice import has_watcher
from trayquota.tray.quirks import UNKNOWN, XAPP
from trayquota.tray.statusnotifier import registration

from .bus_client import RemoteError
from .fake_host import ITEM, WATCHER, FakeHost
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from session_bus import SessionBus

    from trayquota.tray.statusnotifier import Icon

    MakeIcon = Callable[..., Icon]

WATCHER_PATH = "/StatusNotifierWatcher"
HOST_NAME = "org.kde.StatusNotifierHost-1"


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "_DELAYS_S", (0.01,))


@pytest.fixture
def late(bus: SessionBus) -> Iterator[FakeHost]:
    """A panel that has not started yet."""
    host = FakeHost(bus.address, watching=False)
    yield host
    host.close()


@pytest.fixture
def watched_by(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Gives the process that owns the watcher's name a name of its own."""

    def name(process: str) -> None:
        monkeypatch.setattr(session_bus, "_process_name", lambda _pid: process)

    return name


def test_what_waits_for_the_icon_goes_on_once_it_is_registered(host: FakeHost, make_icon: MakeIcon) -> None:
    waited: list[tuple[bool, int]] = []

    def set_up(icon: Icon) -> None:
        icon.visible = True
        waited.append((icon.wait_until_shown(PATIENCE_S), len(host.registrations.seen)))

    make_icon(set_up)
    assert waited == [(True, 1)]


@pytest.mark.usefixtures("late")
def test_what_waits_for_the_icon_goes_on_where_there_is_no_tray(make_icon: MakeIcon) -> None:
    waited: list[bool] = []

    def set_up(icon: Icon) -> None:
        icon.visible = True
        waited.append(icon.wait_until_shown(PATIENCE_S))

    make_icon(set_up)
    assert waited == [True]


def test_a_refused_registration_is_tried_again(late: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    late.refusals = 3
    late.come()
    assert len(set(late.registrations.until_there_are(4))) == 1
    assert late.items


def test_a_watcher_that_has_its_name_before_its_object_gets_the_item(late: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    late.has_object = False
    late.come()
    late.calls.until(lambda seen: seen.count("RegisterStatusNotifierItem") > 1)
    assert late.items == []
    late.has_object = True
    late.registrations.until_there_are(1)


def test_a_watcher_that_does_not_answer_is_tried_again(
    late: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration, "_REPLY_TIMEOUT_S", 0.05)
    make_icon()
    late.is_silent = True
    late.come()
    late.calls.until(lambda seen: seen.count("RegisteredStatusNotifierItems") > 1)
    late.is_silent = False
    late.registrations.until_there_are(1)


@pytest.mark.parametrize("signal", [("StatusNotifierHostRegistered", ""), ("StatusNotifierItemUnregistered", "s")])
def test_an_item_that_was_dropped_registers_again(host: FakeHost, make_icon: MakeIcon, signal: tuple[str, str]) -> None:
    make_icon()
    item = host.item
    host.items.clear()
    host.emit(WATCHER_PATH, WATCHER, signal[0], signal[1], *([item] if signal[1] else []))
    assert host.registrations.until_there_are(2) == [item, item]


@pytest.mark.parametrize("spelling", ["{}", "{}/StatusNotifierItem", "{}@/StatusNotifierItem"])
def test_an_item_that_is_listed_does_not_register_again(host: FakeHost, make_icon: MakeIcon, spelling: str) -> None:
    make_icon()
    host.items[:] = [":1.99999", spelling.format(host.item)]
    host.calls.until(lambda seen: "RegisterStatusNotifierItem" in seen)
    looks = host.calls.seen.count("RegisteredStatusNotifierItems")
    host.emit(WATCHER_PATH, WATCHER, "StatusNotifierHostRegistered", "")
    host.calls.until(lambda seen: seen.count("RegisteredStatusNotifierItems") > looks)
    host.settle()
    assert len(host.registrations.seen) == 1


def test_cinnamon_gets_the_item_where_it_opens_menus(
    late: FakeHost, make_icon: MakeIcon, watched_by: Callable[[str], None]
) -> None:
    watched_by("xapp-sn-watcher")
    icon = make_icon(title="here")
    late.come()
    assert late.registrations.until_there_are(1) == [XAPP.item_path]
    (sender, _, path) = late.items[0].partition("/")
    (title,) = late.call(sender, f"/{path}", "org.freedesktop.DBus.Properties", "Get", "ss", ITEM, "Title")
    assert title == "here"
    with pytest.raises(RemoteError, match="Unknown"):
        late.call(sender, UNKNOWN.item_path, "org.freedesktop.DBus.Properties", "Get", "ss", ITEM, "Title")
    assert icon.quirks is XAPP


def test_a_watcher_that_comes_during_registration_gets_the_item_where_it_opens_menus(
    host: FakeHost, late: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["xfce4-panel"])

    def taken_over(_pid: int) -> str:
        if (name := next(names, None)) is None:
            return "xapp-sn-watcher"
        late.come()
        return name

    monkeypatch.setattr(session_bus, "_process_name", taken_over)
    make_icon()
    assert late.registrations.until_there_are(1)[0] == XAPP.item_path
    assert XAPP.item_path not in host.registrations.seen


def test_the_habits_of_a_new_host_are_announced(
    host: FakeHost, make_icon: MakeIcon, watched_by: Callable[[str], None]
) -> None:
    changes: Recorder[str] = Recorder()
    icon = make_icon(title="<1>\n<2>")
    icon.on_quirks_changed = lambda: changes.add(icon.quirks.name)
    assert host.properties()["ToolTip"][2:] == ["<1>", "&lt;2&gt;"]
    host.leave()
    watched_by("lxqt-panel")
    host.come()
    assert changes.until_there_are(1) == ["LXQt"]
    host.registrations.until_there_are(2)
    assert host.properties()["ToolTip"][2:] == ["\u2039" + "1\u203a\n\u2039" + "2\u203a", ""]
    assert "NewToolTip" in host.sent_members()


# Whether anybody would show an item.


def test_a_watcher_that_answers_shows_items(host: FakeHost, bus: SessionBus) -> None:
    assert host.unique_name
    assert has_watcher(bus.address) is True


def test_without_a_watcher_nobody_shows_items(bus: SessionBus) -> None:
    assert has_watcher(bus.address) is False


def test_a_watcher_without_its_object_shows_nothing(late: FakeHost, bus: SessionBus) -> None:
    late.has_object = False
    late.come()
    assert has_watcher(bus.address) is False


def test_a_watcher_that_does_not_answer_shows_nothing(
    late: FakeHost, bus: SessionBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trayquota.tray.backend_choice._TIMEOUT_S", 1.0)
    late.is_silent = True
    late.come()
    assert has_watcher(bus.address) is False


def test_kdes_watcher_shows_items_only_with_a_host(
    host: FakeHost, bus: SessionBus, watched_by: Callable[[str], None]
) -> None:
    watched_by("kded5")
    assert has_watcher(bus.address) is False
    host.own(HOST_NAME)
    assert has_watcher(bus.address) is True
