"""A panel that does what panels do, and notes when; and a tap on the bus."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from contract.bus_client import BUS, BusClient
from contract.fake_host import ITEM, ITEM_PATH, MENU, WATCHER
from dbus_fast import Message, MessageType, Variant, unpack_variants

from trayquota.core.translation import _

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 20.0
PROPERTIES = "org.freedesktop.DBus.Properties"
_SESSION = re.compile(r"(\S+@\S+): .*?\b(\d+)\s?%")
"""A line of the tooltip, whichever language it is in; the session's window comes first."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the panel sees it.

    Attributes:
        name: On the bus.
        registered_s: When its registration arrived, by the monotonic clock.
        seen_s: When the panel had what follows.
        title: One line.
        tip: The tool tip.
        menu: Where its menu is.
        signals: How often it signalled a change, by the signal's name.
        rows: How many menu entries it signalled changes of.
        first_left: What it showed first of the accounts.
        icon_s: When it was in the tray with that: its registration, when the first look found it there.
    """

    name: str
    registered_s: float
    seen_s: float = 0.0
    title: str = ""
    tip: str = ""
    menu: str = ""
    signals: tuple[str, ...] = ()
    rows: int = 0
    first_left: tuple[tuple[str, int], ...] = ()
    icon_s: float = 0.0

    @property
    def left(self) -> dict[str, int]:
        """The 5-hour window's remaining percent by account name; empty while the first answer is awaited."""
        return {name: int(percent) for name, percent in _SESSION.findall(self.tip)}

    @property
    def is_settled(self) -> bool:
        """Whether no refresh is under way."""
        return bool(self.tip) and _("Refreshing…") not in self.tip


class Panel(BusClient):
    """Watcher and host in one: asks an item for all it has when it registers and when it signals a change."""

    def __init__(self, address: str) -> None:
        self._condition = threading.Condition()
        self._items: dict[str, Item] = {}
        self._asking: set[str] = set()
        self._newest = ""
        self._registered: list[str] = []
        super().__init__(address)
        self.own(WATCHER)

    def answer(self, call: Message) -> Message | bool | None:
        if call.member == "Get" and call.body == [WATCHER, "IsStatusNotifierHostRegistered"]:
            return Message.new_method_return(call, "v", [Variant("b", True)])
        if call.member != "RegisterStatusNotifierItem":
            return None
        name = str(call.body[0])
        if not name.startswith(":"):
            name = call.sender or name  # named org.kde.StatusNotifierItem-PID-N, or a path alone
        with self._condition:
            self._items[name] = Item(name, time.monotonic())
            self._newest = name
            self._registered.append(name)
            self._condition.notify_all()
        self._look(name)
        return Message.new_method_return(call)

    def forget(self) -> None:
        """Wait for another item from now on."""
        with self._condition:
            self._newest = ""
            self._registered = []

    def until_items(self, count: int) -> None:
        """Return when so many items have registered and have a title, since :meth:`forget`.

        Raises:
            TimeoutError: They never did.
        """

        def are_there() -> bool:
            return len(self._registered) >= count and all(self._items[name].title for name in self._registered)

        with self._condition:
            if not self._condition.wait_for(are_there, PATIENCE_S):
                message = f"waited in vain for {count} items; there are {len(self._registered)}"
                raise TimeoutError(message)

    def until(self, holds: Callable[[Item], object] = bool, *, patience_s: float = PATIENCE_S) -> Item:
        """The newest item, once ``holds`` of it.

        Raises:
            TimeoutError: It never did.
        """
        with self._condition:
            if not self._condition.wait_for(lambda: self._newest and holds(self._items[self._newest]), patience_s):
                message = f"waited in vain; the panel has {self._items.get(self._newest)}"
                raise TimeoutError(message)
            return self._items[self._newest]

    @property
    def registered(self) -> int:
        """How many items have registered since :meth:`forget`."""
        return len(self._registered)

    @property
    def newest(self) -> str:
        """The name of the item registered last; empty before that."""
        return self._newest

    def item(self, name: str) -> Item:
        """The item of that name, as it is now."""
        return self._items[name]

    def click(self, label: str) -> None:
        """Choose an entry of the menu."""
        item = self.until(lambda each: each.menu)
        _, root = self.call(item.name, item.menu, MENU, "GetLayout", "iias", 0, 1, ["label"])
        [entry] = [each[0] for each in root[2] if each[1].get("label") == label]
        self.call(item.name, item.menu, MENU, "Event", "isvu", entry, "clicked", Variant("i", 0), 0)

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is MessageType.SIGNAL:
            self._on_signal(message)
            return None
        return super()._on_message(message)

    def _on_signal(self, message: Message) -> None:
        sender, member = message.sender or "", message.member or ""
        if sender not in self._items or message.interface not in {ITEM, MENU}:
            return
        rows = len(message.body[0]) if member == "ItemsPropertiesUpdated" else 0
        with self._condition:
            before = self._items[sender]
            self._items[sender] = replace(before, signals=(*before.signals[-500:], member), rows=before.rows + rows)
            self._condition.notify_all()
        if message.interface == ITEM:
            self._look(sender)
        elif member == "LayoutUpdated":
            self._spawn(self._call(_get_layout(sender, before.menu)))

    def _look(self, name: str) -> None:
        if name not in self._asking:
            self._asking.add(name)
            self._spawn(self._ask(name))

    async def _ask(self, name: str) -> None:
        try:
            self._asking.discard(name)
            [properties] = await self._call(Message(name, ITEM_PATH, PROPERTIES, "GetAll", signature="s", body=[ITEM]))
        except Exception:  # noqa: BLE001 - it left, or answers with an error: a panel goes on
            return
        is_first = not self._items[name].menu
        with self._condition:
            self._items[name] = _updated(self._items[name], properties)
            self._condition.notify_all()
        if is_first and self._items[name].menu not in {"", "/NO_DBUSMENU"}:
            await self._call(_get_layout(name, self._items[name].menu))

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._ended)

    _running: ClassVar[set[Any]] = set()

    def _ended(self, task: Any) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # looked at: the item may have left in between


