"""The applet on a desktop with a taskbar, seen in pictures and used with pointer and keys."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import Level
from trayquota.render import render
from trayquota.views.tray_view import IconSpec

from .applet import Applet
from .screen import SIZE, Box, Row, Screen, read
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .providers import Providers
    from .wine import Wine

HERE = Path(__file__).parent
PLENTY = IconSpec(percent=42, level=Level.PLENTY)
LESS = IconSpec(percent=41, level=Level.PLENTY)
"""Not so much less that a notification of the pace would cover the icon."""


@pytest.fixture
def applet(wine: Wine, providers: Providers, tmp_path: Path) -> Iterator[Applet]:
    """The applet, with two accounts."""
    applet = Applet(wine, providers, tmp_path)
    providers.add(applet.accounts, "ada", 42)
    providers.add(applet.accounts, "bob", 60)
    with applet:
        yield applet


def centre(box: Box) -> tuple[int, int]:
    return (box.left + box.right) // 2, (box.top + box.bottom) // 2


def open_menu(screen: Screen, icon: Box) -> Box:
    """Open the menu with a right click on the icon's lower left corner, and return where it is.

    So it does not cover the icon, nor does a balloon that is shown cover that corner. It ends at the pointer, or above
    the taskbar where Wine has taken that off the work area, which it does in some sessions.
    """
    corner = (icon.left, icon.bottom - 1)
    taskbar = next(box for box in screen.windows() if box.top <= icon.top and box.bottom >= icon.bottom)
    ends = {corner[1], taskbar.top}
    screen.move(*corner)
    return screen.click_for("menu", lambda box: box.right == corner[0] and box.bottom in ends, button=3)


def row_with(words: str, screen: Screen, menu: Box) -> Row:
    rows = read(screen.picture(menu))
    found = next((row for row in rows if words in row.text), None)
    assert found is not None, f"no {words!r} in {[row.text for row in rows]}"
    return Row(found.text, menu.left + found.x, menu.top + found.y)


def choose(words: str, screen: Screen, menu: Box) -> None:
    row = row_with(words, screen, menu)
    screen.move(row.x, row.y)
    screen.click()


def test_icon_tooltip_menu_and_quit(applet: Applet, screen: Screen, providers: Providers) -> None:
    icon = applet.icon(render(PLENTY, 16))
    known = screen.windows()

    screen.move(*centre(icon))
    tooltip = screen.popup("tooltip", lambda box: box not in known)
    text = [row.text for row in read(screen.picture(tooltip))]
    assert text[0].startswith("42% left"), text
    assert any("bob@example.com" in line for line in text), text

    menu = open_menu(screen, icon)
    text = [row.text for row in read(screen.picture(menu))]
    assert any("ada@example.com" in line for line in text), text
    assert any("Open credentials folder" in line for line in text), text

    # Values that change while it is open wait; a click does not.
    before = screen.picture(menu)
    providers.left["token-ada"] = (41, 80)
    polls = providers.polls
    assert applet.run().code == 0, "a second start has the first one refresh"
    wait_until(lambda: providers.polls > polls, "refresh")
    applet.icon(render(LESS, 16))
    assert screen.picture(menu) == before
    polls = providers.polls
    choose("Refresh now", screen, menu)
    wait_until(lambda: providers.polls > polls, "refresh after the click")

    menu = open_menu(screen, icon)
    row_with("41%", screen, menu)
    choose("Quit", screen, menu)
    assert applet.exit_code() == 0
    assert not applet.has_icon(render(LESS, 16))


def test_taskkill_without_force_ends_it_in_order(applet: Applet, wine: Wine) -> None:
    applet.icon(render(PLENTY, 16))
    assert wine.run("taskkill", "/IM", "python.exe").code == 0
    assert applet.exit_code() == 0
    assert not applet.has_icon(render(PLENTY, 16))


def test_the_icon_comes_back_with_a_new_taskbar(applet: Applet, wine: Wine) -> None:
    applet.icon(render(PLENTY, 16))
    forget = wine.run_python(windows_path(HERE / "forget_icons.py"))
    assert forget.code == 0, forget.err
    wait_until(lambda: not applet.has_icon(render(PLENTY, 16)), "taskbar without the icon")
    announce = wine.run_python(windows_path(HERE / "forget_icons.py"), "--announce")
    assert announce.code == 0, announce.err
    applet.icon(render(PLENTY, 16))


def test_many_low_accounts_are_notified_of_in_one_balloon(
    wine: Wine, providers: Providers, tmp_path: Path, screen: Screen
) -> None:
    applet = Applet(wine, providers, tmp_path)
    for number in range(12):
        providers.add(applet.accounts, f"a-person-with-a-rather-long-name-{number}", 8)
    with applet:
        balloon = screen.popup("balloon", lambda box: box.right - box.left < SIZE[0])
        text = [row.text for row in read(screen.picture(balloon))]
        assert "12 updates" in text[0], text
        # The balloon's tail is not text, but may be read as a letter below it.
        assert any(line.endswith("more") for line in text[1:]), text

        screen.click()
        applet.icon(render(IconSpec(percent=8, level=Level.CRITICAL), 16))
        assert applet.run().code == 0


def test_the_icon_is_drawn_at_the_size_of_each_resolution(wine: Wine, providers: Providers, tmp_path: Path) -> None:
    applet = Applet(wine, providers, tmp_path)
    providers.add(applet.accounts, "ada", 42)
    try:
        for dpi, px in ((120, 20), (144, 24), (192, 32)):
            wine.set_dpi(dpi)
            with applet:
                applet.icon(render(PLENTY, px))
    finally:
        wine.set_dpi(96)
