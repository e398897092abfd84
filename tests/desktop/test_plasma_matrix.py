"""Plasma in every look: few and many accounts, one and two pixels per pixel, light and dark."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from PIL import ImageStat

from .hosts import Case, Plasma, on
from .people import HEADLINE, SIX, add_people
from .standin import Accounts, Providers
from .test_hosts import assert_on_screen, assert_still
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PIL import Image

    from .applet import Applet
    from .host import Host

AMOUNTS = (1, 6, 30)
LOOKS = [Case(Plasma, new=True, scale=scale, dark=dark) for scale in (1, 2) for dark in (False, True)]
ALONE = "42% left: Claude ada@example.com, 5-hour"
"""Of the first account only."""
TOOLTIP_LINES = 9
"""Eight below the headline."""
OLD_DEADLINE_S = 21.0
"""An open menu once counted as closed after twenty seconds."""


@pytest.fixture
def accounts(folder: Path, request: pytest.FixtureRequest) -> Iterator[Accounts]:
    """As many as the test has as ``amount``, else six."""
    callspec = getattr(request.node, "callspec", None)
    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        add_people(accounts, callspec.params.get("amount", len(SIX)) if callspec else len(SIX))
        yield accounts


def is_dark(picture: Image.Image) -> bool:
    return ImageStat.Stat(picture.convert("L")).median[0] < 128


@pytest.mark.parametrize("amount", AMOUNTS)
@on(*LOOKS)
def test_icon_tooltip_and_menu_fit_whatever_the_look(host: Host, applet: Applet, amount: int) -> None:
    look = f"plasma-{amount}-{host.scale}x-{'dark' if host.dark else 'light'}"
    applet.start()
    headline = ALONE if amount == 1 else HEADLINE
    applet.wait_for_headline(headline)
    icon = applet.find_icon()
    assert icon.width >= 12 * host.scale
    assert icon.height >= 12 * host.scale
    tooltip = host.hover(icon)
    host.desk.screenshot(f"{look}-tooltip")
    assert_on_screen(host, tooltip)
    assert is_dark(tooltip.picture) == host.dark
    lines = [line.text for line in tooltip.lines()]
    assert lines[0].startswith(headline.rpartition(",")[0])
    assert len(lines) <= TOOLTIP_LINES
    assert any(re.search(r"\d more", line) for line in lines) == (amount > len(SIX))
    host.leave()
    menu = host.open_menu(icon)
    host.desk.screenshot(f"{look}-menu")
    assert_on_screen(host, menu)
    assert is_dark(menu.picture) == host.dark
    said = menu.text()
    assert "Refresh now" in said
    assert "Quit" in said
    assert ("More accounts" in said) == (amount > 1)
    if amount > 1:
        more = host.open_submenu(menu, "More accounts")
        assert_on_screen(host, more)
        host.dismiss()
    host.close_menu(menu)


@on(Case(Plasma, new=True))
def test_an_open_menu_stays_still_for_longer_than_twenty_seconds(host: Host, applet: Applet) -> None:
    applet.start()
    applet.wait_for_headline(HEADLINE)
    before = host.open_menu(applet.find_icon())
    since = time.monotonic()
    host.step_aside()
    wait_until(lambda: time.monotonic() - since > OLD_DEADLINE_S, "old deadline", 2 * OLD_DEADLINE_S)
    applet.accounts.add("claude", "new@example.com", left=(20, 20))
    applet.wait_for_tooltip("new@example.com")
    now = host.reread(before)
    host.close_menu(now)
    assert_still(now, before)
