"""The applet on real trays, against a stand-in for the providers: what a person sees and does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from .screen import difference
from .standin import Accounts, Providers
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from .conftest import OpenDesk
    from .desktop_session import Desk
    from .processes import Program
    from .screen import Box

PYTHON = os.environ.get("TRAYQUOTA_TEST_PYTHON", sys.executable)
SHOWN_S = 2.0
"""A change in the folder is shown within this time."""

ADA = "Claude ada@example.com: 5-hour 42% (2h 13m), Weekly 80% (3d 4h)"
BOB = "Codex bob@example.org: 5-hour 70% (1h 50m), Weekly 57% (4d)"
HEADLINE = "42% left: Claude ada@example.com, 5-hour"


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Ada's and Bob's."""
    with Providers() as providers:
        accounts = Accounts(tmp_path / "accounts", providers)
        accounts.add("claude", "ada@example.com", left=(42, 80))
        accounts.add("codex", "bob@example.org", left=(70, 57))
        yield accounts


def start(desk: Desk, accounts: Accounts, *options: str) -> Program:
    argv = [PYTHON, "-m", "trayquota", "--dir", str(accounts.folder), *options]
    return desk.start(argv, {"TRAYQUOTA_GATEWAY": accounts.providers.url})


def tooltip(desk: Desk) -> str:
    """The tooltip as the item tells it to the panel, title first; empty without an item."""
    if not desk.bus.items():
        return ""
    _name, _picture, title, text = desk.bus.item_property("ToolTip")
    return f"{title}\n{text}"


def wait_for_headline(desk: Desk, words: str, deadline_s: float = 10.0) -> None:
    wait_until(lambda: tooltip(desk).startswith(words), f"tooltip with {words!r}", deadline_s)


def wait_for_icon(desk: Desk, headline: str = HEADLINE) -> Box:
    wait_for_headline(desk, headline)
    return desk.wait_for_icon()


def icon_picture(desk: Desk) -> Image.Image:
    return desk.screen.picture_at_rest().crop(desk.tray)


def assert_ended_well(program: Program) -> None:
    assert program.wait() == 0
    assert "Traceback" not in program.log


def test_nothing_but_wheels_is_behind_it() -> None:
    found = "import importlib.util, sys; sys.exit(importlib.util.find_spec('gi') is not None)"
    done = subprocess.run([PYTHON, "-c", found], check=False)
    assert done.returncode == 0, "GTK's bindings can be imported: this proves nothing about an installation without"


