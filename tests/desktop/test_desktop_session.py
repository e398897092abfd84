"""The desk itself: what its pictures and clicks tell about the smallest programs is true."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from dbus_fast import Message

from . import tiny_item
from .desktop_session import HERE, NOTIFICATIONS, Desk
from .processes import having
from .screen import difference
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .processes import Program
    from .screen import Box

ORANGE = (240, 140, 20)


def start_tiny(desk: Desk, name: str) -> Program:
    return desk.start([sys.executable, HERE / f"{name}.py"])


def assert_orange(desk: Desk, box: Box) -> None:
    assert desk.screen.picture().getpixel(box.centre) == ORANGE
    assert box.width >= 20
    assert box.height >= 20


def test_an_icon_is_seen_when_it_comes_and_when_it_goes(desk: Desk) -> None:
    assert desk.icon() is None
    program = start_tiny(desk, "tiny_item")
    assert_orange(desk, desk.wait_for_icon())
    assert len(desk.bus.items()) == 1
    desk.screenshot("tiny-icon")
    program.end()
    desk.wait_for_no_icon()
    assert desk.bus.items() == []


def test_a_tooltip_is_read(desk: Desk) -> None:
    start_tiny(desk, "tiny_item")
    tooltip = desk.hover(desk.wait_for_icon())
    desk.screenshot("tiny-tooltip")
    assert tooltip.text() == f"{tiny_item.TOOLTIP_TITLE}\n{tiny_item.TOOLTIP_TEXT}"
    assert desk.bus.item_property("ToolTip")[2:] == (tiny_item.TOOLTIP_TITLE, tiny_item.TOOLTIP_TEXT)
    desk.leave()
    assert desk.screen.popups() == {}


def test_a_menu_is_read_and_closed(desk: Desk) -> None:
    program = start_tiny(desk, "tiny_item")
    icon = desk.wait_for_icon()
    before = desk.screen.picture_at_rest()
    menu = desk.open_menu(icon)
    desk.screenshot("tiny-menu")
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
    desk.close_menu(menu)
    desk.leave()
    assert difference(before, desk.screen.picture_at_rest()) is None
    assert program.log == ""


def test_rows_of_a_menu_are_clicked(desk: Desk) -> None:
    program = start_tiny(desk, "tiny_item")
    icon = desk.wait_for_icon()
    desk.click_row(desk.open_menu(icon), "Refresh now")
    wait_until(lambda: program.log == "Refresh now\n", "click")
    desk.click_row(desk.open_menu(icon), "Quit")
    assert program.wait() == 0
    desk.wait_for_no_icon()


def test_a_panel_can_go_and_come_back(desk: Desk) -> None:
    desk.panel.end()
    wait_until(lambda: difference(desk.screen.picture(), desk._nothing) is None, "screen without a panel")
    desk.start_panel()
    start_tiny(desk, "tiny_item")
    desk.wait_for_icon()


def test_an_icon_in_an_xembed_tray_is_seen_and_clicked(xembed_desk: Desk) -> None:
    assert "DBUS_SESSION_BUS_ADDRESS" not in xembed_desk.env
    program = start_tiny(xembed_desk, "tiny_xembed")
    icon = xembed_desk.wait_for_icon()
    xembed_desk.screenshot("tiny-xembed")
    assert_orange(xembed_desk, icon)
    xembed_desk.screen.move(*icon.centre)
    xembed_desk.screen.click()
    wait_until(lambda: program.log == "clicked\n", "click")
    program.end()
    xembed_desk.wait_for_no_icon()


def test_a_notification_is_read(xembed_desk_with_bus: Desk) -> None:
    desk = xembed_desk_with_bus
    values = ["tiny", 0, "", "42% left", "Claude ada@example.com, 5-hour", [], {}, -1]
    path = "/org/freedesktop/Notifications"
    desk.bus.call(Message(NOTIFICATIONS, path, NOTIFICATIONS, "Notify", signature="susssasa{sv}i", body=values))
    notification = desk.wait_for_notification()
    desk.screenshot("tiny-notification")
    assert notification.text() == "42% left\nClaude ada@example.com, 5-hour"


def test_nothing_is_left_of_a_desk(desk_folder: Path) -> None:
    with Desk(desk_folder) as desk:
        desk.start_panel()
        mark = ("XDG_RUNTIME_DIR", desk.env["XDG_RUNTIME_DIR"])
        assert len(having(*mark)) >= 6
    assert having(*mark) == set()


def test_a_process_that_outlives_its_starter_is_ended_and_told_of(desk_folder: Path) -> None:
    desk = Desk(desk_folder, bus=False)
    desk.__enter__()
    desk.start(["sh", "-c", "sleep 600 &"]).wait()
    with pytest.raises(AssertionError, match="outlived"):
        desk.__exit__()
    assert having("XDG_RUNTIME_DIR", desk.env["XDG_RUNTIME_DIR"]) == set()
