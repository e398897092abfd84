"""The session bus: where it is, a connection for a moment, and the one way in which calls are made."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote

from dbus_fast import DBusError, Message, MessageFlag, MessageType
from dbus_fast.aio import MessageBus

if TYPE_CHECKING:
    import socket
    from collections.abc import AsyncIterator, Mapping

UNREACHABLE: Final = (OSError, EOFError, ValueError, DBusError)
"""What is raised for a bus that refuses, hangs up or times out, or whose address makes no sense."""


class Service(NamedTuple):
    """A well-known service whose interface has the same name as the service itself.

    Attributes:
        name: Its bus name, and the name of its interface.
        path: Of its object.
        owner: The connection that is called; ``None`` for whichever has the name at that moment.
    """

    name: str
    path: str
    owner: str | None = None

    @property
    def destination(self) -> str:
        """Where calls go."""
        return self.owner or self.name


BUS: Final = Service("org.freedesktop.DBus", "/org/freedesktop/DBus")
NOTIFICATIONS: Final = Service("org.freedesktop.Notifications", "/org/freedesktop/Notifications")
WATCHER: Final = Service("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher")
"""Its names, in the KDE spelling that every host uses: AppIndicator extension, ``statusNotifierWatcher.js``
(github.com/ubuntu/gnome-shell-extension-appindicator); KDE, ``statusnotifierwatcher.cpp``
(github.com/KDE/plasma-workspace)."""

PORTAL_SETTINGS: Final = "org.freedesktop.portal.Settings"
"""The interface by which desktops say how they look: the specification of XDG Desktop Portal."""


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


class _WaitingSocket:
    """A socket whose ``send`` counts nothing as sent where the other end is not ready, instead of raising.

    dbus-fast 5.2.0 (``_MessageWriter.write_callback`` in ``aio/message_bus.py``) finalizes the connection at any
    exception, EAGAIN included, and tries to send as soon as a message comes, whether the socket is writable or not.
    A daemon that is slow for a moment then costs the connection. Where less was sent than a whole message, the same
    writer waits until the socket is writable.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: bytes | memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0


async def connect(address: str) -> MessageBus:
    """Connect; the connection outlives moments in which the bus takes no messages.

    Raises:
        Exception: One of :data:`UNREACHABLE`.
    """
    bus = await MessageBus(bus_address=address).connect()
    writer = bus._writer  # noqa: SLF001 - there is no other way in
    if writer is not None and writer.sock is not None:
        writer.sock = _WaitingSocket(writer.sock)  # type: ignore[assignment]
    return bus


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[MessageBus]:
    """Connect for the time of a ``with`` block.

    Raises:
        Exception: One of :data:`UNREACHABLE`.
    """
    bus = await connect(address)
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
        Message(service.destination, service.path, service.name, member, flags=flags, signature=signature, body=[*body])
    )


async def subscribe(bus: MessageBus, rule: str) -> None:
    """Have the bus deliver the messages that a match rule describes.

    Its answer is not waited for: the bus takes our messages in order, so the rule holds for whatever comes after the
    next one.
    """
    await bus.send(
        Message(
            BUS.name, BUS.path, BUS.name, "AddMatch", flags=MessageFlag.NO_REPLY_EXPECTED, signature="s", body=[rule]
        )
    )


async def with_owner(bus: MessageBus, service: Service) -> Service | None:
    """Return the service as the connection that has its name now provides it; ``None`` where nobody has it."""
    reply = await call(bus, BUS, "GetNameOwner", "s", service.name)
    return service._replace(owner=reply.body[0]) if reply.message_type is not MessageType.ERROR else None


async def process_name(bus: MessageBus, service: Service) -> str | None:
    """Return the name of the process that owns a service's name.

    ``None`` where nobody owns it, or the process cannot be seen, as from within a sandbox. Linux keeps 15 characters
    of the name.
    """
    reply = await call(bus, BUS, "GetConnectionUnixProcessID", "s", service.destination)
    if reply.signature != "u":
        return None
    return _process_name(reply.body[0])


def _process_name(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


async def read_property(bus: MessageBus, service: Service, name: str) -> object:
    """Read a property of a service; ``None`` where the reply is an error."""
    properties = "org.freedesktop.DBus.Properties"
    body = [service.name, name]
    reply = await bus.call(
        Message(
            service.destination,
            service.path,
            properties,
            "Get",
            signature="ss",
            body=body,
            flags=MessageFlag.NO_AUTOSTART,
        )
    )
    return reply.body[0].value if reply.signature == "v" else None


async def subscribe_to_owners(bus: MessageBus, service: Service) -> None:
    """Have the bus say when a service's name gets another owner."""
    await subscribe(
        bus,
        f"type='signal',sender='{BUS.name}',interface='{BUS.name}',member='NameOwnerChanged',arg0='{service.name}'",
    )