def test_icon_tooltip_and_menu_tell_of_every_account(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    icon = wait_for_icon(desk)
    assert icon.width >= 12
    assert icon.height >= 12

    tip = desk.hover(icon)
    desk.screenshot("applet-tooltip")
    lines = tip.text().splitlines()
    assert lines[0] == HEADLINE
    assert lines[1:3] == [ADA, BOB]
    assert lines[3].startswith("Updated")
    desk.leave()

    menu = desk.open_menu(icon)
    desk.screenshot("applet-menu")
    said = menu.text()
    for words in (
        "ada@example.com",
        "bob@example.org",
        "42% 5-hour",
        "80% Weekly",
        "70% 5-hour",
        "57% Weekly",
        "resets in 2h 13m",
        "resets in 3d 4h",
        "Refresh now",
        "Updated",
        "Open credentials folder",
        "Settings",
        "Quit",
    ):
        assert words in said
    desk.close_menu(menu)


def test_a_left_click_opens_the_menu_too(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    menu = desk.open_menu(wait_for_icon(desk), button=1)
    assert "Refresh now" in menu.text()
    desk.close_menu(menu)


def test_refresh_now_asks_again_and_shows_the_answer(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    icon = wait_for_icon(desk)
    before = icon_picture(desk)
    asked = len(accounts.providers.asked)
    accounts.set_left("claude", "ada@example.com", (9, 78))

    desk.click_row(desk.open_menu(icon), "Refresh now")
    wait_until(lambda: len(accounts.providers.asked) >= asked + 2, "questions for both accounts")
    wait_for_headline(desk, "9% left")
    desk.leave()
    assert difference(before, icon_picture(desk)) is not None
    desk.screenshot("applet-refreshed")
    assert "9% left: Claude ada@example.com, 5-hour" in desk.hover(desk.wait_for_icon()).text()


def test_changes_in_the_folder_are_shown_within_two_seconds(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    wait_for_icon(desk)
    at_first = icon_picture(desk)

    def shown(headline: str, since: float, *, as_at_first: bool) -> None:
        wait_for_headline(desk, headline, since + SHOWN_S - time.monotonic())
        wait_until(
            lambda: (difference(at_first, desk.screen.picture().crop(desk.tray)) is None) is as_at_first,
            "change of the icon",
            since + SHOWN_S - time.monotonic(),
        )

    since = time.monotonic()
    added = accounts.add("claude", "dan@example.net", left=(7, 95))
    shown("7% left: Claude dan@example.net, 5-hour", since, as_at_first=False)
    said = desk.hover(desk.wait_for_icon()).text()
    desk.screenshot("applet-added")
    assert "Claude dan@example.net: 5-hour 7%" in said
    assert "Claude ada@example.com: 5-hour 42%" in said
    desk.leave()

    since = time.monotonic()
    accounts.disable(added)
    shown(HEADLINE, since, as_at_first=True)
    since = time.monotonic()
    accounts.disable(added, disabled=False)
    shown("7% left", since, as_at_first=False)

    since = time.monotonic()
    added.unlink()
    shown(HEADLINE, since, as_at_first=True)
    said = desk.hover(desk.wait_for_icon()).text()
    desk.screenshot("applet-removed")
    assert "dan@example.net" not in said
    assert "Claude ada@example.com: 5-hour 42%" in said


def test_the_credentials_folder_is_opened_and_left_as_it_was(desk: Desk, accounts: Accounts) -> None:
    opened = desk.home / "opened"
    opener = desk.home / "bin/xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf "%s" "$*" > {opened}.part && mv {opened}.part {opened}\n')
    opener.chmod(0o755)
    before = accounts.contents()
    start(desk, accounts)
    desk.click_row(desk.open_menu(wait_for_icon(desk)), "Open credentials folder")
    wait_until(opened.exists, "opened folder")
    assert opened.read_text().removeprefix("file://") == str(accounts.folder)
    assert accounts.contents() == before


def test_a_quota_that_runs_low_is_notified(desk: Desk, accounts: Accounts) -> None:
    desk.start_notifications()
    start(desk, accounts)
    icon = wait_for_icon(desk)
    accounts.set_left("codex", "bob@example.org", (4, 57))
    desk.click_row(desk.open_menu(icon), "Refresh now")
    desk.leave()
    said = desk.wait_for_notification().text()
    desk.screenshot("applet-notification")
    assert "4%" in said
    assert "bob@example.org" in said


def test_quit_in_the_menu_ends_it(desk: Desk, accounts: Accounts) -> None:
    program = start(desk, accounts)
    desk.click_row(desk.open_menu(wait_for_icon(desk)), "Quit")
    assert_ended_well(program)
    desk.wait_for_no_icon()


def test_sigterm_ends_it_even_while_answers_are_awaited(desk: Desk, accounts: Accounts) -> None:
    accounts.providers.hang()
    program = start(desk, accounts)
    desk.wait_for_icon()
    wait_until(lambda: len(accounts.providers.asked) == 2, "questions")
    desk.screenshot("applet-loading")
    program.terminate()
    assert_ended_well(program)
    desk.wait_for_no_icon()


def test_it_waits_for_a_panel_and_survives_its_end(desk: Desk, accounts: Accounts) -> None:
    desk.panel.end()
    program = start(desk, accounts)
    wait_until(lambda: len(accounts.providers.asked) == 2, "questions")
    desk.start_panel()
    wait_for_icon(desk)
    desk.panel.end()
    desk.start_panel()
    wait_for_icon(desk)
    program.terminate()
    assert_ended_well(program)


def test_without_any_tray_it_says_so(open_desk: OpenDesk, accounts: Accounts) -> None:
    program = start(open_desk(bus=False), accounts)
    assert program.wait() == 3
    assert program.log.strip()
    assert "Traceback" not in program.log


def test_in_a_tray_of_the_old_kind_a_click_refreshes(xembed_desk: Desk, accounts: Accounts) -> None:
    program = start(xembed_desk, accounts)
    wait_until(lambda: len(accounts.providers.asked) == 2, "questions")
    icon = xembed_desk.wait_for_icon()
    xembed_desk.screenshot("applet-xembed")
    # Such a tray has no transparency: all of the icon's square is painted.
    assert icon.width >= 20
    assert icon.height >= 20
    before = icon_picture(xembed_desk)
    accounts.set_left("claude", "ada@example.com", (9, 78))
    xembed_desk.screen.move(*icon.centre)
    xembed_desk.screen.click()
    wait_until(lambda: len(accounts.providers.asked) == 4, "questions after the click")
    wait_until(lambda: difference(before, icon_picture(xembed_desk)), "change of the icon")
    program.terminate()
    assert_ended_well(program)


def test_in_a_tray_of_the_old_kind_a_click_tells_what_is_left(xembed_desk_with_bus: Desk, accounts: Accounts) -> None:
    desk = xembed_desk_with_bus
    start(desk, accounts, "--backend", "xorg")
    wait_until(lambda: len(accounts.providers.asked) == 2, "questions")
    icon = desk.wait_for_icon()
    desk.screen.move(*icon.centre)
    desk.screen.click()
    wait_until(lambda: len(accounts.providers.asked) == 4, "questions after the click")
    said = desk.wait_for_notification().text()
    desk.screenshot("applet-xembed-notification")
    assert "42% left" in said
    assert "ada@example.com" in said