def _updated(item: Item, properties: dict[str, Any]) -> Item:
    now_s, is_first = time.monotonic(), not item.menu
    title, menu = str(properties.get("Title", "")), str(properties.get("Menu", ""))
    new = replace(
        item, seen_s=now_s, title=title, menu=menu, tip="\n".join(properties.get("ToolTip", ["", [], "", ""])[2:])
    )
    if item.first_left or not new.left:
        return new
    return replace(new, first_left=tuple(new.left.items()), icon_s=new.registered_s if is_first else now_s)


def _get_layout(name: str, menu: str) -> Message:
    return Message(name, menu, MENU, "GetLayout", signature="iias", body=[0, -1, []])


class Tap(BusClient):
    """Sees every message on the bus and touches none.

    Attributes:
        messages: Signals and calls so far, as sender, member and body. No replies: whoever asks gets one.
    """

    def __init__(self, address: str) -> None:
        self.messages: list[tuple[str, str, list[Any]]] = []
        self._is_listening = False
        super().__init__(address)
        self._is_listening = True
        self.call(BUS, "/org/freedesktop/DBus", "org.freedesktop.DBus.Monitoring", "BecomeMonitor", "asu", [], 0)

    def from_(self, sender: str) -> list[tuple[str, list[Any]]]:
        """What ``sender`` has sent."""
        return [(member, body) for name, member, body in list(self.messages) if name == sender]

    def _on_message(self, message: Message) -> Any:
        if not self._is_listening:
            return None
        if message.message_type in {MessageType.SIGNAL, MessageType.METHOD_CALL}:
            self.messages.append((message.sender or "", message.member or "", unpack_variants(message.body)))
        return message.message_type is MessageType.METHOD_CALL
