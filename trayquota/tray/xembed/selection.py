"""The X selection that an XEmbed tray owns, and the announcement of a new owner.

Names and messages are those of the System Tray Protocol, specifications.freedesktop.org/systemtray-spec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from Xlib import X
from Xlib.display import Display
from Xlib.xobject.drawable import Window

if TYPE_CHECKING:
    from Xlib.protocol.rq import Event


class TraySelection:
    """The tray selection of one display's default screen.

    Attributes:
        display: The connection.
    """

    def __init__(self, display: Display) -> None:
        """Have the display send the announcements of new trays."""
        self.display = display
        self._selection = display.intern_atom(f"_NET_SYSTEM_TRAY_S{display.get_default_screen()}")
        self._manager = display.intern_atom("MANAGER")
        display.screen().root.change_attributes(event_mask=X.StructureNotifyMask)

    def owner(self) -> Window | None:
        """Return the window of the tray, or ``None``."""
        owner = self.display.get_selection_owner(self._selection)
        return owner if isinstance(owner, Window) else None

    def is_announcement(self, event: Event) -> bool:
        """Return whether an event says that there is a new tray."""
        return bool(
            event.type == X.ClientMessage and event.client_type == self._manager and event.data[1][1] == self._selection
        )


def has_tray() -> bool:
    """Return whether an XEmbed tray is there.

    Raises:
        Exception: There is no display; Xlib has many kinds.
    """
    display = Display()
    try:
        return TraySelection(display).owner() is not None
    finally:
        display.close()
