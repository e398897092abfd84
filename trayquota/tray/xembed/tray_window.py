"""The icon's window: docked into whichever XEmbed tray there is, and painted over that tray's own ground.

Messages and properties are those of the System Tray Protocol and of XEmbed, specifications.freedesktop.org.
"""

from __future__ import annotations

import logging
import socket
import time
from contextlib import suppress
from select import select
from typing import TYPE_CHECKING, Final, NamedTuple

from PIL import Image
from Xlib import X, Xatom, Xutil
from Xlib.display import Display
from Xlib.error import XError
from Xlib.protocol.event import ClientMessage

from trayquota.render.palette import GROUND

from .selection import TraySelection

if TYPE_CHECKING:
    from collections.abc import Callable

    from Xlib.protocol.rq import Event
    from Xlib.xobject.colormap import Colormap
    from Xlib.xobject.drawable import Window

_LOG = logging.getLogger(__name__)

_LOOK_AGAIN_S: Final = 60.0
"""Between searches for a tray whose announcement was missed, or that has not taken the icon."""
_REQUEST_DOCK: Final = 0
_XEMBED_VERSION: Final = 0
_XEMBED_MAPPED: Final = 1
_DEPTHS: Final = (24, 32)
_SIZE_PX: Final = 24
"""Of the window until a tray gives it another size."""


class Picture(NamedTuple):
    """What the window shows.

    Attributes:
        variants: The icon in several sizes, with transparency; empty to show nothing.
        title: The window's name.
    """

    variants: tuple[Image.Image, ...] = ()
    title: str = ""


