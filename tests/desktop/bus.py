"""Plain blocking calls on a session bus."""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

DBUS = "org.freedesktop.DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
WATCHER = "org.kde.StatusNotifierWatcher"
ITEM = "org.kde.StatusNotifierItem"
ANSWER_S = 30.0


class BusError(Exception):
    """The called program answered with an error, or nobody has the name."""


class Bus:
    """Calls on the bus at an address; each opens a connection of its own."""

    def __init__(self, address: str) -> None:
        self.address = address

    def call(self, message: Message) -> list[Any]:
        """Send a call, wait for the answer, and give back its values without variants.

        Raises:
            BusError: The answer was an error.
        """
        return asyncio.run(self._call(message))

    async def _call(self, message: Message) -> list[Any]:
        connection = await MessageBus(bus_address=self.address).connect()
        try:
            answer = await asyncio.wait_for(connection.call(message), ANSWER_S)
        finally:
            connection.disconnect()
            await connection.wait_for_disconnect()  # type: ignore[no-untyped-call]
        assert answer is not None
        if answer.message_type is MessageType.ERROR:
            raise BusError(answer.error_name, *answer.body)
        return [value.value if isinstance(value, Variant) else value for value in answer.body]

    def property(self, service: str, path: str, interface: str, name: str) -> Any:
        """The value of a property."""
        call = Message(service, path, PROPERTIES, "Get", signature="ss", body=[interface, name])
        [value] = self.call(call)
        return value

    def has_owner(self, service: str) -> bool:
        """Whether a program has taken that name."""
        call = Message(DBUS, "/org/freedesktop/DBus", DBUS, "NameHasOwner", signature="s", body=[service])
        [owned] = self.call(call)
        return bool(owned)

    def reload(self) -> None:
        """Have the bus look at its settings and services again."""
        self.call(Message(DBUS, "/org/freedesktop/DBus", DBUS, "ReloadConfig"))

    def names(self) -> list[str]:
        """All names on the bus."""
        [names] = self.call(Message(DBUS, "/org/freedesktop/DBus", DBUS, "ListNames"))
        return list(names)

    def items(self) -> list[tuple[str, str]]:
        """Service and path of every item that the tray's watcher knows."""
        try:
            names = self.property(WATCHER, "/StatusNotifierWatcher", WATCHER, "RegisteredStatusNotifierItems")
        except BusError:
            return []
        # ":1.7/StatusNotifierItem", ":1.7@/StatusNotifierItem" or a bare name, depending on the watcher.
        split = [(name.replace("@", "").partition("/")) for name in names]
        return [(service, f"/{path}" if path else "/StatusNotifierItem") for service, _, path in split]

    def items_of(self, pid: int) -> list[tuple[str, str]]:
        """Service and path of every item that the process with that id has registered."""
        return [item for item in self.items() if self._pid_of(item[0]) == pid]

    def item_of(self, pid: int) -> tuple[str, str] | None:
        """The first of :meth:`items_of`."""
        return next(iter(self.items_of(pid)), None)

    def _pid_of(self, service: str) -> int | None:
        """The id of the process that has a name; nothing when it has gone, and the watcher has not noticed."""
        call = Message(DBUS, "/org/freedesktop/DBus", DBUS, "GetConnectionUnixProcessID", signature="s", body=[service])
        try:
            [owner] = self.call(call)
        except BusError:
            return None
        return int(owner)

    def item_property(self, name: str) -> Any:
        """A property of the only item."""
        [(service, path)] = self.items()
        return self.property(service, path, ITEM, name)
