"""A menu as a tree of numbered nodes, and what changed from one tree to the next; everything here is pure.

Hosts know an entry by its id, so an entry that is still "the same" keeps its id when the menu is rebuilt, and
an id is never given to another entry. Hosts also fix an entry's kind when they first see it (Plasma does), so
a partner of another kind is a new entry.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.redacted import RedactedRepr
from trayquota.tray.pystray_import import Menu
from trayquota.tray.wire_text import menu_label

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from difflib import SequenceMatcher

    from trayquota.tray.pystray_import import MenuItem

Properties = dict[str, str | bool | int]


class Kind(StrEnum):
    """What an entry is; decides which properties it has."""

    ROOT = "root"
    STANDARD = "standard"
    SEPARATOR = "separator"
    SUBMENU = "submenu"
    CHECK = "check"
    RADIO = "radio"


class MenuEntry(RedactedRepr, Struct, frozen=True, eq=False):
    """What a menu entry says.

    Attributes:
        kind: What it is.
        label: As it goes over the bus, underscores doubled.
        enabled: Greyed when not.
        checked: The mark of a check or radio entry.
        children: The entries of a submenu.
        item: What a click runs. No part of what is compared: only what is shown makes a difference to a host.
        key: What it is about, where it is not known by its label. No part of what is compared either.
    """

    repr_fields = ("kind", "enabled", "checked", "children")

    kind: Kind
    label: str = ""
    enabled: bool = True
    checked: bool = False
    children: tuple[MenuEntry, ...] = ()
    item: MenuItem | None = None
    key: str = ""

    def __eq__(self, other: object) -> bool:
        """Whether a host would show the same."""
        return isinstance(other, MenuEntry) and self._shown == other._shown

    def __hash__(self) -> int:
        """Goes with equality."""
        return hash(self._shown)

    @property
    def _shown(self) -> tuple[object, ...]:
        return (self.kind, self.label, self.enabled, self.checked, self.children)


class Node(Struct, frozen=True):
    """A numbered entry. The children are here alone, the entry's own field is empty."""

    id: int
    entry: MenuEntry
    children: tuple[Node, ...] = ()


class Changes(Struct, frozen=True):
    """What a host has to be sent so that it has the new tree.

    Attributes:
        updated: Of nodes in both trees: the properties that differ, with their new values.
        removed: Likewise: the names of properties that are no more.
        parents: Nodes in both trees whose children are others, or in another order; outer ones first.
    """

    updated: tuple[tuple[int, Properties], ...] = ()
    removed: tuple[tuple[int, list[str]], ...] = ()
    parents: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return bool(self.updated or self.removed or self.parents)


EMPTY = Node(0, MenuEntry(Kind.ROOT))
"""The menu without entries."""


def menu_entries(menu: Menu | None) -> tuple[MenuEntry, ...]:
    """A pystray menu as it is at this moment; its dynamic texts and states are evaluated here."""
    return tuple(_entry(item) for item in menu or ())


def _entry(item: MenuItem) -> MenuEntry:
    if item is Menu.SEPARATOR:
        return MenuEntry(Kind.SEPARATOR)
    label, enabled, key = menu_label(item.text), bool(item.enabled), getattr(item, "key", "")
    if item.submenu is not None:
        return MenuEntry(Kind.SUBMENU, label, enabled, children=menu_entries(item.submenu), key=key)
    if (checked := item.checked) is None:
        return MenuEntry(Kind.STANDARD, label, enabled, item=item, key=key)
    return MenuEntry(Kind.RADIO if item.radio else Kind.CHECK, label, enabled, bool(checked), item=item, key=key)


def properties(entry: MenuEntry) -> Properties:
    """An entry's properties as com.canonical.dbusmenu names them.

    ``enabled`` and ``visible`` are always sent: Plasma never puts a property back to its default by itself.
    """
    if entry.kind is Kind.ROOT:
        return {"children-display": "submenu"}
    sent: Properties = {"label": entry.label, "enabled": entry.enabled, "visible": True}
    match entry.kind:
        case Kind.SEPARATOR:
            sent["type"] = "separator"
        case Kind.SUBMENU:
            sent["children-display"] = "submenu"
        case Kind.CHECK:
            sent |= {"toggle-type": "checkmark", "toggle-state": int(entry.checked)}
        case Kind.RADIO:
            sent |= {"toggle-type": "radio", "toggle-state": int(entry.checked)}
        case Kind.STANDARD:
            pass
    return sent


def assign_ids(old: Node, entries: Sequence[MenuEntry], ids: Iterator[int]) -> Node:
    """The tree for new ``entries``, in which whatever was there before keeps its id.

    Args:
        old: The tree that hosts know.
        entries: What the menu says now.
        ids: Yields ids that were never used.
    """
    return Node(old.id, old.entry, _number(old.children, entries, ids))


