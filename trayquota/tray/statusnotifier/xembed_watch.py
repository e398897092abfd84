"""The watch for an XEmbed tray while nobody on the bus shows items."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from trayquota.system.log import LoggedErrors
from trayquota.tray.watcher import has_host

if TYPE_CHECKING:
    from collections.abc import Callable

    from dbus_fast.aio import MessageBus

    from trayquota.tray.xembed.selection import TraySelection

_LOG = logging.getLogger(__name__)

_GRACE_S: Final = 3.0
"""Panels that have both kinds of tray bring them one after the other, and restart within this time."""
_CHECK_AGAIN_S: Final = 60.0


class XembedWatch:
    """Looks for an XEmbed tray as long as an item would not be shown. Belongs to the loop's thread.

    Args:
        bus: The connection that has the item.
        on_tray: Called once when there is one.
    """

    def __init__(self, bus: MessageBus, on_tray: Callable[[], object]) -> None:
        """See the class."""
        self._bus = bus
        self._on_tray = on_tray
        self._has_changed = asyncio.Event()

    def check_again(self) -> None:
        """Check anew: the watcher or a host has come or gone."""
        self._has_changed.set()

    async def run(self) -> None:
        """Watch until a tray is found, cancelled, or the connection ends."""
        if not os.environ.get("DISPLAY"):
            return
        while True:
            await asyncio.sleep(_GRACE_S)
            self._has_changed.clear()
            if await has_host(self._bus):
                await self._has_changed.wait()
            elif await self._find():
                self._on_tray()
                return

    async def _find(self) -> bool:
        """Wait for a tray, at most until a host may have come; return whether there is one."""
        from Xlib.display import Display

        from trayquota.tray.xembed.selection import TraySelection

        display = None
        # Xlib raises many kinds; each of them means no display.
        with LoggedErrors(_LOG, "opening the X display", logging.DEBUG):
            display = Display()
        if display is None:
            await self._has_changed.wait()
            return False
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(display.fileno(), self._has_changed.set)
            return await self._owner(TraySelection(display))
        finally:
            loop.remove_reader(display.fileno())
            display.close()

    async def _owner(self, selection: TraySelection) -> bool:
        if selection.owner() is not None:
            return True
        with suppress(TimeoutError):
            async with asyncio.timeout(_CHECK_AGAIN_S):
                await self._has_changed.wait()
        return selection.owner() is not None and not await has_host(self._bus)
