"""Several icons in one real panel: each with a place, a tooltip and a menu of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .hosts import XFCE, Case, Plasma, on
from .standin import Accounts, Providers
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .applet import Applet
    from .host import Host
    from .screen import Box

ADA, BOB = "ada@example.com", "bob@example.org"
ON_TWO_HOSTS = on(XFCE, Case(Plasma, new=False))


@pytest.fixture
def accounts(folder: Path) -> Iterator[Accounts]:
    """Ada's and Bob's."""
    with Providers() as providers:
        accounts = Accounts(folder / "accounts", providers)
        accounts.add("claude", ADA, left=(42, 80))
        accounts.add("codex", BOB, left=(70, 57))
        yield accounts


@ON_TWO_HOSTS
def test_each_provider_s_icon_has_its_own_place_tooltip_and_menu(host: Host, applet: Applet) -> None:
    applet.configure('notifications = false\nicons = "providers"\n')
    applet.start()
    wait_until(lambda: sorted(tip[:8] for tip in applet.tooltips()) == ["42% left", "57% left"], "two icons")
    boxes = {ADA: applet.locate_icon("claude"), BOB: applet.locate_icon("codex")}
    host.desk.screenshot(f"{host.name}-several-icons")
    assert are_apart(*boxes.values()), f"one place for both: {boxes}"
    said = host.hover(boxes[ADA]).text()
    assert ADA in said
    assert BOB not in said
    host.leave()
    menu = host.open_menu(boxes[BOB])
    said = menu.text()
    assert BOB in said
    assert ADA not in said
    assert "Refresh now" in said
    host.close_menu(menu)
    applet.configure('notifications = false\nicons = "one"\n')
    wait_until(lambda: len(applet.tooltips()) == 1, "one icon")


def are_apart(one: Box, other: Box) -> bool:
    """Whether neither lies over the other."""
    return one.right <= other.left or other.right <= one.left
