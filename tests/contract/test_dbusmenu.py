"""The menu as panels see it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from dbus_fast import Variant

from trayquota.tray.pystray_import import Menu, MenuItem
from trayquota.tray.statusnotifier import menu_opening

from .bus_client import RemoteError
from .command import wait_until
from .fake_host import Entry, FakeHost
from .menus import NOBODY, full_menu, rows
from .recorder import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.statusnotifier import Icon

    MakeIcon = Callable[..., Icon]


def test_the_layout_has_every_property(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    seen = host.layout()
    shown = {"enabled": True, "visible": True}
    assert seen.id == 0
    assert seen.properties == {"children-display": "submenu"}
    assert [each.properties for each in seen.children] == [
        {"label": "ada__l@example.com", "enabled": False, "visible": True},
        shown | {"label": "Refresh now"},
        shown | {"label": "", "type": "separator"},
        shown | {"label": "Notify", "toggle-type": "checkmark", "toggle-state": 1},
        shown | {"label": "Style", "children-display": "submenu"},
    ]
    assert [each.properties for each in seen.find("Style").children] == [
        shown | {"label": "Ring", "toggle-type": "radio", "toggle-state": 1},
        shown | {"label": "Bar", "toggle-type": "radio", "toggle-state": 0},
    ]


def test_the_layout_can_be_fetched_in_parts(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    style = host.layout().find("Style").id
    assert host.layout(depth=0).children == []
    assert [each.children for each in host.layout(depth=1).children] == [[]] * 5
    assert host.layout(parent=style).labels() == ["Ring", "Bar"]
    assert host.layout(names=("label",)).find("Style") == Entry(
        style, {"label": "Style"}, host.layout(style, names=("label",)).children
    )


def test_submenus_are_fetched_before_they_open_where_a_host_fetches_by_level(
    host: FakeHost, make_icon: MakeIcon
) -> None:
    make_icon(menu=full_menu())
    seen = host.layout(depth=1)
    assert list(host.wait_for("LayoutUpdated").body) == [host.revision(), seen.find("Style").id]
    sent = len(host.sent())
    host.layout(parent=seen.find("Style").id, depth=1)
    host.layout()
    assert len(host.sent()) == sent


def test_an_unknown_entry_is_an_invalid_argument(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    calls: list[tuple[str, str, list[Any]]] = [
        ("GetLayout", "iias", [NOBODY, -1, []]),
        ("GetProperty", "is", [NOBODY, "label"]),
        ("GetProperty", "is", [0, "no-such-property"]),
        ("Event", "isvu", [NOBODY, "clicked", Variant("i", 0), 0]),
        ("AboutToShow", "i", [NOBODY]),
    ]
    for member, signature, body in calls:
        with pytest.raises(RemoteError, match="InvalidArgs"):
            host.on_menu(member, signature, *body)


def test_properties_can_be_fetched_one_by_one_and_in_groups(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    refresh, style = (host.layout().find(label).id for label in ("Refresh now", "Style"))
    assert host.on_menu("GetProperty", "is", refresh, "label") == ["Refresh now"]
    (some,) = host.on_menu("GetGroupProperties", "aias", [refresh, NOBODY, style], ["label"])
    assert some == [[refresh, {"label": "Refresh now"}], [style, {"label": "Style"}]]
    (everything,) = host.on_menu("GetGroupProperties", "aias", [], [])
    assert everything == [[each.id, each.properties] for each in host.layout().flat()]


def test_the_menus_own_properties(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon()
    (sent,) = host.call(
        host.item, "/MenuBar", "org.freedesktop.DBus.Properties", "GetAll", "s", "com.canonical.dbusmenu"
    )
    assert sent == {"Version": 3, "TextDirection": "ltr", "Status": "normal", "IconThemePath": []}


def test_a_menu_about_to_show_is_up_to_date(host: FakeHost, make_icon: MakeIcon) -> None:
    make_icon(menu=full_menu())
    style = host.layout().find("Style").id
    assert host.on_menu("AboutToShow", "i", 0) == [False]
    assert host.on_menu("AboutToShow", "i", style) == [False]
    assert host.on_menu("AboutToShowGroup", "ai", [style, NOBODY, 0]) == [[], [NOBODY]]


def test_dynamic_states_are_evaluated_again_after_a_click(host: FakeHost, make_icon: MakeIcon) -> None:
    state = {"on": False}

    def toggle() -> None:
        state["on"] = not state["on"]

    make_icon(menu=Menu(MenuItem("toggle", toggle, checked=lambda _: state["on"])))
    entry = host.layout().find("toggle").id
    host.click("toggle")
    assert host.wait_for("ItemsPropertiesUpdated").body == [[[entry, {"toggle-state": 1}]], []]


def test_a_countdown_in_a_label_is_a_property_update_alone(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("Claude", "resets in 13m", "Quit"))
    before, revision = host.layout(), host.revision()
    icon.menu = rows("Claude", "resets in 12m", "Quit")
    (sent,) = host.sent()
    assert sent.member == "ItemsPropertiesUpdated"
    assert sent.body == [[[before.children[1].id, {"label": "resets in 12m"}]], []]
    assert host.revision() == revision
    assert [each.id for each in host.layout().children] == [each.id for each in before.children]


def test_rows_that_come_and_go_are_a_new_layout_and_leave_the_others(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("a", "b", "c"))
    ids = {each.properties["label"]: each.id for each in host.layout().children}
    revision = host.revision()
    icon.menu = rows("a", "new", "c")
    icon.menu = rows("a", "new", "more", "c")
    host.settle()
    seen = host.layout()
    assert seen.labels() == ["a", "new", "more", "c"]
    assert (seen.find("a").id, seen.find("c").id) == (ids["a"], ids["c"])
    layouts = [each for each in host.sent() if each.member == "LayoutUpdated"]
    assert [each.body[1] for each in layouts] == [0]
    assert layouts[0].body[0] == host.revision() > revision


def test_properties_are_signalled_before_the_layout(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("a", "in 13 min"))
    host.layout()
    icon.menu = rows("b", "a", "in 12 min")
    assert host.sent_members() == ["ItemsPropertiesUpdated", "LayoutUpdated"]


def test_a_change_in_a_submenu_names_the_submenu(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=Menu(MenuItem("sub", rows("a")), MenuItem("x", None)))
    sub = host.layout().find("sub").id
    icon.menu = Menu(MenuItem("sub", rows("a", "b")), MenuItem("x", None))
    (sent,) = host.sent()
    assert (sent.member, sent.body[1]) == ("LayoutUpdated", sub)


def test_the_menu_can_be_taken_away_and_given_back(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("a"))
    before = host.layout().find("a").id
    icon.menu = None
    assert host.layout().children == []
    icon.menu = rows("a")
    assert host.layout().find("a").id > before


@pytest.mark.parametrize("how", ["event", "group"])
def test_rows_of_an_open_menu_do_not_move(host: FakeHost, make_icon: MakeIcon, how: str) -> None:
    icon = make_icon(menu=rows("a", "in 13 min", "z"))
    closed = threading.Event()
    icon.on_menu_closed = closed.set
    if how == "event":
        host.event(0, "opened")
    else:
        host.on_menu("AboutToShowGroup", "ai", [0])
    wait_until(lambda: icon.is_menu_open, "open menu")
    icon.menu = rows("a", "in 12 min", "more", "z")
    assert host.sent_members() == ["ItemsPropertiesUpdated"]
    assert host.layout().labels() == ["a", "in 12 min", "z"]
    if how == "event":
        host.event(0, "closed")
    else:
        host.click("z")
    assert host.sent_members() == ["ItemsPropertiesUpdated", "LayoutUpdated"]
    assert host.layout().labels() == ["a", "in 12 min", "more", "z"]
    assert closed.wait(PATIENCE_S)
    assert not icon.is_menu_open


def test_a_menu_without_a_closed_event_is_updated_after_the_deadline(
    host: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_opening, "_OPEN_AT_MOST_S", 0.01)
    icon = make_icon(menu=rows("a"))
    host.on_menu("AboutToShowGroup", "ai", [0])
    icon.menu = rows("a", "b")
    host.wait_for("LayoutUpdated")
    assert host.layout().labels() == ["a", "b"]


@pytest.mark.parametrize("order", [("opened", "show"), ("show", "opened"), ("opened",)])
def test_rows_stay_whatever_a_host_sends_when_it_opens_the_menu(
    host: FakeHost, make_icon: MakeIcon, order: tuple[str, ...]
) -> None:
    icon = make_icon(menu=rows("a"))
    for step in order:
        if step == "opened":
            host.event(0, "opened")
        else:
            host.on_menu("AboutToShow", "i", 0)
    icon.menu = rows("a", "b")
    assert host.sent() == []
    assert host.layout().labels() == ["a"]
    host.event(0, "closed")
    assert host.layout().labels() == ["a", "b"]


def test_about_to_show_counts_as_closed_once_the_opening_is_over(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("a"))
    host.event(0, "opened")
    host.on_menu("AboutToShow", "i", 0)
    icon.menu = rows("a", "b")
    assert host.sent() == []
    host.on_menu("AboutToShow", "i", 0)
    assert host.layout().labels() == ["a", "b"]


def test_about_to_show_of_a_group_brings_what_was_held_back(host: FakeHost, make_icon: MakeIcon) -> None:
    icon = make_icon(menu=rows("a"))
    host.on_menu("AboutToShowGroup", "ai", [0])
    wait_until(lambda: icon.is_menu_open, "open menu")
    icon.menu = rows("a", "b")
    assert host.sent() == []
    host.on_menu("AboutToShowGroup", "ai", [0])
    assert host.layout().labels() == ["a", "b"]


def test_rows_are_arranged_anew_while_a_menu_opens_whose_closing_is_not_signalled(
    host: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_opening, "_OPENING_S", 60.0)
    icon = make_icon(menu=rows("a", "b"))
    host.on_menu("AboutToShowGroup", "ai", [0])
    icon.menu = rows("b", "a")
    assert host.sent_members() == ["LayoutUpdated"]
    assert host.layout().labels() == ["b", "a"]


def test_a_host_that_signals_closing_has_no_deadline(
    host: FakeHost, make_icon: MakeIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(menu_opening, "_OPEN_AT_MOST_S", 0.0)
    icon = make_icon(menu=rows("a"))
    host.event(0, "opened")
    host.event(0, "closed")
    host.event(0, "opened")
    icon.menu = rows("a", "b")
    for _ in range(3):
        host.settle()
    assert host.sent() == []
    host.event(0, "closed")
    assert host.sent_members() == ["LayoutUpdated"]


def test_a_host_that_follows_signals_alone_has_the_menu(host: FakeHost, make_icon: MakeIcon) -> None:
    menus = [
        rows("a", "b"),
        Menu(MenuItem("a", None), MenuItem("b", rows("c"))),
        Menu(MenuItem("x", None), MenuItem("a", None), Menu.SEPARATOR, MenuItem("b", rows("d", "c"))),
        full_menu(),
        rows(),
        full_menu(),
    ]
    icon = make_icon(menu=menus[0])
    known = {each.id: each.properties for each in host.layout().flat()}
    heard = len(host.sent())
    for menu in menus[1:]:
        icon.menu = menu
        new = host.sent()[heard:]
        heard += len(new)
        for signal in new:
            if signal.member == "ItemsPropertiesUpdated":
                for entry, changed in signal.body[0]:
                    known[entry] = known[entry] | changed
            else:
                for each in host.layout(signal.body[1]).flat():
                    known.setdefault(each.id, each.properties)
        assert {each.id: known[each.id] for each in host.layout().flat()} == {
            each.id: each.properties for each in host.layout().flat()
        }
