"""A stand-in for a notification server."""

from __future__ import annotations

from dbus_fast import Message
from notification import Notification

from .bus_client import BusClient, plain
from .recorder import Recorder

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"


class FakeNotifications(BusClient):
    """Shows nothing, remembers all.

    Attributes:
        shown: The notifications, in order; the ids of those that replace none count from 1.
        closed: The ids that clients closed.
        capability_calls: How often its capabilities were fetched.
    """

    def __init__(self, address: str, capabilities: tuple[str, ...]) -> None:
        self.capabilities = capabilities
        self.shown: Recorder[Notification] = Recorder()
        self.closed: Recorder[int] = Recorder()
        self.capability_calls = 0
        self._ids = 0
        super().__init__(address)
        self.own(NAME)

    def answer(self, call: Message) -> Message | None:
        match call.member:
            case "GetCapabilities":
                self.capability_calls += 1
                return Message.new_method_return(call, "as", [[*self.capabilities]])
            case "Notify":
                shown = Notification(*plain(call.body))
                self._ids += not shown.replaces
                self.shown.add(shown)
                return Message.new_method_return(call, "u", [shown.replaces or self._ids])
            case "CloseNotification":
                self.closed.add(call.body[0])
                return Message.new_method_return(call)
        return None

    def click(self, notification: int, action: str = "default") -> None:
        self.emit(PATH, NAME, "ActionInvoked", "us", notification, action)
