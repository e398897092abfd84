"""com.canonical.dbusmenu: D-Bus glue around a :class:`PublishedMenu`, without logic of its own.

No ``from __future__ import annotations`` here: dbus-fast reads the annotations as they are.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Final

from dbus_fast import DBusError, ErrorType, PropertyAccess, Variant
from dbus_fast.annotations import (
    DBusBool,
    DBusInt32,
    DBusSignature,
    DBusStr,
    DBusUInt32,
    DBusVariant,
)
from dbus_fast.service import ServiceInterface, dbus_method, dbus_property, dbus_signal

from trayquota.core.translation import writing_direction

from .layout import Changes, Node, Properties, properties
from .published_menu import PublishedMenu

MENU_PATH: Final = "/MenuBar"
_SIGNATURES: Final = {bool: "b", str: "s", int: "i"}
_ALL_NAMES: Final = ()

Ids = Annotated[list[int], DBusSignature("ai")]
Names = Annotated[list[str], DBusSignature("as")]


class DBusMenu(ServiceInterface):
    """The menu's object on one connection.

    Args:
        menu: What it shows.
        on_event: Called with an event's kind and its node, before the reply is sent, so it must return at once.
        on_about_to_show: Called when ``AboutToShow`` comes for the whole menu; likewise.
        on_about_to_show_group: Called when ``AboutToShowGroup`` does; likewise.
    """

    def __init__(
        self,
        menu: PublishedMenu,
        on_event: Callable[[str, Node], None],
        on_about_to_show: Callable[[], None],
        on_about_to_show_group: Callable[[], None],
    ) -> None:
        """See the class."""
        super().__init__("com.canonical.dbusmenu")
        self._menu = menu
        self._on_event = on_event
        self._on_about_to_show = on_about_to_show
        self._on_about_to_show_group = on_about_to_show_group
        self._direction = writing_direction()
        self._announced_revision = 0
        """Of which the submenus were announced, and no host has fetched one since."""

    def emit_changes(self, changes: Changes) -> None:
        """Send hosts what differs, and nothing when nothing does."""
        if self._direction != (direction := writing_direction()):
            self._direction = direction
            self.emit_properties_changed({"TextDirection": direction})
        if changes.updated or changes.removed:
            self.items_properties_updated(changes)
        for parent in changes.parents:
            self.layout_updated(parent)

    @dbus_property(access=PropertyAccess.READ, name="Version")
    def version(self) -> DBusUInt32:
        """The version of the interface."""
        return 3

    @dbus_property(access=PropertyAccess.READ, name="TextDirection")
    def text_direction(self) -> DBusStr:
        """``ltr`` or ``rtl``."""
        return self._direction

    @dbus_property(access=PropertyAccess.READ, name="Status")
    def status(self) -> DBusStr:
        """``normal`` or ``notice``."""
        return "normal"

    @dbus_property(access=PropertyAccess.READ, name="IconThemePath")
    def icon_theme_path(self) -> Names:
        """Folders with icons for entries."""
        return []

    @dbus_method(name="GetLayout")
    def get_layout(
        self, parent: DBusInt32, depth: DBusInt32, names: Names
    ) -> Annotated[tuple[int, list[Any]], DBusSignature("u(ia{sv}av)")]:
        """The tree below ``parent``, ``depth`` levels deep; negative for all of it."""
        layout = _layout(self._node(parent), depth, names)
        if parent == self._menu.root.id:
            self._menu.fetched()
            if depth == 1:
                self._announce_submenus()
        else:
            self._announced_revision = 0
        return self._menu.revision, layout

    @dbus_method(name="GetGroupProperties")
    def get_group_properties(self, ids: Ids, names: Names) -> Annotated[list[list[Any]], DBusSignature("a(ia{sv})")]:
        """The properties of some nodes, or of all when none are named; unknown ids are passed over."""
        nodes = self._menu.nodes
        wanted = [nodes[id_] for id_ in ids if id_ in nodes] if ids else nodes.values()
        return [[node.id, _variants(properties(node.entry), names)] for node in wanted]

    @dbus_method(name="GetProperty")
    def get_property(self, node: DBusInt32, name: DBusStr) -> DBusVariant:
        """One property of one node."""
        found = _variants(properties(self._node(node).entry), _ALL_NAMES)
        if name not in found:
            raise DBusError(ErrorType.INVALID_ARGS, f"entry {node} has no property {name!r}")
        return found[name]

    @dbus_method(name="Event")
    def event(self, node: DBusInt32, kind: DBusStr, _data: DBusVariant, _time: DBusUInt32) -> None:
        """Something happened to an entry: ``clicked``, ``hovered``, ``opened``, ``closed``."""
        self._on_event(kind, self._node(node))

    @dbus_method(name="EventGroup")
    def event_group(self, events: Annotated[list[list[Any]], DBusSignature("a(isvu)")]) -> Ids:
        """Several events; returns the ids that are unknown."""
        for node, kind, _data, _time in events:
            if node in self._menu.nodes:
                self._on_event(kind, self._menu.nodes[node])
        return self._unknown(node for node, *_ in events)

    @dbus_method(name="AboutToShow")
    def about_to_show(self, node: DBusInt32) -> DBusBool:
        """Whether the host has to fetch the layout again: never, each change is signalled."""
        if self._node(node) is self._menu.root:
            self._on_about_to_show()
        return False

    @dbus_method(name="AboutToShowGroup")
    def about_to_show_group(self, ids: Ids) -> Annotated[tuple[list[int], list[int]], DBusSignature("aiai")]:
        """Likewise for several; returns those to fetch again, and the ids that are unknown."""
        if self._menu.root.id in ids:
            self._on_about_to_show_group()
        return [], self._unknown(ids)

    @dbus_signal(name="ItemsPropertiesUpdated")
    def items_properties_updated(self, changes: Changes) -> Annotated[list[Any], DBusSignature("a(ia{sv})a(ias)")]:
        """Properties of entries changed."""
        return [
            [[node, _variants(changed, _ALL_NAMES)] for node, changed in changes.updated],
            [[node, names] for node, names in changes.removed],
        ]

    @dbus_signal(name="LayoutUpdated")
    def layout_updated(self, parent: int) -> Annotated[list[int], DBusSignature("ui")]:
        """The children of ``parent`` are others."""
        return [self._menu.revision, parent]

    @dbus_signal(name="ItemActivationRequested")
    def item_activation_requested(self, node: int, time: int) -> Annotated[list[int], DBusSignature("iu")]:
        """A request to hosts to open the menu at an entry; part of the interface, never sent."""
        return [node, time]

    def _announce_submenus(self) -> None:
        """Have a host that fetches one level at a time fetch submenus before they are opened.

        Plasma fetches a submenu as it opens. The first time it has no rows then, is placed for that width, and grows
        off the edge of the screen (seen of 5.27.5 and 6.3.6; ``slotMenuAboutToShow`` in
        ``libdbusmenuqt/dbusmenuimporter.cpp``, github.com/KDE/plasma-workspace). A host that fetches the root once more
        instead would do so for ever: it is sent the same announcement once.
        """
        if self._announced_revision == self._menu.revision:
            return
        self._announced_revision = self._menu.revision
        for child in self._menu.root.children:
            if child.children:
                asyncio.get_running_loop().call_soon(self.layout_updated, child.id)

    def _node(self, node: int) -> Node:
        if node not in self._menu.nodes:
            raise DBusError(ErrorType.INVALID_ARGS, f"there is no entry {node}")
        return self._menu.nodes[node]

    def _unknown(self, ids: Iterable[int]) -> list[int]:
        return [id_ for id_ in ids if id_ not in self._menu.nodes]


def _layout(node: Node, depth: int, names: list[str]) -> list[Any]:
    children = [] if depth == 0 else [_layout(child, depth - 1, names) for child in node.children]
    variants = _variants(properties(node.entry), names)
    return [node.id, variants, [Variant("(ia{sv}av)", child) for child in children]]


def _variants(values: Properties, names: Iterable[str]) -> dict[str, Variant]:
    wanted = frozenset(names) or values.keys()
    return {name: Variant(_SIGNATURES[type(value)], value) for name, value in values.items() if name in wanted}
