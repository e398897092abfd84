"""The floor: the least program with the applet's libraries that has one icon in the tray.

Run with ``PYSTRAY_BACKEND=dummy``, so that importing pystray opens no X display.

No ``from __future__ import annotations`` here: dbus-fast reads the annotations as they are.
"""

import asyncio
from typing import Annotated, Any

import pystray
import requests
import schedule
from dbus_fast import Message, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.annotations import DBusBool, DBusObjectPath, DBusSignature, DBusStr
from dbus_fast.service import ServiceInterface, dbus_property
from PIL import Image
from watchdog.observers import Observer

READ = PropertyAccess.READ
WATCHER = "org.kde.StatusNotifierWatcher"
SIZE_PX = 22


class Item(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._argb = Image.new("RGBA", (SIZE_PX, SIZE_PX), (255, 0, 128, 0)).tobytes()

    @dbus_property(access=READ, name="Category")
    def category(self) -> DBusStr:
        return "ApplicationStatus"

    @dbus_property(access=READ, name="Id")
    def id(self) -> DBusStr:
        return "floor"

    @dbus_property(access=READ, name="Title")
    def title(self) -> DBusStr:
        return "floor"

    @dbus_property(access=READ, name="Status")
    def status(self) -> DBusStr:
        return "Active"

    @dbus_property(access=READ, name="ItemIsMenu")
    def item_is_menu(self) -> DBusBool:
        return False

    @dbus_property(access=READ, name="Menu")
    def menu(self) -> DBusObjectPath:
        return "/NO_DBUSMENU"

    @dbus_property(access=READ, name="IconPixmap")
    def icon_pixmap(self) -> Annotated[list[list[Any]], DBusSignature("a(iiay)")]:
        return [[SIZE_PX, SIZE_PX, self._argb]]


async def main() -> None:
    bus = await MessageBus().connect()
    bus.export("/StatusNotifierItem", Item())
    register = Message(
        destination=WATCHER,
        path="/StatusNotifierWatcher",
        interface=WATCHER,
        member="RegisterStatusNotifierItem",
        signature="s",
        body=[bus.unique_name],
    )
    await bus.call(register)
    await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    asyncio.run(main())
