"""The menu's numbering and signals, checked against a host that follows signals alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trayquota.tray.statusnotifier.layout import (
    Changes,
    Kind,
    MenuEntry,
    Node,
    properties,
)
from trayquota.tray.statusnotifier.published_menu import PublishedMenu

from .menu_samples import Entries, keyed
from .structs import structs

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
