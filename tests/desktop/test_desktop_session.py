"""The rig itself: what its pictures and clicks say about the smallest programs is true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dbus_fast import Message
from PIL import Image, ImageChops

from . import tiny_item
from .desktop_session import Desk
from .hosts import XFCE, Case, Trayer, on
from .notifications import NOTIFICATIONS, start_dunst
from .processes import having
from .screen import changes, difference, extent
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .host import Host
    from .processes import Program
    from .screen import Box

FOLDER = Path(__file__).parent
TRAYER = Case(Trayer, new=False)


class Tiny:
    """The smallest programs with an icon, on a host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._programs: list[Program] = []

    def start(self, name: str) -> Program:
        """Start one."""
        self._programs.append(self._host.desk.start([sys.executable, FOLDER / f"{name}.py"]))
        return self._programs[-1]

    def icon(self) -> Box | None:
        """Where the panel has the colour of their icons."""
        bar = self._host.bar()
        panel = self._host.screen.picture().crop(bar).convert("RGB")
        others = changes(panel, Image.new("RGB", panel.size, tiny_item.ORANGE))
        found = extent(ImageChops.invert(others))
        return None if found is None else found.moved(bar.left, bar.top)

    def wait_for_icon(self) -> Box:
        """Where it is, once it has come and is at rest."""
        wait_until(self.icon, "icon in the panel")
        self._host.screen.picture_at_rest()
        found = self.icon()
        assert found is not None
        assert found.width >= 20
        assert found.height >= 20
        return found

    def wait_for_no_icon(self) -> None:
        """Wait until it has gone."""
        wait_until(lambda: self.icon() is None, "panel without an icon")

    def end(self) -> None:
        """End all of them."""
        for program in self._programs:
            program.end()
        self.wait_for_no_icon()


@pytest.fixture
def tiny(host: Host) -> Iterator[Tiny]:
    tiny = Tiny(host)
    yield tiny
    tiny.end()


@on(XFCE)
def test_an_icon_is_seen_when_it_comes_and_when_it_goes(host: Host, tiny: Tiny) -> None:
    assert tiny.icon() is None
    program = tiny.start("tiny_item")
    tiny.wait_for_icon()
    assert host.desk.bus.item_of(program.pid) is not None
    host.desk.screenshot("tiny-icon")
    program.end()
    tiny.wait_for_no_icon()
    assert host.desk.bus.items() == []


@on(XFCE)
def test_a_tooltip_is_read(host: Host, tiny: Tiny) -> None:
    program = tiny.start("tiny_item")
    tooltip = host.hover(tiny.wait_for_icon())
    host.desk.screenshot("tiny-tooltip")
    whole = f"{tiny_item.TOOLTIP_TITLE}\n{tiny_item.TOOLTIP_TEXT}"
    assert tooltip.text() == whole
    assert host.tip(program.pid) == whole
    host.leave()
    assert tooltip.window not in host.screen.windows()


@on(XFCE)
def test_a_menu_is_read_and_closed(host: Host, tiny: Tiny) -> None:
    program = tiny.start("tiny_item")
    icon = tiny.wait_for_icon()
    before = host.screen.picture_at_rest()
    menu = host.open_menu(icon)
    host.desk.screenshot("tiny-menu")
    lines = [line.text for line in menu.lines()]
    assert len(lines) == len([label for label in tiny_item.LABELS if label])
    for line, words in zip(
        lines,
        (
            ("Claude", "ada@example.com", "Max 20x"),
            ("42%", "5-hour", "resets in 2h 13m (16:40)", "runs out in 1h 20m"),
            ("80%", "Weekly", "resets in 3d 4h (Thu 09:00)"),
            ("Refresh now",),
            ("Updated 2 min ago",),
            ("Open credentials folder",),
            ("Quit",),
        ),
        strict=True,
    ):
        assert all(word in line for word in words), line
    host.close_menu(menu)
    host.leave()
    assert difference(before, host.screen.picture_at_rest()) is None
    assert program.log == ""


@on(XFCE)
def test_rows_of_a_menu_are_clicked(host: Host, tiny: Tiny) -> None:
    program = tiny.start("tiny_item")
    icon = tiny.wait_for_icon()
    host.click_row(host.open_menu(icon), "Refresh now")
    wait_until(lambda: program.log == "Refresh now\n", "click")
    host.click_row(host.open_menu(icon), "Quit")
    assert program.wait() == 0
    tiny.wait_for_no_icon()


@on(XFCE)
def test_a_panel_can_go_and_come_back(host: Host, tiny: Tiny) -> None:
    host.stop()
    wait_until(lambda: not host.bars(), "screen without a panel")
    host.start()
    tiny.start("tiny_item")
    tiny.wait_for_icon()


@on(TRAYER)
def test_an_icon_in_an_xembed_tray_is_seen_and_clicked(host: Host, tiny: Tiny) -> None:
    program = tiny.start("tiny_xembed")
    icon = tiny.wait_for_icon()
    host.desk.screenshot("tiny-xembed")
    host.click(icon, 1)
    wait_until(lambda: program.log == "clicked\n", "click")
    program.end()
    tiny.wait_for_no_icon()


@on(TRAYER)
def test_a_notification_is_read(host: Host) -> None:
    server = start_dunst(host.desk)
    before = host.look()
    values = ["tiny", 0, "", "42% left", "Claude ada@example.com, 5-hour", [], {}, -1]
    path = "/org/freedesktop/Notifications"
    host.desk.bus.call(Message(NOTIFICATIONS, path, NOTIFICATIONS, "Notify", signature="susssasa{sv}i", body=values))
    notification = host.new_popup(before, "notification")
    host.desk.screenshot("tiny-notification")
    assert notification.text() == "42% left\nClaude ada@example.com, 5-hour"
    server.end()


def test_nothing_is_left_of_a_host() -> None:
    with XFCE.started(XFCE.place_or_skip()) as host:
        assert len(having(*host.desk.mark)) >= 5
    assert having(*host.desk.mark) == set()


def test_a_process_that_outlives_its_starter_is_ended_and_reported(tmp_path: Path) -> None:
    XFCE.place_or_skip()
    desk = Desk(tmp_path, bus=False)
    desk.__enter__()
    desk.start(["sh", "-c", "sleep 600 &"]).wait()
    with pytest.raises(AssertionError, match="outlived"):
        desk.__exit__()
    assert having(*desk.mark) == set()
