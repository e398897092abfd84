"""A stand-in for a panel: StatusNotifierWatcher and host in one."""

from __future__ import annotations

from typing import Any, NamedTuple

from dbus_fast import Message, Variant

from .bus_client import BusClient, Signal
from .recorder import Recorder

WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
ITEM_PATH = "/StatusNotifierItem"
MENU = "com.canonical.dbusmenu"


class Entry(NamedTuple):
    """A menu entry as GetLayout returns it."""

    id: int
    properties: dict[str, Any]
    children: list[Entry]

    def find(self, label: str) -> Entry:
        """The entry with this label, at any depth."""
        found = [each for each in self.flat() if each.properties.get("label") == label]
        assert len(found) == 1, f"{label!r} among {self.labels()}"
        return found[0]

    def flat(self) -> list[Entry]:
        return [self, *(deep for child in self.children for deep in child.flat())]

    def labels(self) -> list[str]:
        return [child.properties.get("label", "") for child in self.children]


class FakeHost(BusClient):
    """Registers items and does with them what panels do.

    Attributes:
        registrations: What each registration named, which is how panels address the item.
        items: What the watcher lists.
        refusals: How many registrations are refused from now on.
        has_object: Whether the watcher has its object, and not only its name.
        is_silent: Whether it answers nothing.
        calls: What was called, or the property that was read, whether it is answered or not.
    """

    def __init__(self, address: str, *, watching: bool = True) -> None:
        self.registrations: Recorder[str] = Recorder()
        self.items: list[str] = []
        self.refusals = 0
        self.has_object = True
        self.is_silent = False
        self.calls: Recorder[str] = Recorder()
        super().__init__(address)
        if watching:
            self.come()

    def come(self) -> None:
        self.own(WATCHER)

    def leave(self) -> None:
        self.items.clear()
        self.disown(WATCHER)

    def answer(self, call: Message) -> Message | bool | None:
        self.calls.add(call.body[1] if call.member == "Get" else str(call.member))
        if self.is_silent:
            return True
        if not self.has_object:
            return None
        if call.member == "RegisterStatusNotifierItem" and call.interface == WATCHER:
            self.registrations.add(call.body[0])
            if self.refusals:
                self.refusals -= 1
                return Message.new_error(call, "org.freedesktop.DBus.Error.Failed", "not ready yet")
            item = call.body[0]
            self.items.append(f"{call.sender}{item}" if item.startswith("/") else f"{item}{ITEM_PATH}")
            return Message.new_method_return(call)
        if call.member == "Get" and call.body == [WATCHER, "RegisteredStatusNotifierItems"]:
            return Message.new_method_return(call, "v", [Variant("as", self.items)])
        return None

    @property
    def item(self) -> str:
        """The bus name of the item registered last."""
        return self.registrations.until_there_are(1)[-1]

    def settle(self) -> None:
        """Return when the item has sent all that it had to send."""
        self.ping(self.item)

    def sent(self) -> list[Signal]:
        """What the item has sent since it appeared, without the announcement of its objects."""
        self.settle()
        return [each for each in self.signals.seen if each.sender == self.item and each.member != "InterfacesAdded"]

    def sent_members(self) -> list[str]:
        return [each.member for each in self.sent()]

    def wait_for(self, member: str) -> Signal:
        """The first signal of that name from the item registered last."""
        item = self.item
        seen = self.signals.until(lambda all_: any(s.sender == item and s.member == member for s in all_))
        return next(each for each in seen if each.sender == item and each.member == member)

    def properties(self) -> dict[str, Any]:
        """Every property of the item."""
        (properties,) = self.call(self.item, ITEM_PATH, "org.freedesktop.DBus.Properties", "GetAll", "s", ITEM)
        assert isinstance(properties, dict)
        return properties

    def on_item(self, member: str, signature: str = "", *body: object) -> list[Any]:
        return self.call(self.item, ITEM_PATH, ITEM, member, signature, *body)

    def on_menu(self, member: str, signature: str = "", *body: object) -> list[Any]:
        return self.call(self.item, self.properties()["Menu"], MENU, member, signature, *body)

    def layout(self, parent: int = 0, depth: int = -1, names: tuple[str, ...] = ()) -> Entry:
        _, root = self.on_menu("GetLayout", "iias", parent, depth, [*names])
        return _entry(root)

    def revision(self) -> int:
        revision: int = self.on_menu("GetLayout", "iias", 0, 0, [])[0]
        return revision

    def event(self, entry: int, kind: str) -> None:
        self.on_menu("Event", "isvu", entry, kind, Variant("i", 0), 0)

    def click(self, label: str) -> None:
        self.event(self.layout().find(label).id, "clicked")

    def introspect(self, path: str) -> str:
        text: str = self.call(self.item, path, "org.freedesktop.DBus.Introspectable", "Introspect")[0]
        return text


def _entry(raw: list[Any]) -> Entry:
    return Entry(raw[0], raw[1], [_entry(child) for child in raw[2]])
