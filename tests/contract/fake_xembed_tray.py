"""A stand-in for an XEmbed tray: owns the selection, takes icons in, and can end as trays do."""

from __future__ import annotations

import select
import threading
from typing import TYPE_CHECKING

from Xlib import X
from Xlib.display import Display
from Xlib.protocol.event import ButtonPress, ClientMessage

from .recorder import Recorder

if TYPE_CHECKING:
    from Xlib.xobject.drawable import Window

GROUND = (30, 60, 90)
SIZE_PX = 24
_TICK_S = 0.05


class FakeXembedTray:
    """A tray on a thread of its own.

    Attributes:
        docked: The ids of the windows that asked to be docked, in order.
    """

    def __init__(self, display: str, *, announces: bool = True) -> None:
        self.docked: Recorder[int] = Recorder()
        self._display = Display(display)
        self._lock = threading.Lock()
        screen = self._display.screen()
        pixel = (GROUND[0] << 16) | (GROUND[1] << 8) | GROUND[2]
        self.window = screen.root.create_window(
            0, 0, SIZE_PX, SIZE_PX, 0, screen.root_depth, background_pixel=pixel, override_redirect=True
        )
        self.window.map()
        self._selection = self._display.intern_atom(f"_NET_SYSTEM_TRAY_S{self._display.get_default_screen()}")
        self._opcode = self._display.intern_atom("_NET_SYSTEM_TRAY_OPCODE")
        self.window.set_selection_owner(self._selection, X.CurrentTime)
        if announces:
            manager = self._display.intern_atom("MANAGER")
            data = (32, (X.CurrentTime, self._selection, self.window.id, 0, 0))
            message = ClientMessage(window=screen.root, client_type=manager, data=data)
            screen.root.send_event(message, event_mask=X.StructureNotifyMask)
        self._display.sync()
        self._ends = False
        self._thread = threading.Thread(target=self._serve, name="xembed-tray")
        self._thread.start()

    @property
    def icon(self) -> Window:
        """The window docked last."""
        window: Window = self._display.create_resource_object("window", self.docked.until_there_are(1)[-1])
        return window

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        """A pixel of the tray's window, icon included."""
        with self._lock:
            data = self.window.get_image(x, y, 1, 1, X.ZPixmap, 0xFFFFFFFF).data
        return data[2], data[1], data[0]

    def click(self, button: int) -> None:
        """Press a mouse button on the icon."""
        with self._lock:
            event = ButtonPress(
                window=self.icon,
                root=self._display.screen().root,
                child=X.NONE,
                time=X.CurrentTime,
                root_x=1,
                root_y=1,
                event_x=1,
                event_y=1,
                state=0,
                detail=button,
                same_screen=1,
            )
            self.icon.send_event(event, event_mask=X.ButtonPressMask)
            self._display.sync()

    def let_go(self) -> None:
        """Give the icon's window back to the root, as trays do that end in an orderly way."""
        with self._lock:
            root = self._display.screen().root
            self.icon.unmap()
            self.icon.reparent(root, 0, 0)
            self._display.sync()

    def end(self) -> None:
        """End with all its windows, the icon's among them."""
        if not self._ends:
            self._ends = True
            self._thread.join()
            self._display.close()

    def _serve(self) -> None:
        while not self._ends:
            with self._lock:
                while self._display.pending_events():
                    self._handle(self._display.next_event())
            select.select([self._display.fileno()], [], [], _TICK_S)

    def _handle(self, event: object) -> None:
        if isinstance(event, ClientMessage) and event.client_type == self._opcode:
            window_id = event.data[1][2]
            window = self._display.create_resource_object("window", window_id)
            window.reparent(self.window, 0, 0)
            window.configure(width=SIZE_PX, height=SIZE_PX)
            window.map()
            self._display.sync()
            self.docked.add(window_id)
