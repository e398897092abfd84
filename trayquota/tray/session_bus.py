"""The session bus: where it is, a connection for a moment, and the one way in which calls are made."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from dbus_fast import DBusError, Message, MessageFlag
from dbus_fast.aio import MessageBus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

UNREACHABLE: Final = (OSError, EOFError, ValueError, DBusError)
"""What is raised for a bus that refuses, hangs up or times out, or whose address makes no sense."""


class Service(NamedTuple):
    """A well-known service whose interface has the same name as the service itself.

    Attributes:
        name: Its bus name, and the name of its interface.
        path: Of its object.
    """

    name: str
    path: str


BUS: Final = Service("org.freedesktop.DBus", "/org/freedesktop/DBus")
NOTIFICATIONS: Final = Service("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
WATCHER: Final = Service("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
"""Its names, in the KDE spelling that every host uses: AppIndicator extension, ``statusNotifierWatcher.js``
(github.com/ubuntu/gnome-shell-extension-appindicator); KDE, ``statusnotifierwatcher.cpp``
(github.com/KDE/plasma-workspace)."""


def session_bus_address(environ: Mapping[str, str] | None = None) -> str | None:
    """Return the session bus as the environment names it, or ``None``; it may not answer.

    ``DBUS_SESSION_BUS_ADDRESS`` decides; without it the socket that systemd's user bus has in
    ``XDG_RUNTIME_DIR`` is taken, if it is there.
    """
    environ = os.environ if environ is None else environ
    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    if folder := environ.get("XDG_RUNTIME_DIR"):
        socket = Path(folder, "bus")
        if socket.exists():
            # ~ is the one character that URLs leave alone and D-Bus addresses must not.
            return "unix:path=" + quote(str(socket), safe="/").replace("~", "%7E")
    return None


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[MessageBus]:
    """Connect for the time of a ``with`` block.

    Raises:
        Exception: One of :data:`UNREACHABLE`.
    """
    bus = await MessageBus(bus_address=address).connect()
    try:
        yield bus
    finally:
        bus.disconnect()


async def call(
    bus: MessageBus,
    service: Service,
    member: str,
    signature: str = "",
    *body: object,
    flags: MessageFlag = MessageFlag.NONE,
) -> Message:
    """Call a method and return the reply, which may be an error.

    Raises:
        Exception: One of :data:`UNREACHABLE`, when the connection ends before the reply.
    """
    return await bus.call(
        Message(service.name, service.path, service.name, member, flags=flags, signature=signature, body=[*body])
    )


async def subscribe(bus: MessageBus, rule: str) -> None:
    """Have the bus deliver the messages that a match rule describes."""
    await call(bus, BUS, "AddMatch", "s", rule)


async def subscribe_to_owners(bus: MessageBus, service: Service) -> None:
    """Have the bus say when a service's name gets another owner."""
    await subscribe(
        bus,
        f"type='signal',sender='{BUS.name}',interface='{BUS.name}',member='NameOwnerChanged',arg0='{service.name}'",
    )
