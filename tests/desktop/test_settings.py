"""The settings in the menu of a real panel: what a click changes is seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .screen import difference
from .standin import Accounts, Providers
from .test_applet import HEADLINE, icon_picture, start, tooltip, wait_for_headline, wait_for_icon
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import OpenDesk
    from .desktop_session import Desk, Popup
    from .screen import Box


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    """Ada's."""
    with Providers() as providers:
        accounts = Accounts(tmp_path / "accounts", providers)
        accounts.add("claude", "ada@example.com", left=(42, 80))
        yield accounts


@pytest.fixture(params=["dark", "light"])
def desk(request: pytest.FixtureRequest, open_desk: OpenDesk) -> Desk:
    """The panel in each of its looks."""
    desk = open_desk()
    desk.start_panel(dark=request.param == "dark")
    return desk


def open_settings(desk: Desk, icon: Box) -> Popup:
    return desk.open_submenu(desk.open_menu(icon), "Settings")


def config(desk: Desk) -> str:
    path = desk.home / ".config/trayquota/config.toml"
    return path.read_text() if path.exists() else ""


def test_another_style_of_the_icon_is_seen(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    icon = wait_for_icon(desk)
    before = icon_picture(desk)
    styles = desk.open_submenu(open_settings(desk, icon), "Icon")
    desk.screenshot("settings-icon")
    # Each has the circle of its radio button before it.
    assert all(words in line.text for words, line in zip(("Number", "Ring", "Two bars"), styles.lines(), strict=True))
    desk.click_row(styles, "Ring")
    wait_until(lambda: 'icon_style = "ring"' in config(desk), "kept choice")
    desk.leave()
    wait_until(lambda: difference(before, icon_picture(desk)), "change of the icon")
    desk.screenshot("settings-ring")
    desk.wait_for_icon()
    assert tooltip(desk).startswith(HEADLINE)


def test_hidden_e_mails_are_seen_nowhere(desk: Desk, accounts: Accounts) -> None:
    start(desk, accounts)
    icon = wait_for_icon(desk)
    assert "ada@example.com" in desk.hover(icon).text()
    desk.leave()
    settings = open_settings(desk, icon)
    desk.screenshot("settings-open")
    desk.click_row(settings, "Hide e-mails")
    wait_for_headline(desk, "42% left: Claude account 1")
    desk.leave()
    said = desk.hover(icon).text()
    desk.screenshot("settings-hidden")
    assert "account 1" in said
    assert "ada" not in said
    desk.leave()
    menu = desk.open_menu(icon)
    assert "ada" not in menu.text()
    desk.close_menu(menu)
