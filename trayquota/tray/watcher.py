"""Who watches StatusNotifierItems on a bus, and whether anybody shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from trayquota.tray.quirks import Quirks, host_quirks
from trayquota.tray.session_bus import BUS, WATCHER, call, process_name, read_property

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

    from trayquota.tray.session_bus import Service

HOST_PREFIX = "org.kde.StatusNotifierHost-"
"""Begins the bus names of hosts, by the specification."""


async def watcher_quirks(bus: MessageBus, watcher: Service = WATCHER) -> Quirks:
    """Return the habits of the host behind the watcher, or of the desktop's usual host while there is no watcher."""
    return host_quirks(await process_name(bus, watcher), os.environ.get("XDG_CURRENT_DESKTOP", ""))


async def registered_items(bus: MessageBus, watcher: Service = WATCHER) -> list[str] | None:
    """Return the watcher's items as it spells them; ``None`` while there is no watcher that answers."""
    items = await read_property(bus, watcher, "RegisteredStatusNotifierItems")
    return [item for item in items if isinstance(item, str)] if isinstance(items, list) else None


async def has_host(bus: MessageBus) -> bool:
    """Return whether somebody shows items: a watcher that answers, and a host.

    A watcher can own its name without having its object. Its property ``IsStatusNotifierHostRegistered`` says
    nothing: KDE's and GNOME's are always true. A host beside the watcher owns a name by the specification.
    """
    if await registered_items(bus) is None:
        return False
    if (await watcher_quirks(bus)).shows_items:
        return True
    reply = await call(bus, BUS, "ListNames")
    return any(name.startswith(HOST_PREFIX) for name in reply.body[0])
