"""From rows to a pystray menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trayquota.tray.headless import Icon
from trayquota.tray.menu import build_menu
from trayquota.views.tray_view import Action, MenuItem, OpenPage, Quit, Refresh

if TYPE_CHECKING:
    from trayquota.tray.pystray_import import Menu
    from trayquota.tray.pystray_import import MenuItem as PystrayItem


def built(*rows: MenuItem) -> tuple[list[PystrayItem], list[Action]]:
    """Return the items of a menu, and where the actions of chosen ones go."""
    clicked: list[Action] = []
    menu: Menu = build_menu(rows, clicked.append, lambda text: text.replace("&", "&&"))
    return list(menu), clicked


def test_a_row_has_its_label_escaped_and_its_action() -> None:
    (item,), clicked = built(MenuItem("a & b", OpenPage("https://example.com")))
    assert item.text == "a && b"
    assert (item.enabled, item.checked, item.radio, item.default) == (True, None, False, False)
    item(Icon("test"))
    assert clicked == [OpenPage("https://example.com")]


def test_a_text_row_does_nothing_when_it_is_chosen() -> None:
    (item,), clicked = built(MenuItem("Updated 2 min ago", enabled=False))
    assert not item.enabled
    item(Icon("test"))
    assert clicked == []


def test_separators_are_pystrays() -> None:
    items, _ = built(MenuItem("a"), MenuItem(separator=True), MenuItem("b"))
    assert [each.text for each in items] == ["a", "- - - -", "b"]


def test_check_marks_and_radio_marks_keep_their_state() -> None:
    items, _ = built(
        MenuItem("on", checked=True),
        MenuItem("off", checked=False),
        MenuItem("one", checked=True, radio=True),
        MenuItem("plain"),
    )
    assert [each.checked for each in items] == [True, False, True, None]
    assert [each.radio for each in items] == [False, False, True, False]


def test_a_submenu_has_its_rows_and_their_actions() -> None:
    inner = MenuItem("inner & more", Quit())
    (item,), clicked = built(MenuItem("outer & more", children=(inner, MenuItem(separator=True), MenuItem("last"))))
    assert item.text == "outer && more"
    assert item.submenu is not None
    first, *_rest = item.submenu
    assert first.text == "inner && more"
    first(Icon("test"))
    assert clicked == [Quit()]


def test_the_default_row_is_what_a_click_on_the_icon_does() -> None:
    clicked: list[Action] = []
    rows = (MenuItem("a", Quit()), MenuItem("b", Refresh(), default=True))
    icon = Icon("test", menu=build_menu(rows, clicked.append, str))
    icon()
    assert clicked == [Refresh()]


def test_an_empty_menu_is_a_menu() -> None:
    items, _ = built()
    assert items == []
