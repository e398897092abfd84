"""The icon itself: pystray's interface in front of :class:`TrayWindow`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, ClassVar

from Xlib.error import ConnectionClosedError

from trayquota.core.errors import TrayUnavailableError
from trayquota.core.translation import Message
from trayquota.tray.base import BaseIcon, Notification
from trayquota.tray.callback_worker import Worker

from .bus_companion import BusCompanion
from .menu_launcher import MenuLauncher
from .tray_window import Picture, TrayWindow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image

    from trayquota.tray.pystray_import import Menu, MenuItem

_MIDDLE = 2
_CLICKS = {1, _MIDDLE, 3}
_WHEEL = {4: -1, 5: 1, 6: -1, 7: 1}
"""The direction of each of its buttons; positive is downwards or to the right."""
_CALLBACK_S = 0.3
"""How long a callback under way is waited for when the icon stops."""


class Icon(BaseIcon):
    """An icon for XEmbed trays, used from any thread like any of pystray's.

    Every click but the middle one opens the menu with rofi or dmenu; where neither can, :attr:`on_click` is called.
    """

    HAS_DEFAULT_ACTION: ClassVar[bool] = False
    HAS_MENU: ClassVar[bool] = True
    HAS_MENU_RADIO: ClassVar[bool] = True
    HAS_NOTIFICATION: ClassVar[bool] = True

    def __init__(
        self,
        name: str,
        icon: Image | None = None,
        title: str | None = None,
        menu: Menu | Iterable[MenuItem] | None = None,
        **kwargs: object,
    ) -> None:
        """Make an icon that is not shown yet; the arguments are pystray's.

        Raises:
            TrayUnavailableError: There is no display.
        """
        self._lock = threading.Lock()
        self._window: TrayWindow | None = None
        self._worker: Worker | None = None
        self._bus: BusCompanion | None = None
        self._launcher = MenuLauncher()
        super().__init__(name, icon, title, menu, **kwargs)

    def show_notification(self, notification: Notification) -> None:
        """Show a notification in place of the last one of the same urgency."""
        if self._bus is not None:
            self._bus.notify(notification)

    def _begin(self) -> None:
        self._is_stopping = False
        try:
            self._window = TrayWindow(self.name, self._pressed)
        except Exception as error:
            # Xlib raises many kinds, the display's name included.
            message = Message(
                "No tray can be shown here: the X display cannot be reached ({error}).", error=type(error).__name__
            )
            raise TrayUnavailableError(message) from error
        self._worker = Worker(f"{self.name}-callbacks")
        self._bus = BusCompanion(self.name, self._worker.submit, self.on_better_tray)

    def _loop(self) -> None:
        window, worker, bus = self._window, self._worker, self._bus
        if window is None or worker is None or bus is None:
            return
        bus.start()
        self._mark_ready()
        try:
            window.run()
        except ConnectionClosedError as error:
            message = Message("The tray is gone: the X display was closed.")
            raise TrayUnavailableError(message) from error
        finally:
            self._window = None
            self._launcher.close()
            window.close()
            bus.close()
            worker.close(_CALLBACK_S)

    def _stop(self) -> None:
        if (window := self._window) is not None:
            window.stop()

    def _is_awaited_here(self) -> bool:
        return self._worker is not None and self._worker.is_current

    def _pressed(self, button: int) -> None:
        if self._worker is None:
            return
        if (steps := _WHEEL.get(button)) and (hook := self.on_scroll) is not None:
            self._worker.submit(lambda: hook(steps))
        elif button in _CLICKS and button != _MIDDLE:
            self._worker.submit(self._open_menu)
        elif button == _MIDDLE:
            self._worker.submit(self.on_middle_click or self)

    def _open_menu(self) -> None:
        if not self._launcher.open(self, self.menu) and self.on_click is not None:
            self.on_click()

    def _show(self) -> None:
        self._update()

    def _hide(self) -> None:
        if (window := self._window) is not None:
            window.show(Picture())

    def _update(self) -> None:
        image = self._icon
        if (window := self._window) is not None and image is not None:
            variants = image.info.get("variants") or (image,)
            window.show(Picture(tuple(variant.convert("RGBA") for variant in variants), self.title or self.name))

    def _update_icon(self) -> None:
        self._update()
        self._icon_valid = True

    def _update_title(self) -> None:
        if self._visible:
            self._update()

    def _update_menu(self) -> None:
        """Leave it: the menu is read when it is opened."""

    def _notify(self, message: str, title: str | None = None) -> None:
        self.show_notification(Notification((title or self.title or self.name).partition("\n")[0], message))

    def _remove_notification(self) -> None:
        if self._bus is not None:
            self._bus.remove_notification()
