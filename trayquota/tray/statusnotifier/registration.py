"""Keeps an item registered with the watcher, whichever that is."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from dbus_fast import MessageFlag, MessageType

from trayquota.tray.quirks import UNKNOWN
from trayquota.tray.session_bus import BUS, WATCHER, call, subscribe, subscribe_to_owners, with_owner
from trayquota.tray.watcher import registered_items, watcher_quirks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    from trayquota.tray.quirks import Quirks
    from trayquota.tray.session_bus import Service

_LOG = logging.getLogger(__name__)

_DELAYS_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)
"""Between attempts to register with a watcher that refuses or does not answer; the last one repeats."""
_REPLY_TIMEOUT_S: Final = 5.0
_ABSENT: Final = {"org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner"}
_LOOK_AGAIN: Final = {"StatusNotifierHostRegistered", "StatusNotifierItemUnregistered"}
"""Signals of the watcher after which the item may be missing from its list: hosts that restart drop what they had."""


class Registration:
    """Registers an item, and again whenever a watcher may have lost it. Belongs to the loop's thread.

    A watcher can own its name before it has its object, as at login; it can refuse, or not answer: it is tried again
    with growing delays. Without a watcher nothing is sent until one comes.

    Args:
        bus: The connection that has the item.
        on_quirks: Called with the habits of the watcher's host before the item is registered there; returns when the
            item is where that host expects it.
        on_attempt: Called after each attempt to register, whatever came of it.
    """

    def __init__(
        self, bus: MessageBus, on_quirks: Callable[[Quirks], None], on_attempt: Callable[[], None] = lambda: None
    ) -> None:
        """See the class."""
        self._bus = bus
        self._on_quirks = on_quirks
        self._on_attempt = on_attempt
        self._has_changed = asyncio.Event()
        self._delays = _delays()
        self._was_registered = False

    async def run(self) -> None:
        """Keep the item registered until cancelled or the connection ends."""
        # The bus takes our messages in order, so no watcher that comes after the first registration is missed.
        signals = f"type='signal',sender='{WATCHER.name}',interface='{WATCHER.name}'"
        await subscribe_to_owners(self._bus, WATCHER)
        await subscribe(self._bus, signals)
        while True:
            self._has_changed.clear()
            delay_s = None if await self._is_settled() else next(self._delays)
            self._on_attempt()
            with suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._has_changed.wait()

    def on_signal(self, message: Message) -> bool:
        """Take in a signal; return whether there is another watcher now."""
        if message.sender == BUS.name and message.member == "NameOwnerChanged" and message.body[0] == WATCHER.name:
            if message.body[2]:
                self._delays = _delays()
                self._has_changed.set()
            return bool(message.body[2])
        if message.interface == WATCHER.name and message.member in _LOOK_AGAIN:
            self._has_changed.set()
        return False

    async def _is_settled(self) -> bool:
        """Register where needed; return whether there is nothing to try again."""
        try:
            async with asyncio.timeout(_REPLY_TIMEOUT_S):
                watcher = await with_owner(self._bus, WATCHER)
                # Whoever takes the name over from here on is another watcher, with habits of its own, and has its turn.
                self._on_quirks(quirks := await watcher_quirks(self._bus, watcher or WATCHER))
                return watcher is None or await self._is_listed(watcher) or await self._register(watcher, quirks)
        except TimeoutError:
            _LOG.debug("the tray does not answer")
            return False

    async def _is_listed(self, watcher: Service) -> bool:
        if not self._was_registered:  # Nobody knows this connection yet.
            return False
        items = await registered_items(self._bus, watcher)
        # Entries read `:1.5`, `:1.5/StatusNotifierItem` or, in GNOME, `:1.5@/StatusNotifierItem`.
        name = self._bus.unique_name or ""
        return items is not None and name in {item.replace("@", "/").partition("/")[0] for item in items}

    async def _register(self, watcher: Service, quirks: Quirks) -> bool:
        # A path stands for the sender's connection; a bus name for the usual path there.
        item = self._bus.unique_name if quirks.item_path == UNKNOWN.item_path else quirks.item_path
        self._was_registered = True
        member, flags = "RegisterStatusNotifierItem", MessageFlag.NO_AUTOSTART
        reply = await call(self._bus, watcher, member, "s", item, flags=flags)
        if reply.message_type is not MessageType.ERROR:
            return True
        _LOG.debug("not registered with a tray yet: %s", reply.error_name)
        return reply.error_name in _ABSENT


def _delays() -> Iterator[float]:
    return chain(_DELAYS_S, repeat(_DELAYS_S[-1]))
