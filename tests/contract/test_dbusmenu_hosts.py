"""The menu before hosts that differ from those that it was made for."""

from __future__ import annotations

from gettext import NullTranslations
from typing import TYPE_CHECKING

from trayquota.core.translation import use_catalogue

from .fake_host import MENU
from .menus import full_menu, rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.statusnotifier import Icon

    from .fake_host import FakeHost

    MakeIcon = Callable[..., Icon]


def test_a_host_that_fetches_the_root_at_each_signal_comes_to_an_end(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    host.layout(depth=1)
    host.wait_for("LayoutUpdated")
    host.layout(depth=1)
    assert host.sent_members() == ["LayoutUpdated"]


def test_a_host_that_comes_later_is_sent_the_submenus_again(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    style = host.layout(depth=1).find("Style").id
    host.layout(parent=style, depth=1)
    host.layout(depth=1)
    assert [each.body[1] for each in host.sent()] == [style, style]


def test_the_menu_says_that_it_is_read_from_the_right(host: FakeHost, make_icon: MakeIcon) -> None:
    def direction() -> object:
        return host.call(host.item, "/MenuBar", "org.freedesktop.DBus.Properties", "Get", "ss", MENU, "TextDirection")

    icon = make_icon(menu=rows("a"))
    assert direction() == ["ltr"]
    try:
        use_catalogue(NullTranslations(), "ar")
        icon.menu = rows("b")
        signal = host.wait_for("PropertiesChanged")
        assert signal.body[:2] == [MENU, {"TextDirection": "rtl"}]
        assert direction() == ["rtl"]
    finally:
        use_catalogue(None)
