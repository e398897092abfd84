"""Entries of the published menu: their ids, their properties, and which of them continue as the same."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trayquota.tray.pystray_import import Icon, Menu, MenuItem
from trayquota.tray.statusnotifier.layout import (
    EMPTY,
    Changes,
    Kind,
    MenuEntry,
    Node,
    assign_ids,
    diff_menus,
    menu_entries,
    nodes_of,
    properties,
)
from trayquota.tray.statusnotifier.published_menu import PublishedMenu

from .menu_samples import Entries, ids, keyed


def fetched_menu(entries: Entries) -> PublishedMenu:
    """Return a menu that a host has fetched."""
    menu = PublishedMenu()
    menu.update(entries)
    menu.fetched()
    return menu


def standard(*labels: str) -> Entries:
    return tuple(MenuEntry(Kind.STANDARD, label) for label in labels)


@given(st.lists(st.tuples(st.integers(), st.booleans()), unique_by=lambda row: row[0], max_size=8))
def test_rows_that_come_and_go_leave_the_ids_of_the_others(rows: list[tuple[int, bool]]) -> None:
    menu = fetched_menu(standard(*(str(name) for name, _ in rows)))
    kept = [node.id for node, (_, stays) in zip(menu.root.children, rows, strict=True) if stays]
    everyone = ids(menu)
    menu.update(standard(*(str(name) for name, stays in rows if stays)))
    assert ids(menu) == kept
    menu.fetched()
    menu.update(standard(*(str(name) for name, _ in rows)))
    assert [each for each in ids(menu) if each in everyone] == kept


@given(st.lists(st.sampled_from([Kind.STANDARD, Kind.CHECK, Kind.SUBMENU]), max_size=8))
def test_labels_that_all_change_are_property_updates_only(kinds: list[Kind]) -> None:
    menu = fetched_menu(tuple(MenuEntry(kind, f"{at} in 13 min") for at, kind in enumerate(kinds)))
    before = ids(menu)
    changes = menu.update(tuple(MenuEntry(kind, f"{at} in 12 min") for at, kind in enumerate(kinds)))
    assert not changes.parents
    assert changes.updated == tuple((each, {"label": f"{at} in 12 min"}) for at, each in enumerate(before))


def test_a_countdown_in_a_row_keeps_its_id_while_a_row_comes_above_it() -> None:
    menu = fetched_menu(standard("Claude", "resets in 2h 13m", "Quit"))
    claude, countdown, leave = ids(menu)
    changes = menu.update(standard("Codex", "Claude", "resets in 2h 12m", "Quit"))
    assert ids(menu)[1:] == [claude, countdown, leave]
    assert changes == Changes(updated=((countdown, {"label": "resets in 2h 12m"}),), parents=(0,))


def test_another_kind_is_another_entry() -> None:
    menu = fetched_menu((MenuEntry(Kind.STANDARD, "Notify"),))
    (before,) = ids(menu)
    changes = menu.update((MenuEntry(Kind.CHECK, "Notify"),))
    assert ids(menu) != [before]
    assert changes.parents == (0,)


def test_each_changed_parent_is_named_once() -> None:
    def settings(*labels: str) -> MenuEntry:
        return MenuEntry(Kind.SUBMENU, "Settings", children=standard(*labels))

    menu = fetched_menu((settings("a"), MenuEntry(Kind.SUBMENU, "Help", children=standard("x"))))
    first, _ = ids(menu)
    changes = menu.update((settings("a", "b"), MenuEntry(Kind.SUBMENU, "Help", children=standard("x"))))
    assert changes == Changes(parents=(first,))


def test_entries_of_an_open_menu_stay_and_show_new_values() -> None:
    menu = fetched_menu(standard("Claude", "in 3 min", "Quit"))
    claude, countdown, leave = ids(menu)
    menu.opened()
    changes = menu.update(standard("Claude", "in 2 min", "More", "Quit"))
    assert changes == Changes(updated=((countdown, {"label": "in 2 min"}),))
    assert ids(menu) == [claude, countdown, leave]
    assert menu.closed().parents == (0,)
    assert [node.entry.label for node in menu.root.children] == ["Claude", "in 2 min", "More", "Quit"]


def test_a_pending_layout_is_dropped_when_a_newer_one_comes() -> None:
    menu = fetched_menu(standard("a"))
    menu.opened()
    menu.update(standard("a", "b"))
    assert not menu.update(standard("a"))
    assert not menu.closed()


def test_every_kind_of_entry_has_its_properties() -> None:
    common = {"label": "x", "enabled": True, "visible": True}
    assert properties(MenuEntry(Kind.ROOT)) == {"children-display": "submenu"}
    assert properties(MenuEntry(Kind.STANDARD, "x")) == common
    assert properties(MenuEntry(Kind.SEPARATOR, "x")) == common | {"type": "separator"}
    assert properties(MenuEntry(Kind.SUBMENU, "x")) == common | {"children-display": "submenu"}
    assert properties(MenuEntry(Kind.CHECK, "x", checked=True)) == common | {
        "toggle-type": "checkmark",
        "toggle-state": 1,
    }
    assert properties(MenuEntry(Kind.RADIO, "x")) == common | {"toggle-type": "radio", "toggle-state": 0}


def test_removed_properties_are_named() -> None:
    # Kinds keep their properties today; hosts must hear of it should that change.
    old = Node(0, EMPTY.entry, (Node(1, MenuEntry(Kind.CHECK, "x")),))
    new = Node(0, EMPTY.entry, (Node(1, MenuEntry(Kind.STANDARD, "x")),))
    assert diff_menus(old, new) == Changes(removed=((1, ["toggle-type", "toggle-state"]),))


def test_only_new_entries_take_new_ids() -> None:
    fresh = count(1)
    tree = assign_ids(EMPTY, standard("a", "b"), fresh)
    assign_ids(tree, standard("a", "b", "c"), fresh)
    assert next(fresh) == 4
    assert list(nodes_of(tree)) == [0, 1, 2]


def nothing(_icon: Icon, _item: MenuItem) -> None:
    """An action."""


def test_a_pystray_menu_is_described_with_all_its_kinds() -> None:
    item = MenuItem("Refresh _now", nothing, default=True)
    menu = Menu(
        Menu.SEPARATOR,
        item,
        MenuItem("hidden", nothing, visible=False),
        Menu.SEPARATOR,
        Menu.SEPARATOR,
        MenuItem(lambda _: "late", nothing, enabled=False),
        MenuItem("check", nothing, checked=lambda _: True),
        MenuItem("radio", nothing, checked=lambda _: False, radio=True),
        MenuItem("more", Menu(MenuItem("inner", nothing))),
        MenuItem("empty", Menu()),
    )
    assert menu_entries(menu) == (
        MenuEntry(Kind.STANDARD, "Refresh __now"),
        MenuEntry(Kind.SEPARATOR),
        MenuEntry(Kind.STANDARD, "late", enabled=False),
        MenuEntry(Kind.CHECK, "check", checked=True),
        MenuEntry(Kind.RADIO, "radio"),
        MenuEntry(Kind.SUBMENU, "more", children=standard("inner")),
    )
    assert menu_entries(menu)[0].item is item


@pytest.mark.parametrize("menu", [None, Menu()])
def test_no_menu_has_no_entries(menu: Menu | None) -> None:
    assert menu_entries(menu) == ()


def test_another_action_behind_the_same_label_sends_nothing_and_runs() -> None:
    menu = PublishedMenu()
    menu.update(menu_entries(Menu(MenuItem("x", nothing))))
    later = MenuItem("x", nothing)
    assert not menu.update(menu_entries(Menu(later)))
    assert menu.root.children[0].entry.item is later


def test_an_entry_with_a_key_is_the_same_one_whatever_its_label() -> None:
    old = assign_ids(EMPTY, keyed("a 1", "b 2", "c 3"), count(1))
    new = assign_ids(old, keyed("d 4", "a 5", "b 6"), count(10))
    assert [node.id for node in new.children] == [10, 1, 2]
    assert diff_menus(old, new).updated == ((1, {"label": "a 5"}), (2, {"label": "b 6"}))


def test_an_entry_with_a_key_continues_none_without() -> None:
    old = assign_ids(EMPTY, (MenuEntry(Kind.STANDARD, "a"),), count(1))
    new = assign_ids(old, keyed("a"), count(10))
    assert [node.id for node in new.children] == [10]


def test_rows_between_one_that_goes_and_one_that_comes_are_new_ones() -> None:
    old = assign_ids(EMPTY, keyed("a", "b", "c", "d"), count(1))
    new = assign_ids(old, keyed("a", "c", "x", "d"), count(10))
    assert [node.id for node in new.children] == [1, 10, 11, 4]
