"""pystray's X11 backend with notifications: an XEmbed tray has neither menu nor tooltip.

Two faults of pystray 0.19.5 are worked around: its window never selects click events, and it requests to be docked
again at every new picture, which makes trays lose the icon when two requests come close together. And one of
Xlib 0.33: an event that another thread has read does not wake the loop that waits for it, so its end is repeated.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

from trayquota.tray.pystray_import import pystray_backend

if TYPE_CHECKING:
    from trayquota.tray.pystray_import import Icon

_NOTIFY_TIMEOUT_S = 5.0
_WAKE_INTERVAL_S = 0.1


def icon_class() -> type[Icon]:
    """Return the icon class for X11 trays of the older kind. Opens the display.

    Raises:
        Exception: There is no display; Xlib has many kinds.
    """
    from Xlib import X

    base: Any = pystray_backend("xorg")

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
            threading.Thread(target=self._wake_loop, name="wake-loop", daemon=True).start()

        def _wake_loop(self) -> None:
            # A reply from the server makes the loop handle the events that were read.
            with contextlib.suppress(Exception):
                while not self._has_ended.wait(_WAKE_INTERVAL_S):
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
    from trayquota.tray.session_bus import session_bus_address

    address = session_bus_address()
    if address is not None:
        with contextlib.suppress(Exception):
            asyncio.run(asyncio.wait_for(_notify(address, name, title, message), _NOTIFY_TIMEOUT_S))


async def _notify(address: str, name: str, title: str, message: str) -> None:
    from trayquota.tray.notifications import Notifier
    from trayquota.tray.session_bus import connected

    async with connected(address) as bus:
        await Notifier(bus, name, on_click=lambda: None).show(title, message)
