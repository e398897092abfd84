"""pystray's Windows backend, with what it lacks.

Read in pystray 0.19.5, ``_win32.py`` and ``_util/win32.py``; a test fails when these change. What is mended here would
be upstream's to mend, and each piece stands alone so that it can be offered there:

- its window procedure answers every message it does not know with 0, which refuses the end of the session and ignores
  ``WM_CLOSE``; here such messages get their answer, and the rest goes to ``DefWindowProc``;
- setting a menu destroys the one that is open; here a menu is built when it is opened and lives until it is closed;
- texts longer than a balloon's fields raise ``ValueError``; here they are shortened;
- the icon is loaded at 32 pixels and shrunk by the shell; here it is drawn at the size that the taskbar shows;
- a click on a balloon, and a ``stop()`` before the loop runs, are ignored.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

from trayquota.core.translation import _
from trayquota.system.log import LoggedErrors
from trayquota.tray import windows_api as api
from trayquota.tray.base import BaseIcon
from trayquota.tray.pystray_import import pystray_backend
from trayquota.tray.quirks import BACKENDS
from trayquota.views.utf16_text import fit_lines, fit_text

assert sys.platform == "win32"

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from trayquota.tray.base import Notification

_log = logging.getLogger(__name__)

_TITLE_UNITS, _BODY_UNITS = 63, 255
"""What a balloon's fields hold, in UTF-16 units."""
_WM_NULL, _WM_CLOSE, _WM_QUERYENDSESSION, _WM_ENDSESSION = 0x0000, 0x0010, 0x0011, 0x0016
_WM_SETTINGCHANGE, _WM_RBUTTONUP, _WM_DPICHANGED = 0x001A, 0x0205, 0x02E0
_NIN_BALLOONUSERCLICK = 0x0405

_pystray: Any = pystray_backend("win32")
_win32: Any = sys.modules[_pystray.__module__].win32


