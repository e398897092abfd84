"""A click that arrives after the menu has changed: its id may do what it did, or nothing, but nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.tray.headless import Icon
from trayquota.tray.menu import build_menu
from trayquota.tray.statusnotifier.layout import menu_entries
from trayquota.tray.statusnotifier.published_menu import PublishedMenu
from trayquota.views.account_menu import action_rows
from trayquota.views.settings_menu import MenuSettings, ProviderSwitch, settings_menu_item
from trayquota.views.tray_view import Action, MenuItem, SetSetting

from .samples import ADA

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.core.model import Account


def switch(title: str) -> ProviderSwitch:
    return ProviderSwitch(title, is_on=True, action=SetSetting("providers_off", (title,)))


def pause(account: Account) -> MenuItem:
    return MenuItem("account", children=action_rows(account, is_last=False))


MENUS = {
    "pause and resume": (pause(ADA), pause(replace(ADA, paused=True))),
    "proxies": tuple(settings_menu_item(MenuSettings(proxies=(f"http://127.0.0.1:{port}",))) for port in (8317, 8318)),
    "providers": tuple(settings_menu_item(MenuSettings(providers=(switch(title),))) for title in ("Claude", "Codex")),
    "intervals": tuple(settings_menu_item(MenuSettings(interval_minutes=minutes)) for minutes in (7.0, 9.0)),
}


@pytest.mark.parametrize("menus", MENUS.values(), ids=MENUS)
def test_an_id_never_does_something_else(menus: tuple[MenuItem, MenuItem]) -> None:
    published, done = PublishedMenu(), list[Action]()
    before, after = (clicks(published, menu, done) for menu in menus)
    both = before.keys() & after.keys()
    assert both
    for id_ in both:
        before[id_]()
        after[id_]()
    assert done[::2] == done[1::2]


def clicks(published: PublishedMenu, row: MenuItem, done: list[Action]) -> dict[int, Callable[[], object]]:
    """Publish a menu; return what a click on each of its ids does, where it does something."""
    published.update(menu_entries(build_menu((row,), done.append, str)))
    published.fetched()
    items = {id_: node.entry.item for id_, node in published.nodes.items()}
    return {id_: partial(item, Icon("test")) for id_, item in items.items() if item is not None}
