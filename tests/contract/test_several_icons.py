"""Several icons on one tray: each an item of its own, all on one thread."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.model import Level
from trayquota.tray import session_bus
from trayquota.tray.backend_choice import BackendChoice
from trayquota.tray.statusnotifier import service
from trayquota.tray.statusnotifier.service import TrayService
from trayquota.tray.tray import Tray
from trayquota.views.tray_view import Arrangement, IconSpec, MenuItem, OpenFolder, Refresh, TrayView

from .command import wait_until
from .fake_host import ITEM, ITEM_PATH, FakeHost
from .recorder import PATIENCE_S, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest
    from dbus_fast.aio import MessageBus
    from session_bus import SessionBus

    from trayquota.views.tray_view import Action

CLAUDE = TrayView(
    icon=IconSpec(percent=42, level=Level.PLENTY),
    headline="42% left: Claude",
    lines=(),
    brief=(),
    menu=(MenuItem("Refresh now", Refresh(), default=True),),
    arrangement=Arrangement(inline=("claude",)),
)
CODEX = replace(
    CLAUDE,
    icon=IconSpec(percent=7, level=Level.CRITICAL),
    headline="7% left: Codex",
    menu=(MenuItem("Codex", OpenFolder("/codex")),),
    arrangement=Arrangement(inline=("codex",)),
)
KIMI = replace(CLAUDE, headline="80% left: Kimi")


@contextmanager
def running(act: Recorder[Action], *views: TrayView) -> Iterator[Tray]:
    tray, ready = Tray("trayquota-test", BackendChoice("statusnotifier", "asked for"), act.add), threading.Event()
    tray.show(*views)
    thread = threading.Thread(target=tray.run, args=(ready.set,), name="test-run")
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield tray
    finally:
        tray.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def titles(host: FakeHost, names: list[str]) -> list[str]:
    properties = "org.freedesktop.DBus.Properties"
    return [host.call(name, ITEM_PATH, properties, "Get", "ss", ITEM, "Title")[0] for name in names]


def gone(host: FakeHost, name: str) -> bool:
    return any(each.member == "NameOwnerChanged" and each.body == [name, name, ""] for each in host.signals.seen)


def test_each_view_is_an_item_with_its_own_texts_and_menu(host: FakeHost) -> None:
    actions: Recorder[Action] = Recorder()
    with running(actions, CLAUDE, CODEX) as tray:
        names = host.registrations.until_there_are(2)
        assert sorted(titles(host, names)) == ["42% left: Claude", "7% left: Codex"]
        assert host.properties()["Id"] == "trayquota-test-2"
        row = host.layout().find("Codex")
        host.on_menu("Event", "isvu", row.id, "clicked", _nothing(), 0)
        assert actions.until_there_are(1) == [OpenFolder("/codex")]
        tray.show(CLAUDE, replace(CODEX, headline="6% left: Codex"))
        wait_until(lambda: titles(host, names[1:]) == ["6% left: Codex"], "new title")
        assert titles(host, names[:1]) == ["42% left: Claude"]


def test_icons_come_in_their_order(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    views = [replace(CLAUDE, headline=f"{number}% left") for number in range(4)]
    delays_s = iter((0.0, 0.3, 0.1))
    connect = service._connection

    async def connect_late(address: str) -> MessageBus:
        await asyncio.sleep(next(delays_s, 0.0))
        return await connect(address)

    monkeypatch.setattr(service, "_connection", connect_late)
    with running(Recorder(), *views):
        assert titles(host, host.registrations.until_there_are(4)) == [view.headline for view in views]


def test_a_host_that_sorts_by_title_keeps_several_icons_in_their_order(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_bus, "_process_name", lambda _pid: "kded5")
    with running(Recorder(), CLAUDE, CODEX) as tray:
        names = host.registrations.until_there_are(2)
        wait_until(lambda: titles(host, names) == ["1: 42% left: Claude", "2: 7% left: Codex"], "titles in order")
        tray.show(CLAUDE)
        wait_until(lambda: titles(host, names[:1]) == ["42% left: Claude"], "title of a single icon")


def test_further_icons_come_and_go_without_the_first(host: FakeHost) -> None:
    with running(Recorder(), CLAUDE, CODEX, KIMI) as tray:
        first, *_ = names = host.registrations.until_there_are(3)
        kimi = next(name for name in names if titles(host, [name]) == ["80% left: Kimi"])
        tray.show(CLAUDE, CODEX)
        wait_until(lambda: gone(host, kimi), "end of an item")
        tray.show(CLAUDE)
        wait_until(lambda: sum(gone(host, name) for name in names) == 2, "end of both")
        assert not gone(host, first)
        tray.show(CLAUDE, KIMI)
        again = host.registrations.until_there_are(4)[-1]
        assert titles(host, [first, again]) == ["42% left: Claude", "80% left: Kimi"]


def test_five_icons_take_no_thread_more_than_one(host: FakeHost) -> None:
    with running(Recorder(), CLAUDE) as tray:
        host.registrations.until_there_are(1)
        before = set(threading.enumerate())
        tray.show(CLAUDE, CODEX, KIMI, CODEX, KIMI)
        host.registrations.until_there_are(5)
        assert set(threading.enumerate()) <= before


def test_changes_of_several_icons_wake_the_loop_once(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[object] = []
    post = TrayService.post

    def count(each: TrayService, call: Callable[[], object]) -> None:
        posted.append(call)
        post(each, call)

    with running(Recorder(), CLAUDE, CODEX, KIMI) as tray:
        names = host.registrations.until_there_are(3)
        monkeypatch.setattr(TrayService, "post", count)
        headlines = ["1% left: Claude", "2% left: Codex", "3% left: Kimi"]
        tray.show(*(replace(view, headline=each) for view, each in zip((CLAUDE, CODEX, KIMI), headlines, strict=True)))
        wait_until(lambda: sorted(titles(host, names)) == headlines, "new titles")
        assert len(posted) == 1


def test_the_wheel_says_over_which_icon_it_is_turned(host: FakeHost) -> None:
    turned: Recorder[tuple[int, int]] = Recorder()
    with running(Recorder(), CLAUDE, CODEX, KIMI) as tray:
        tray.on_scroll = lambda icon, steps: turned.add((icon, steps))
        names = dict(zip(titles(host, names := host.registrations.until_there_are(3)), names, strict=True))
        for view in (KIMI, CLAUDE, CODEX):
            host.call(names[view.headline], ITEM_PATH, ITEM, "Scroll", "is", 120, "vertical")
        assert turned.until_there_are(3) == [(2, 120), (0, 120), (1, 120)]


def test_an_open_menu_keeps_its_rows_and_the_others_do_not(host: FakeHost) -> None:
    with running(Recorder(), CLAUDE, CODEX) as tray:
        host.registrations.until_there_are(2)
        assert (tray.arrangement(0), tray.arrangement(1), tray.arrangement(2)) == (None, None, None)
        host.on_menu("Event", "isvu", 0, "opened", _nothing(), 0)
        wait_until(lambda: tray.arrangement(1) == CODEX.arrangement, "open menu")
        assert tray.arrangement(0) is None


def test_all_icons_are_there_again_on_a_bus_that_has_died(bus: SessionBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_DELAYS_S", (0.01,))
    before = FakeHost(bus.address)
    with running(Recorder(), CLAUDE, CODEX):
        before.registrations.until_there_are(2)
        before.close()
        bus.kill()
        bus.start()
        after = FakeHost(bus.address)
        try:
            assert sorted(titles(after, after.registrations.until_there_are(2))) == [
                "42% left: Claude",
                "7% left: Codex",
            ]
        finally:
            after.close()


def test_a_backend_with_one_icon_says_so() -> None:
    assert not Tray("trayquota-test", BackendChoice("none", "asked for"), lambda _action: None).has_additional_icons


def _nothing() -> object:
    from dbus_fast import Variant

    return Variant("i", 0)
