"""Notifications on a desk's bus: a server that shows them, and a record of what was sent."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from notification import Notification

from .bus import DBUS
from .waiting import wait_until

if TYPE_CHECKING:
    from .desktop_session import Desk
    from .processes import Program

NOTIFICATIONS = "org.freedesktop.Notifications"
PASSED_ON = "x-shell-sender"
"""GNOME's server is a process of its own, which sends all once more to the shell, with this hint."""


def start_dunst(desk: Desk) -> Program:
    """Start dunst, which shows each notification until it is ended."""
    server = desk.start(["dunst", "-conf", Path(__file__).with_name("dunstrc")])
    wait_until(lambda: desk.bus.has_owner(NOTIFICATIONS), "notification server")
    return server


class NotificationLog:
    """Records what is sent on a bus, whoever is the server there; is one itself where there is none.

    Use it in a ``with`` statement.

    Attributes:
        sent: In order.
    """

    def __init__(self, desk: Desk) -> None:
        self.sent: list[Notification] = []
        self._address = desk.bus.address
        self._serves = not desk.bus.has_owner(NOTIFICATIONS)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="notification-log")

    def __enter__(self) -> Self:
        self._thread.start()
        self._bus = asyncio.run_coroutine_threadsafe(self._connect(), self._loop).result()
        return self

    def __exit__(self, *_exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._disconnect(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _connect(self) -> MessageBus:
        bus = await MessageBus(bus_address=self._address).connect()
        bus.add_message_handler(self._on_message)
        if self._serves:
            await bus.request_name(NOTIFICATIONS)
        else:
            rules = [f"type='method_call',interface='{NOTIFICATIONS}',member='Notify'"]
            monitoring, path = "org.freedesktop.DBus.Monitoring", "/org/freedesktop/DBus"
            await bus.call(Message(DBUS, path, monitoring, "BecomeMonitor", signature="asu", body=[rules, 0]))
        return bus

    async def _disconnect(self) -> None:
        self._bus.disconnect()
        await self._bus.wait_for_disconnect()  # type: ignore[no-untyped-call]

    def _on_message(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if message.interface == NOTIFICATIONS and message.member == "Notify":
            sent = Notification(*message.body)
            if PASSED_ON not in sent.hints:
                self.sent.append(sent)
        return self._answer(message) if self._serves else True  # a monitor must not answer

    def _answer(self, call: Message) -> Message | None:
        match call.member:
            case "Notify":
                return Message.new_method_return(call, "u", [call.body[1] or len(self.sent)])
            case "GetCapabilities":
                return Message.new_method_return(call, "as", [["body", "actions"]])
            case "GetServerInformation":
                return Message.new_method_return(call, "ssss", ["stand-in", "tests", "1", "1.2"])
            case "CloseNotification":
                return Message.new_method_return(call)
        return None
