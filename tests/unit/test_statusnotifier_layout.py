"""The menu's numbering and signals, checked against a host that follows signals alone."""

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

from .structs import structs

Entries = tuple[MenuEntry, ...]

LABELS = st.sampled_from(["", "a", "b", "c", "d__e"])
KEYS = st.sampled_from(["", "", "", "x", "y"])
LEAVES = structs(
    MenuEntry,
    kind=st.sampled_from([Kind.STANDARD, Kind.SEPARATOR, Kind.CHECK, Kind.RADIO]),
    label=LABELS,
    enabled=st.booleans(),
    checked=st.booleans(),
    key=KEYS,
)
ENTRIES = st.recursive(
    LEAVES,
    lambda inner: structs(
        MenuEntry,
        kind=st.just(Kind.SUBMENU),
        label=LABELS,
        enabled=st.booleans(),
        children=st.lists(inner, max_size=4).map(tuple),
        key=KEYS,
    ),
    max_leaves=8,
)
MENUS = st.lists(ENTRIES, max_size=6).map(tuple)


def fetched_menu(entries: Entries) -> PublishedMenu:
    """Return a menu that a host has fetched."""
    menu = PublishedMenu()
    menu.update(entries)
    menu.fetched()
    return menu


class Host:
    """Holds a menu as hosts do: properties are kept until a signal changes them, a layout until it is fetched again."""

    def __init__(self, menu: PublishedMenu) -> None:
        self.said: dict[int, dict[str, str | bool | int]] = {}
        self.children: dict[int, list[int]] = {}
        self._fetch(menu.root)

    def hear(self, changes: Changes, menu: PublishedMenu) -> None:
        for node, changed in changes.updated:
            self.said[node] |= changed
        for node, names in changes.removed:
            for name in names:
                del self.said[node][name]
        for parent in changes.parents:
            self._fetch(menu.nodes[parent])

    def knows(self, node: Node) -> bool:
        return (
            self.said[node.id] == properties(node.entry)
            and self.children[node.id] == [child.id for child in node.children]
            and all(self.knows(child) for child in node.children)
        )

    def _fetch(self, node: Node) -> None:
        self.said.setdefault(node.id, dict(properties(node.entry)))
        self.children[node.id] = [child.id for child in node.children]
        for child in node.children:
            self._fetch(child)


def standard(*labels: str) -> Entries:
    return tuple(MenuEntry(Kind.STANDARD, label) for label in labels)


def ids(menu: PublishedMenu) -> list[int]:
    return [node.id for node in menu.root.children]


@given(st.lists(MENUS, min_size=1, max_size=6))
def test_a_host_that_follows_all_signals_has_the_menu(menus: list[Entries]) -> None:
    menu = PublishedMenu()
    host = Host(menu)
    for entries in menus:
        host.hear(menu.update(entries), menu)
        assert host.knows(menu.root)


@given(st.lists(st.tuples(MENUS, st.sampled_from(["leave", "open", "close"])), max_size=8))
def test_a_host_has_the_menu_after_opening_and_closing_it(steps: list[tuple[Entries, str]]) -> None:
    menu = PublishedMenu()
    host = Host(menu)
    wanted: Entries = ()
    for wanted, hand in steps:
        if hand == "open":
            menu.opened()
        if hand == "close":
            host.hear(menu.closed(), menu)
        host.hear(menu.update(wanted), menu)
        assert host.knows(menu.root)
    host.hear(menu.closed(), menu)
    assert host.knows(menu.root)
    assert shape(menu.root) == [without_id(entry) for entry in wanted]


def without_id(entry: MenuEntry) -> tuple[dict[str, str | bool | int], list[object]]:
    return properties(entry), [without_id(child) for child in entry.children]


def shape(root: Node) -> list[object]:
    return [(properties(node.entry), shape(node)) for node in root.children]


@given(st.lists(MENUS, min_size=2, max_size=8))
def test_an_id_is_never_given_again_and_never_changes_its_kind(menus: list[Entries]) -> None:
    menu = PublishedMenu()
    kinds: dict[int, Kind] = {}
    gone: set[int] = set()
    for entries in menus:
        before = set(menu.nodes)
        menu.update(entries)
        gone |= before - set(menu.nodes)
        assert gone.isdisjoint(menu.nodes)
        for node in menu.nodes.values():
            assert kinds.setdefault(node.id, node.entry.kind) is node.entry.kind


@given(MENUS)
def test_the_same_menu_again_sends_nothing(entries: Entries) -> None:
    menu = PublishedMenu()
    menu.update(entries)
    revision, known = menu.revision, menu.root
    assert not menu.update(entries)
    assert (menu.revision, menu.root) == (revision, known)


@given(st.lists(MENUS, max_size=6))
def test_the_revision_rises_with_each_new_layout_and_never_falls(menus: list[Entries]) -> None:
    menu = PublishedMenu()
    for entries in menus:
        revision = menu.revision
        changes = menu.update(entries)
        assert menu.revision == revision + bool(changes.parents)


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


def keyed(*labels: str) -> Entries:
    """Return entries whose keys are the first letters of their labels."""
    return tuple(MenuEntry(Kind.STANDARD, label, key=label[0]) for label in labels)


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


class GnomeHost:
    """Updates a menu as GNOME's AppIndicator extension does, which never moves a row."""

    def __init__(self, node: Node) -> None:
        self.id = node.id
        self.rows = [GnomeHost(child) for child in node.children]

    def update(self, node: Node) -> None:
        known = {row.id: row for row in self.rows}
        for index, child in enumerate(node.children):
            if child.id in known:
                known.pop(child.id).update(child)
            else:
                self.rows.insert(index, GnomeHost(child))
        self.rows = [row for row in self.rows if row.id not in known]

    def shows(self, node: Node) -> bool:
        ids = [child.id for child in node.children]
        return [row.id for row in self.rows] == ids and all(map(GnomeHost.shows, self.rows, node.children))


@given(st.lists(st.tuples(MENUS, st.booleans()), max_size=6))
def test_a_host_that_never_moves_rows_has_them_in_order_however_seldom_it_fetches(
    menus: list[tuple[Entries, bool]],
) -> None:
    menu = PublishedMenu()
    host = GnomeHost(menu.root)
    for entries, fetches in menus:
        menu.update(entries)
        if fetches:
            host.update(menu.root)
            menu.fetched()
            assert host.shows(menu.root)


def test_properties_of_an_entry_that_is_back_are_sent_to_who_has_it_still() -> None:
    menu = PublishedMenu()
    menu.update(keyed("a 1", "b 2"))
    menu.fetched()
    a, b = (node.id for node in menu.root.children)
    menu.update(keyed("a 1"))
    changes = menu.update(keyed("a 1", "b 3"))
    assert [node.id for node in menu.root.children] == [a, b]
    assert dict(changes.updated)[b]["label"] == "b 3"
    assert changes.parents == (0,)


def test_a_countdown_in_a_layout_that_nobody_fetched_is_a_property_update_alone() -> None:
    menu = PublishedMenu()
    menu.update(keyed("a 1"))
    changes = menu.update(keyed("a 2"))
    assert (changes.parents, [label for _, label in changes.updated]) == ((), [{"label": "a 2"}])
