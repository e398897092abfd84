"""pystray's X11 backend with a voice: the tray it draws on knows neither menu nor tooltip, so it notifies.

Two things of pystray 0.19.5 are mended on the way: its window never asks the server for clicks, and it asks to be
docked again at every new picture, which makes trays lose the icon when two requests come close together. And one of
Xlib 0.33: an event that another thread has read does not wake the loop that waits for it, so its end is said again.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from trayquota.tray.pystray_import import own_backend

if TYPE_CHECKING:
    from dbus_fast import Message

    from trayquota.tray.pystray_import import Icon

_PATIENCE_S = 5.0
_NUDGE_S = 0.1


def icon_class() -> type[Icon]:
    """Return the icon class for X11 trays of the older kind. Opens the display.

    Raises:
        Exception: There is no display; Xlib has many kinds.
    """
    from Xlib import X

    base: Any = own_backend("xorg")

    class XembedIcon(base):  # type: ignore[misc]
        """Shows notifications over D-Bus where there is a session bus, and is silent where not."""

        HAS_NOTIFICATION = True

        def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - pystray's own arguments
            super().__init__(*args, **kwargs)
            self._has_ended = threading.Event()
            self._window.change_attributes(event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask)

        def _run(self) -> None:
            try:
                super()._run()
            finally:
                self._has_ended.set()

        def _stop(self) -> None:
            super()._stop()
            threading.Thread(target=self._nudge, name="nudge", daemon=True).start()

        def _nudge(self) -> None:
            # An answer from the server makes the loop look at what has come.
            with contextlib.suppress(Exception):
                while not self._has_ended.wait(_NUDGE_S):
                    self._display.sync()

        def _assert_docked(self) -> None:
            if self._systray_manager is None:
                super()._assert_docked()

        def _notify(self, message: str, title: str | None = None) -> None:
            # On a thread of its own: the tray's loop must not wait for a server that is slow to start.
            arguments = (self.name, title or self.title, message)
            threading.Thread(target=_show, args=arguments, name="notify", daemon=True).start()

        def _remove_notification(self) -> None:
            """Leave it to the server, which removes it by itself."""

    return XembedIcon


def _show(name: str, title: str, message: str) -> None:
    from trayquota.tray.statusnotifier.address import session_bus_address

    address = session_bus_address()
    if address is not None:
        with contextlib.suppress(Exception):
            asyncio.run(asyncio.wait_for(_send(address, name, title, message), _PATIENCE_S))


async def _send(address: str, name: str, title: str, message: str) -> None:
    from dbus_fast.aio import MessageBus

    bus = await MessageBus(bus_address=address).connect()
    try:
        able = await bus.call(_to_server("GetCapabilities"))
        if able and able.body and "body-markup" in able.body[0]:
            message = message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        body = [name, 0, "", title, message, [], {}, -1]
        await bus.call(_to_server("Notify", "susssasa{sv}i", body))
    finally:
        bus.disconnect()


def _to_server(member: str, signature: str = "", body: list[object] | None = None) -> Message:
    from dbus_fast import Message

    return Message(
        destination="org.freedesktop.Notifications",
        path="/org/freedesktop/Notifications",
        interface="org.freedesktop.Notifications",
        member=member,
        signature=signature,
        body=body or [],
    )
