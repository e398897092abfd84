"""The settings in the menu of a real panel: what a click changes is seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .hosts import XFCE, Case, Xfce, on
from .screen import difference
from .standin import Accounts, Providers
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .applet import Applet
    from .host import Host
    from .popup import Popup
    from .screen import Box

HEADLINE = "42% left"
BOTH_LOOKS = on(XFCE, Case(Xfce, new=False))


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """Ada's."""
    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        accounts.add("claude", "ada@example.com", left=(42, 80))
        yield accounts


def open_settings(host: Host, icon: Box) -> Popup:
    return host.open_submenu(host.open_menu(icon), "Settings")


@BOTH_LOOKS
def test_another_style_of_the_icon_is_seen(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline(HEADLINE)
    icon = applet.find_icon()
    before = host.picture_of_bar()
    styles = host.open_submenu(open_settings(host, icon), "Icon")
    host.desk.screenshot("settings-icon")
    # Each has the circle of its radio button before it; what else the menu has comes after them.
    titles = ("Number", "Ring", "Two bars", "Plain")
    assert all(title in line.text for title, line in zip(titles, styles.lines()[: len(titles)], strict=True))
    host.click_row(styles, "Ring")
    wait_until(lambda: 'icon_style = "ring"' in applet.config(), "kept choice")
    host.leave()
    wait_until(lambda: difference(before, host.picture_of_bar()), "change of the icon")
    host.desk.screenshot("settings-ring")
    assert applet.tooltip().startswith(HEADLINE)


@BOTH_LOOKS
def test_hidden_e_mails_are_seen_nowhere(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline(HEADLINE)
    icon = applet.find_icon()
    assert "ada@example.com" in host.hover(icon).text()
    host.leave()
    settings = open_settings(host, icon)
    host.desk.screenshot("settings-open")
    host.click_row(settings, "Hide e-mails")
    applet.wait_for_headline("42% left: Claude account 1")
    host.leave()
    said = host.hover(icon).text()
    host.desk.screenshot("settings-hidden")
    assert "account 1" in said
    assert "ada" not in said
    host.leave()
    menu = host.open_menu(icon)
    assert "ada" not in menu.text()
    host.close_menu(menu)
