"""Which tray there is, and why; the choice is made when the tray is about to be shown.

On Linux ``auto`` takes the session bus when there is one: an item waits there for a panel that comes later, as at
login. Only where a bus has nobody who would show items, and an X11 tray of the older kind is already there (i3bar,
polybar, trayer), that one is taken instead: an icon without a menu is better than one nobody ever sees.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.tray.errors import TrayUnavailable

if TYPE_CHECKING:
    from trayquota.tray.pystray_import import Icon

BACKENDS = ("auto", "statusnotifier", "appindicator", "gtk", "xorg", "win32", "darwin", "none")
"""What ``--backend`` takes."""
_WATCHER = "org.kde.StatusNotifierWatcher"
_PATIENCE_S = 2.0
_NO_TRAY = (
    "No tray can be shown here: there is neither a D-Bus session nor a tray on an X display. Start trayquota from "
    "within your desktop session, or use 'trayquota status' in the terminal."
)
_NO_ANSWER = (
    "No tray can be shown here: the D-Bus session does not answer. Start trayquota from within your desktop session, "
    "or use 'trayquota status' in the terminal."
)


class BackendChoice(Struct, frozen=True):
    """A tray backend.

    Attributes:
        name: One of ``BACKENDS``, but ``auto``.
        why: In a few words, for people.
    """

    name: str
    why: str


_OWN = {"win32": BackendChoice("win32", "this is Windows"), "darwin": BackendChoice("darwin", "this is macOS")}


def choose_backend(wanted: str = "auto") -> BackendChoice:
    """Return the backend to use.

    Raises:
        TrayUnavailable: There is no tray; the text says what to do.
    """
    if wanted != "auto":
        return BackendChoice(wanted, "asked for")
    own = _OWN.get(sys.platform)
    return own if own is not None else _on_linux()


def icon_class(choice: BackendChoice) -> type[Icon]:
    """Return the pystray icon class of a backend.

    Raises:
        TrayUnavailable: It does not work here; the text says what is missing.
    """
    if choice.name == "none":
        from trayquota.tray.headless import Icon as Headless

        return Headless
    try:
        if choice.name == "statusnotifier":
            from trayquota.tray.statusnotifier import Icon as StatusNotifier

            return StatusNotifier
        if choice.name == "xorg":
            from trayquota.tray.xembed import icon_class as xembed

            return xembed()
        from trayquota.tray.pystray_import import own_backend

        return own_backend(choice.name)
    except Exception as error:
        # pystray's backends raise what their toolkits raise: import errors, display errors, plain ValueErrors.
        message = f"The tray backend '{choice.name}' does not work here ({type(error).__name__})."
        raise TrayUnavailable(message) from error


def _on_linux() -> BackendChoice:
    from trayquota.tray.statusnotifier.address import session_bus_address

    address = session_bus_address()
    watched = has_watcher(address) if address is not None else None
    if watched:
        return BackendChoice("statusnotifier", "a D-Bus session with a panel")
    if has_xembed_tray():
        reason = "no D-Bus session" if watched is None else "nobody on the D-Bus session shows items"
        return BackendChoice("xorg", f"{reason}, but there is an X11 tray")
    if watched is None:
        raise TrayUnavailable(_NO_TRAY if address is None else _NO_ANSWER)
    return BackendChoice("statusnotifier", "a D-Bus session; waiting for a panel")


def has_watcher(address: str) -> bool | None:
    """Return whether somebody on the bus shows items; ``None`` when the bus does not answer."""
    import asyncio

    with contextlib.suppress(Exception):
        return asyncio.run(asyncio.wait_for(_ask_for_watcher(address), _PATIENCE_S))
    return None


async def _ask_for_watcher(address: str) -> bool:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

    bus = await MessageBus(bus_address=address).connect()
    try:
        answer = await bus.call(
            Message(
                destination="org.freedesktop.DBus",
                path="/org/freedesktop/DBus",
                interface="org.freedesktop.DBus",
                member="NameHasOwner",
                signature="s",
                body=[_WATCHER],
            )
        )
        return bool(answer and answer.body and answer.body[0])
    finally:
        bus.disconnect()


def has_xembed_tray() -> bool:
    """Return whether an X11 tray of the older kind is there: somebody owns the display's tray selection."""
    if not os.environ.get("DISPLAY"):
        return False
    try:
        from Xlib import X, display

        screen = display.Display()
        try:
            atom = screen.intern_atom(f"_NET_SYSTEM_TRAY_S{screen.get_default_screen()}")
            return bool(screen.get_selection_owner(atom) != X.NONE)
        finally:
            screen.close()
    except Exception:  # noqa: BLE001 - Xlib raises many kinds; each of them means no display
        return False
