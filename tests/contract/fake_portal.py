"""A stand-in for the desktop's portal, as far as it says which colours are preferred."""

from __future__ import annotations

from dbus_fast import Message, Variant

from .bus_client import BusClient
from .recorder import Recorder

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SETTINGS = "org.freedesktop.portal.Settings"
KEY = ("org.freedesktop.appearance", "color-scheme")
NONE, DARK, LIGHT = 0, 1, 2


class FakePortal(BusClient):
    """Answers what it is asked.

    Attributes:
        scheme: What is preferred.
        reads: What was read.
    """

    def __init__(self, address: str, scheme: int) -> None:
        self.scheme = scheme
        self.reads: Recorder[tuple[str, ...]] = Recorder()
        super().__init__(address)
        self.own(NAME)

    def answer(self, call: Message) -> Message | None:
        if (call.interface, call.member, call.path) != (SETTINGS, "Read", PATH):
            return None
        self.reads.add(tuple(call.body))
        return Message.new_method_return(call, "v", [Variant("v", Variant("u", self.scheme))])

    def change(self, scheme: int, key: tuple[str, str] = KEY) -> None:
        self.scheme = scheme
        self.emit(PATH, SETTINGS, "SettingChanged", "ssv", *key, Variant("u", scheme))
