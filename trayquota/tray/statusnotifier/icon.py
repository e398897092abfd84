"""The icon itself: pystray's interface in front of :class:`TrayService`."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from trayquota.tray.base import BaseIcon, Notification
from trayquota.tray.pystray_import import Icon as PystrayIcon
from trayquota.tray.quirks import host_quirks
from trayquota.tray.wire_text import headline_and_rest, sendable

from .item import ItemState
from .layout import menu_entries
from .pixmap import pixmaps
from .service import ShownIcon, TrayService
from .session import TrayState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from PIL.Image import Image

    from trayquota.tray.pystray_import import Menu, MenuItem

_VISIBLE = vars(PystrayIcon)["visible"]


class Icon(BaseIcon):
    """An icon for Linux trays that speak StatusNotifierItem, used from any thread like any of pystray's.

    The first line of :attr:`title` is the headline, the others go below it in the tool tip. An image may
    carry versions drawn for several sizes in ``image.info["variants"]``.

    What is set is converted for the bus on the thread that sets it, so that a menu's callables and the work
    on pictures never hold up the bus; a thread that was overtaken by a later one has no effect.
    """

    HAS_ADDITIONAL_ICONS: ClassVar[bool] = True
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
        """Make an icon that is not shown yet; the arguments are pystray's."""
        self._lock = threading.Lock()
        self._visibility = threading.RLock()
        self._orders = count()
        self._latest: dict[str, int] = {}
        self._service: TrayService | None = None
        self._shown: ShownIcon | None = None
        self._is_additional = False
        self._was_shown = threading.Event()
        super().__init__(name, icon, title, menu, **kwargs)
        self.prefers_dark: bool | None = None
        self.quirks = host_quirks(None, os.environ.get("XDG_CURRENT_DESKTOP", ""))
        self._state = TrayState(item=_titled(ItemState(), self.title, name))

    @property
    def visible(self) -> bool:
        """Whether the icon is shown."""
        return self._visible

    @visible.setter
    def visible(self, value: bool) -> None:
        with self._visibility:
            has_changed, title, icon = self._visible != value, self._title, self._icon
            _VISIBLE.__set__(self, value)
        if value and has_changed and (self._title is not title or self._icon is not icon):
            # pystray passes on what is set only while the icon is visible; what another thread set while it
            # became so was dropped.
            self._update_title()
            self._update_icon()

    @property
    def is_menu_open(self) -> bool:
        """Whether a person looks at the menu."""
        return self._shown is not None and self._shown.is_menu_open

    def mark_shown(self) -> None:
        """Have :meth:`wait_until_shown` return."""
        self._was_shown.set()

    def wait_until_shown(self, timeout_s: float) -> bool:
        """Wait until the tray has the icon or there is none, at most so long; return whether that is so."""
        return self._was_shown.wait(timeout_s)

    def activate_item(self, item: MenuItem) -> None:
        """Run an entry's action, on the calling thread."""
        try:
            item(self)
        finally:
            self.update_menu()

    def activate_default(self) -> None:
        """Answer a middle click, on the calling thread."""
        if self.on_middle_click is None:
            self()
        else:
            self.on_middle_click()

    def _change(self, part: str, order: int, change: Callable[[TrayState], TrayState]) -> None:
        with self._lock:
            if self._latest.get(part, -1) > order:
                return
            self._latest[part] = order
            self._state = change(self._state)
            if self._shown is not None:
                self._shown.show(self._state)

    def _begin(self) -> None:
        self._service = TrayService(self.name)
        self._attach()

    def _attach(self) -> None:
        with self._lock:
            if self._service is not None:
                self._shown = self._service.add(self, self._state)

    def additional_icon(self, name: str) -> Icon:
        """Return another icon beside this one, on the same thread; it is there until it is stopped, or this one is."""
        icon = Icon(name)
        icon._service, icon._is_additional = self._service, True
        icon._attach()
        return icon

    def batched(self) -> AbstractContextManager[None]:
        """Within it nothing that is set here or in additional icons is sent, and all of it at its end."""
        return nullcontext() if self._service is None else self._service.batched()

    def _loop(self) -> None:
        if self._service is not None:
            self._service.run(self._mark_ready)

    def _stop(self) -> None:
        self._was_shown.set()
        if self._service is None:
            return
        if not self._is_additional:
            self._service.stop()
        elif self._shown is not None:
            self._service.remove(self._shown)
            self._shown = None

    def _is_awaited_here(self) -> bool:
        return self._service is not None and self._service.runs_callback_here

    def _show(self) -> None:
        self._update_title()
        self._change("visible", next(self._orders), lambda old: replace(old, visible=True))

    def _hide(self) -> None:
        self._change("visible", next(self._orders), lambda old: replace(old, visible=False))

    def _update_icon(self) -> None:
        order = next(self._orders)
        if self._icon is not None:
            pictures = pixmaps(self._icon)
            self._change("icon", order, lambda old: replace(old, item=replace(old.item, pixmaps=pictures)))
            self._icon_valid = True

    def _update_title(self) -> None:
        order = next(self._orders)
        title = self._title
        self._change("title", order, lambda old: replace(old, item=_titled(old.item, title, self.name)))

    def _update_menu(self) -> None:
        order = next(self._orders)
        entries = menu_entries(self._menu)
        self._change("menu", order, lambda old: replace(old, menu=entries))

    def is_panel_dark(self) -> bool | None:
        """Return whether the panel is dark, ``None`` where that is not known.

        The desktop's colour scheme is followed from the first call on.
        """
        self._change("scheme", next(self._orders), lambda old: replace(old, follows_scheme=True))
        return self.prefers_dark if self.quirks.is_panel_dark is None else self.quirks.is_panel_dark

    def set_place(self, place: int) -> None:
        """Say which of several icons this is, from 1 on, 0 for a single one."""
        self._change("place", next(self._orders), lambda old: replace(old, item=replace(old.item, place=place)))

    def set_attention(self, *, is_needed: bool) -> None:
        """Say whether a person has to do something."""
        order = next(self._orders)
        self._change("attention", order, lambda old: replace(old, item=replace(old.item, needs_attention=is_needed)))

    def show_notification(self, notification: Notification) -> None:
        """Show a notification in place of the last one of the same urgency."""
        if self._shown is not None:
            self._shown.notify(notification)

    def _notify(self, message: str, title: str | None = None) -> None:
        headline, _ = headline_and_rest(self.title if title is None else title)
        self.show_notification(Notification(headline or self.name, message))

    def _remove_notification(self) -> None:
        if self._shown is not None:
            self._shown.remove_notification()


def _titled(state: ItemState, title: str | None, name: str) -> ItemState:
    headline, rest = headline_and_rest(sendable(title or ""))
    # Plasma shows no tool tip without a title.
    return replace(state, title=headline or sendable(name), text=rest)