def _number(old: Sequence[Node], new: Sequence[MenuEntry], ids: Iterator[int]) -> tuple[Node, ...]:
    nodes = []
    for entry, partner in zip(new, _partners([node.entry for node in old], new), strict=True):
        before = None if partner is None else old[partner]
        children = _number(before.children if before else (), entry.children, ids)
        nodes.append(Node(before.id if before else next(ids), replace(entry, children=()), children))
    return tuple(nodes)


def _partners(old: Sequence[MenuEntry], new: Sequence[MenuEntry]) -> list[int | None]:
    """For each new entry the index of the old one that it continues.

    First by kind and key, or label where there is no key; between those, what is left without a key is paired in
    order when of the same kind: a row whose countdown moved on.
    """
    partners: list[int | None] = [None] * len(new)
    if not old or not new:
        return partners
    names, new_names = _names(old), _names(new)
    if names == new_names:
        return list(range(len(new)))
    for tag, old_from, old_to, new_from, new_to in _aligned(names, new_names).get_opcodes():
        if tag == "equal":
            partners[new_from:new_to] = range(old_from, old_to)
        elif tag == "replace":
            kinds = _aligned(_kinds(old[old_from:old_to]), _kinds(new[new_from:new_to]))
            for block in kinds.get_matching_blocks():
                start = new_from + block.b
                partners[start : start + block.size] = range(old_from + block.a, old_from + block.a + block.size)
    return _without_moves(partners, len(old))


def _without_moves(partners: list[int | None], old_count: int) -> list[int | None]:
    """Return ``partners`` without those between the first old entry that goes and the last new one that comes.

    GNOME's AppIndicator extension (46 and 59, ``moveChild`` and ``_onRootChildMoved`` in ``dbusMenu.js``,
    github.com/ubuntu/gnome-shell-extension-appindicator) puts new rows where they will stand in the end, takes old ones
    away afterwards and never moves any: rows in between would end up on the wrong side of the new ones.
    """
    first_gone = min(set(range(old_count)).difference(partners), default=old_count)
    last_new = max((index for index, partner in enumerate(partners) if partner is None), default=-1)
    return [
        None if partner is not None and partner > first_gone and index < last_new else partner
        for index, partner in enumerate(partners)
    ]


def _names(entries: Sequence[MenuEntry]) -> list[Hashable]:
    return [(entry.kind, entry.key) if entry.key else (entry.kind, None, entry.label) for entry in entries]


def _kinds(entries: Sequence[MenuEntry]) -> list[Hashable]:
    """Return the kinds; one with a key is like no other."""
    return [entry.kind if not entry.key else object() for entry in entries]


def _aligned(old: Sequence[Hashable], new: Sequence[Hashable]) -> SequenceMatcher[Hashable]:
    from difflib import SequenceMatcher

    return SequenceMatcher(None, old, new, autojunk=False)


def nodes_of(root: Node) -> dict[int, Node]:
    """Every node of a tree by its id, the root included, outer ones first."""
    found = {root.id: root}
    for child in root.children:
        found |= nodes_of(child)
    return found


def with_same_shape(old: Node, new: Mapping[int, Node]) -> Node:
    """``old`` with the same nodes in the same places, each saying what it says in ``new`` if still there."""
    entry = new[old.id].entry if old.id in new else old.entry
    return Node(old.id, entry, tuple(with_same_shape(child, new) for child in old.children))


def diff_menus(old: Node, new: Node, fetched: Node = EMPTY) -> Changes:
    """Return what to send to a host that has ``old`` so that it has ``new``.

    Args:
        old: What was sent last.
        new: What the menu says now.
        fetched: The layout that a host may have instead of ``old``; of its nodes that are back all is sent.
    """
    before, after, known = nodes_of(old), nodes_of(new), nodes_of(fetched)
    updated, removed, parents = [], [], []
    for id_, node in after.items():
        has = properties(node.entry)
        if id_ not in before:
            if id_ in known:
                updated.append((id_, has))
            continue
        had = properties(before[id_].entry)
        if changed := {name: value for name, value in has.items() if had.get(name) != value}:
            updated.append((id_, changed))
        if gone := [name for name in had if name not in has]:
            removed.append((id_, gone))
        if _ids(before[id_].children) != _ids(node.children):
            parents.append(id_)
    return Changes(tuple(updated), tuple(removed), tuple(parents))


def _ids(nodes: Iterable[Node]) -> list[int]:
    return [node.id for node in nodes]