class TrayWindow:
    """Keeps the icon docked. All but :meth:`show` and :meth:`stop` belongs to the thread that calls :meth:`run`.

    A tray that ends takes the window along or gives it back to the root; either way it is made anew for the next
    tray, which announces itself.

    Args:
        name: The window's class.
        on_button: Called with the number of a mouse button that was pressed on the icon.

    Raises:
        Exception: There is no display; Xlib has many kinds.
    """

    def __init__(self, name: str, on_button: Callable[[int], None]) -> None:
        """Connect to the display."""
        self._name = name
        self._on_button = on_button
        self._display = Display()
        self._display.set_error_handler(_log_error)
        self._selection = TraySelection(self._display)
        self._wake, self._waker = socket.socketpair()
        self._waker.settimeout(0)
        self._wanted = self._painted = Picture()
        self._tray: Window | None = None
        self._window: Window | None = None
        self._colormap: Colormap | None = None
        self._ground: Image.Image | None = None
        self._is_docked = False
        self._is_stopping = False
        self._next_look = 0.0

    def show(self, picture: Picture) -> None:
        """Show something else from now on; from any thread."""
        self._wanted = picture
        self._wake_loop()

    def stop(self) -> None:
        """Have :meth:`run` return; from any thread or a signal handler."""
        self._is_stopping = True
        self._wake_loop()

    def run(self) -> None:
        """Show the icon until :meth:`stop`.

        Raises:
            ConnectionClosedError: The display has gone.
        """
        while not self._is_stopping:
            while self._display.pending_events():
                self._handle(self._display.next_event())
            self._keep_docked()
            if self._display.pending_events():
                continue
            timeout_s = None if self._is_docked else max(0.0, self._next_look - time.monotonic())
            ready, _, _ = select([self._display.fileno(), self._wake.fileno()], [], [], timeout_s)
            if self._wake.fileno() in ready:
                self._wake.recv(4096)

    def close(self) -> None:
        """Take the icon away and leave the display."""
        with suppress(Exception):
            self._forget_window()
            self._display.close()
        self._wake.close()
        self._waker.close()

    def _wake_loop(self) -> None:
        # Full means that it is awake; closed, that it has ended.
        with suppress(OSError):
            self._waker.send(b"\0")

    def _handle(self, event: Event) -> None:
        own = self._window is not None and getattr(event, "window", None) == self._window
        if self._selection.is_announcement(event) or (
            event.type == X.DestroyNotify and (own or event.window == self._tray)
        ):
            self._forget_window()
        elif event.type == X.ReparentNotify and own:
            self._reparented(event.parent)
        elif event.type in {X.Expose, X.ConfigureNotify} and own:
            self._ground = None
        elif event.type == X.ButtonPress and own:
            self._on_button(event.detail)

    def _reparented(self, parent: Window) -> None:
        if parent == self._display.screen().root:
            # The tray has let go of it, which is how they end; another one announces itself.
            self._forget_window()
            self._next_look = time.monotonic() + _LOOK_AGAIN_S
        else:
            self._is_docked = True
            self._ground = None

    def _keep_docked(self) -> None:
        if not self._wanted.variants:
            self._forget_window()
            return
        if not self._is_docked and time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + _LOOK_AGAIN_S
            self._forget_window(look_at_once=False)
            with suppress(XError):
                self._dock()
        if self._is_docked and self._window is not None and (self._ground is None or self._wanted != self._painted):
            with suppress(XError):
                self._paint(self._window, self._wanted)

    def _forget_window(self, *, look_at_once: bool = True) -> None:
        window, self._window, self._tray = self._window, None, None
        self._is_docked, self._ground, self._painted = False, None, Picture()
        if look_at_once:
            self._next_look = 0.0
        if window is not None and self._colormap is not None:
            window.destroy()
            self._colormap.free()
            self._display.flush()

    def _dock(self) -> None:
        tray = self._selection.owner()
        if tray is None:
            return
        tray.change_attributes(event_mask=X.StructureNotifyMask)
        self._tray, self._window = tray, self._create_window(tray)
        opcode = self._display.intern_atom("_NET_SYSTEM_TRAY_OPCODE")
        data = (32, (X.CurrentTime, _REQUEST_DOCK, self._window.id, 0, 0))
        tray.send_event(ClientMessage(window=tray, client_type=opcode, data=data), event_mask=X.NoEventMask)
        self._display.sync()

    def _create_window(self, tray: Window) -> Window:
        screen = self._display.screen()
        visual, depth = self._visual(tray)
        self._colormap = screen.root.create_colormap(visual, X.AllocNone)
        window: Window = screen.root.create_window(
            0,
            0,
            _SIZE_PX,
            _SIZE_PX,
            0,
            depth,
            X.InputOutput,
            visual,
            colormap=self._colormap,
            border_pixel=0,
            event_mask=X.ExposureMask | X.StructureNotifyMask | X.ButtonPressMask,
        )
        window.set_wm_class(self._name, self._name)
        window.set_wm_normal_hints(flags=Xutil.PMinSize, min_width=_SIZE_PX, min_height=_SIZE_PX)
        info = self._display.intern_atom("_XEMBED_INFO")
        window.change_property(info, info, 32, [_XEMBED_VERSION, _XEMBED_MAPPED])
        return window

    def _visual(self, tray: Window) -> tuple[int, int]:
        """Return the visual that the tray asks for, so that its ground can be inherited, and its depth."""
        screen = self._display.screen()
        wanted = tray.get_full_property(self._display.intern_atom("_NET_SYSTEM_TRAY_VISUAL"), Xatom.VISUALID)
        visual = wanted.value[0] if wanted is not None and len(wanted.value) else screen.root_visual
        for depth in screen.allowed_depths:
            if depth.depth in _DEPTHS and any(candidate.visual_id == visual for candidate in depth.visuals):
                return visual, depth.depth
        return screen.root_visual, screen.root_depth

    def _paint(self, window: Window, picture: Picture) -> None:
        place = window.get_geometry()
        if self._ground is None:
            self._ground = self._read_ground(window, place.width, place.height)
        canvas = self._ground.copy()
        icon = _fitting(picture.variants, min(place.width, place.height))
        opaque = icon.copy()
        opaque.putalpha(255)
        corner = ((place.width - icon.width) // 2, (place.height - icon.height) // 2)
        canvas.paste(opaque, corner, icon.getchannel("A"))
        context = window.create_gc()
        data = canvas.tobytes("raw", self._raw_mode())
        window.put_image(context.id, 0, 0, canvas.width, canvas.height, X.ZPixmap, place.depth, 0, data)
        context.free()
        if picture.title != self._painted.title:
            self._set_title(window, picture.title)
        self._display.flush()
        self._painted = picture

    def _set_title(self, window: Window, title: str) -> None:
        utf8 = self._display.intern_atom("UTF8_STRING")
        window.change_property(self._display.intern_atom("_NET_WM_NAME"), utf8, 8, title.encode())
        # The older property holds Latin-1 alone.
        window.set_wm_name(title.replace("…", "...").encode("latin-1", "replace").decode("latin-1"))

    def _read_ground(self, window: Window, width: int, height: int) -> Image.Image:
        """Return what the tray shows below the icon: transparency here means to paint the same once more."""
        errors = _Errors()
        window.change_attributes(background_pixmap=X.ParentRelative, onerror=errors)
        window.clear_area()
        self._display.sync()
        if not errors.seen:
            with suppress(XError):
                shown = window.get_image(0, 0, width, height, X.ZPixmap, 0xFFFFFFFF)
                return Image.frombytes("RGBA", (width, height), shown.data, "raw", self._raw_mode())
        return Image.new("RGBA", (width, height), GROUND)

    def _raw_mode(self) -> str:
        return "BGRA" if self._display.display.info.image_byte_order == X.LSBFirst else "ARGB"


class _Errors:
    """Takes in the errors of one request."""

    def __init__(self) -> None:
        self.seen = False

    def __call__(self, *_error: object) -> bool:
        self.seen = True
        return True


def _fitting(variants: tuple[Image.Image, ...], size: int) -> Image.Image:
    """Return the largest variant that fits, as it was drawn; where none does, the smallest one made smaller."""
    fitting = [variant for variant in variants if variant.width <= size]
    if fitting:
        return max(fitting, key=lambda variant: variant.width)
    smallest = min(variants, key=lambda variant: variant.width)
    return smallest.resize((max(1, size), max(1, size)), Image.Resampling.LANCZOS)


def _log_error(error: object, *_request: object) -> None:
    # A tray that ends leaves windows of which requests still speak.
    _LOG.debug("an X request failed: %s", type(error).__name__)
