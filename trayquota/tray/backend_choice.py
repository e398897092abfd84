"""Which tray there is, and why; the choice is made when the tray is about to be shown.

On Linux ``auto`` takes the session bus when there is one: an item waits there for a panel that comes later, as at
login. Only where a bus has nobody who would show items, and an X11 tray of the older kind is already there (i3bar,
polybar, trayer), that one is taken instead: an icon without a menu is better than one that is never shown.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.errors import TrayUnavailableError
from trayquota.core.translation import Message
from trayquota.system.log import LoggedErrors

if TYPE_CHECKING:
    from trayquota.tray.pystray_import import Icon

_TIMEOUT_S = 2.0
_log = logging.getLogger(__name__)
_NO_TRAY = Message(
    "No tray can be shown here: there is neither a D-Bus session nor a tray on an X display. Start trayquota from "
    "within your desktop session, or use 'trayquota status' in the terminal."
)
_NO_ANSWER = Message(
    "No tray can be shown here: the D-Bus session does not answer. Start trayquota from within your desktop session, "
    "or use 'trayquota status' in the terminal."
)


class BackendChoice(Struct, frozen=True):
    """A tray backend.

    Attributes:
        name: A value of the option ``--backend``, but ``auto``.
        why: The reason in a few words, for people.
        is_automatic: Another one is to be chosen when a better tray comes.
        is_waiting: Nobody shows icons yet.
    """

    name: str
    why: str
    is_automatic: bool = False
    is_waiting: bool = False


_ONLY_BACKENDS = {
    "win32": BackendChoice("win32", Message("this is Windows")),
    "darwin": BackendChoice("darwin", Message("this is macOS")),
}


def choose_backend(wanted: str = "auto") -> BackendChoice:
    """Return the backend to use.

    Raises:
        TrayUnavailableError: There is no tray; the text says what to do.
    """
    if wanted != "auto":
        return BackendChoice(wanted, Message("asked for"))
    only = _ONLY_BACKENDS.get(sys.platform)
    return only if only is not None else _choose_on_linux()


def icon_class(choice: BackendChoice) -> type[Icon]:
    """Return the pystray icon class of a backend.

    Raises:
        TrayUnavailableError: It does not work here; the text says what is missing.
    """
    if choice.name == "none":
        from trayquota.tray.headless import Icon as HeadlessIcon

        return HeadlessIcon
    try:
        if choice.name == "statusnotifier":
            from trayquota.tray.statusnotifier import Icon as StatusNotifierIcon

            return StatusNotifierIcon
        if choice.name == "xorg":
            from trayquota.tray.xembed import Icon as XembedIcon
            from trayquota.tray.xembed.selection import has_tray

            # It may come later, but the display has to be there.
            has_tray()
            return XembedIcon
        if choice.name == "win32" and sys.platform == "win32":
            from trayquota.tray.windows import Icon as WindowsIcon

            return WindowsIcon
        from trayquota.tray.pystray_import import pystray_backend

        return pystray_backend(choice.name)
    except Exception as error:
        # pystray's backends raise what their toolkits raise: import errors, display errors, plain ValueErrors.
        message = Message(
            "The tray backend '{name}' does not work here ({error}).", name=choice.name, error=type(error).__name__
        )
        raise TrayUnavailableError(message) from error


def _choose_on_linux() -> BackendChoice:
    from trayquota.tray.session_bus import session_bus_address

    address = session_bus_address()
    watched = has_watcher(address) if address is not None else None
    if watched:
        return BackendChoice("statusnotifier", Message("a D-Bus session with a panel"), is_automatic=True)
    if has_xembed_tray():
        reason = (
            Message("no D-Bus session, but there is an X11 tray")
            if watched is None
            else Message("nobody on the D-Bus session shows items, but there is an X11 tray")
        )
        return BackendChoice("xorg", reason, is_automatic=True)
    if watched is None:
        raise TrayUnavailableError(_NO_TRAY if address is None else _NO_ANSWER)
    reason = Message("a D-Bus session; waiting for a panel")
    return BackendChoice("statusnotifier", reason, is_automatic=True, is_waiting=True)


def has_watcher(address: str) -> bool | None:
    """Return whether somebody on the bus shows items; ``None`` when the bus does not answer."""
    import asyncio

    with contextlib.suppress(Exception):
        return asyncio.run(_fetch_has_host(address))
    return None


def describe_watcher() -> str | None:
    """Return who watches the items of the session bus, for people; ``None`` where nobody does."""
    import asyncio

    with contextlib.suppress(Exception):
        return asyncio.run(_fetch_description())
    return None


async def _fetch_description() -> str | None:
    import asyncio

    from trayquota.tray.session_bus import WATCHER, connected, process_name, session_bus_address
    from trayquota.tray.watcher import watcher_quirks

    async with asyncio.timeout(_TIMEOUT_S), connected(session_bus_address() or "") as bus:
        process = await process_name(bus, WATCHER)
        name = (await watcher_quirks(bus)).name
        return Message("{process}, treated as {name}", process=process, name=name) if process and name else process


async def _fetch_has_host(address: str) -> bool:
    import asyncio

    from trayquota.tray.session_bus import connected
    from trayquota.tray.watcher import has_host

    async with asyncio.timeout(_TIMEOUT_S), connected(address) as bus:
        # A watcher that has its name, but does not answer, shows nothing.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TIMEOUT_S / 2):
                return await has_host(bus)
        return False


def has_xembed_tray() -> bool:
    """Return whether an X11 tray of the older kind is there: somebody owns the display's tray selection."""
    if not os.environ.get("DISPLAY"):
        return False
    # Xlib raises many kinds; each of them means no display.
    with LoggedErrors(_log, "the search for an X11 tray", logging.DEBUG):
        from trayquota.tray.xembed.selection import has_tray

        return has_tray()
    return False