class Icon(BaseIcon, _pystray):  # type: ignore[misc] # pystray comes without types
    """An icon of the Windows taskbar.

    Set the icon to an image of any size; one of :func:`trayquota.render.render_all` is drawn at the taskbar's.
    """

    HAS_ADDITIONAL_ICONS = True
    quirks = BACKENDS["win32"]
    _on_balloon_click: Callable[[], object] | None = None
    _stop_first: Callable[[], None] | None = None
    """Of an additional icon: ends the loop of the first one, and so all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make an icon that is not shown yet; the arguments are pystray's."""
        api.be_aware_of_each_monitor()  # before the first window
        super().__init__(*args, **kwargs)
        self._hwnd: int | None = None
        self._icon_handle: int | None = None
        self._menu_handle: tuple[int, list[Callable[[object], object]]] | None = None
        self._icon_px = 0
        self._is_ending = False
        self._was_panel_dark: bool | None = None
        self._picture_lock = threading.RLock()
        """Pictures are set by one thread and shown again by the loop's."""
        self._procedure = api.WindowProcedure(self._on_message)
        self._answers: dict[int, Callable[[int, int], int]] = {
            _WM_CLOSE: self._on_close,
            _WM_QUERYENDSESSION: self._on_query_end_session,
            _WM_ENDSESSION: self._on_end_session,
            _WM_DPICHANGED: self._on_size_change,
            _WM_SETTINGCHANGE: self._on_settings_change,
        }

    def additional_icon(self, name: str) -> Icon:
        """Return another icon beside this one, with a loop on a thread of its own."""
        icon = Icon(name)
        icon._stop_first = self._stop
        icon.run_detached(lambda _icon: None)
        return icon

    def is_panel_dark(self) -> bool:
        """Return whether the taskbar is dark."""
        self._was_panel_dark = not api.is_taskbar_light()
        return self._was_panel_dark

    # The loop.

    def _begin(self) -> None:
        self._is_ending = False

    def _loop(self) -> None:
        try:
            _pystray._run(self)  # noqa: SLF001 - see the module's docstring
        finally:
            self._hwnd = None

    def _mark_ready(self) -> None:
        super()._mark_ready()
        if self._is_ending:
            self._stop()

    def _stop(self) -> None:
        self._is_ending = True
        if self._hwnd is not None:
            _win32.PostMessage(self._hwnd, _win32.WM_STOP, 0, 0)

    def _is_awaited_here(self) -> bool:
        return threading.current_thread() is self._loop_thread

    # Messages.

    def _create_window(self, atom: int) -> int:
        window: int = super()._create_window(atom)
        api.set_procedure(window, self._procedure)
        return window

    def _on_message(self, window: int, message: int, wparam: int, lparam: int) -> int:
        # ctypes would print an error, text and all, and go on likewise.
        with LoggedErrors(_log, "handling a message"):
            if answer := self._answers.get(message):
                return answer(wparam, lparam)
            if window == self._hwnd and (handler := self._message_handlers.get(message)):
                handler(wparam, lparam)
                return 0
            return api.default_answer(window, message, wparam, lparam)
        return int(message == _WM_QUERYENDSESSION)

    def _on_close(self, _wparam: int, _lparam: int) -> int:
        """``taskkill`` without ``/F`` sends it to each of our windows; any of them ends the program."""
        (self._stop_first or self._stop)()
        return 0

    def _on_stop(self, wparam: int, lparam: int) -> None:
        api.close_menu()
        super()._on_stop(wparam, lparam)

    def _on_query_end_session(self, _wparam: int, _lparam: int) -> int:
        if self.session_end is not None and self.session_end.hold():
            api.block_shutdown(self._hwnd, _("A refreshed login is being saved."))
        return 1

    def _on_end_session(self, is_ending: int, _lparam: int) -> int:
        """Hold the end of the session until nothing is lost by it; the process may be gone when this returns."""
        if self.session_end is not None:
            self.session_end.finish() if is_ending else self.session_end.resume()
        api.unblock_shutdown(self._hwnd)
        if is_ending:
            self._stop()
        return 0

    # Pictures.

    def _show(self) -> None:
        with self._picture_lock:
            super()._show()

    def _update_icon(self) -> None:
        with self._picture_lock:
            super()._update_icon()

    def _on_taskbarcreated(self, wparam: int, lparam: int) -> None:
        self._on_size_change(wparam, lparam)
        super()._on_taskbarcreated(wparam, lparam)

    def _on_display_change(self, wparam: int, lparam: int) -> None:
        # Not by hiding and showing, as upstream does: the icon would lose its place.
        self._on_size_change(wparam, lparam)

    def _on_size_change(self, _wparam: int, _lparam: int) -> int:
        with self._picture_lock:
            if self.visible and self._icon_px != api.icon_px():
                self._update_icon()
        return 0

    def _on_settings_change(self, wparam: int, lparam: int) -> int:
        """Have the picture drawn anew in the colour for another theme, where that was asked for once."""
        has_other_colors = self._was_panel_dark not in {None, not api.is_taskbar_light()}
        if has_other_colors and self.on_quirks_changed is not None:
            self.on_quirks_changed()
        return self._on_size_change(wparam, lparam)

    def _assert_icon_handle(self) -> None:
        if not self._icon_handle and self.icon is not None:
            self._icon_px = api.icon_px()
            draw: Callable[[int], Image.Image] | None = self.icon.info.get("draw")
            size = (self._icon_px, self._icon_px)
            picture = draw(self._icon_px) if draw is not None else self.icon.resize(size)
            self._icon_handle = api.icon_handle(picture)

    # Menu and balloons.

    def _update_menu(self) -> None:
        """Leave it: a menu is built when it is opened."""

    def _on_notify(self, wparam: int, lparam: int) -> None:
        if lparam == _WM_RBUTTONUP:
            self._open_menu(wparam, lparam)
        elif lparam == _NIN_BALLOONUSERCLICK:
            if self._on_balloon_click is not None:
                self._on_balloon_click()
        else:
            super()._on_notify(wparam, lparam)

    def _open_menu(self, wparam: int, lparam: int) -> None:
        callbacks: list[Callable[[object], object]] = []
        menu = self._create_menu(self.menu, callbacks)
        if menu is None:
            return
        self._menu_handle = (menu, callbacks)
        try:
            super()._on_notify(wparam, lparam)
        finally:
            self._menu_handle = None
            _win32.DestroyMenu(menu)
        if self._hwnd is not None:
            # Without a message after it the next menu would close at once.
            _win32.PostMessage(self._hwnd, _WM_NULL, 0, 0)

    def show_notification(self, notification: Notification) -> None:
        """Show a balloon; a new one takes the place of the last."""
        self._on_balloon_click = notification.on_click
        self.notify(notification.body, notification.title)

    def _notify(self, message: str, title: str | None = None) -> None:
        headline = fit_text(title or self.title or self.name, _TITLE_UNITS)
        # Without a text no balloon is shown.
        super()._notify(fit_lines(message, _BODY_UNITS) or " ", headline)
