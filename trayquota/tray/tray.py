"""The program's icon, in the best tray there is at any time."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from trayquota.tray.backend_choice import choose_backend, icon_class
from trayquota.tray.base import BaseIcon, Button, Notification
from trayquota.tray.presenter import TrayPresenter
from trayquota.views.tray_view import OpenPage, Refresh, SnoozeWindows

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.backend_choice import BackendChoice
    from trayquota.tray.base import SessionEnd
    from trayquota.tray.pystray_import import Icon
    from trayquota.views.alert import Alert
    from trayquota.views.tray_context import TrayLimits
    from trayquota.views.tray_view import Action, Arrangement, TrayView

_LOG = logging.getLogger(__name__)


class Tray:
    """Shows views, and changes over by itself when another tray would show the icon better.

    :meth:`show` and :meth:`notify` are for one thread at a time; :meth:`stop` may come from a signal handler.

    Attributes:
        on_click: Called at a click that the tray itself answers with nothing.
        on_middle_click: Called at a middle click.
        on_scroll: Called with the wheel's direction over the icon, positive for downwards or to the right.
        on_change: Called when :attr:`limits` are others or the menu was closed: what is shown may have to be made
            anew.
        session_end: Called at the end of the person's session, where the tray notices that.
    """

    on_click: Callable[[], object] | None = None
    on_middle_click: Callable[[], object] | None = None
    on_scroll: Callable[[int], object] | None = None
    on_change: Callable[[], object] | None = None
    session_end: SessionEnd | None = None

    def __init__(self, name: str, choice: BackendChoice, act: Callable[[Action], None]) -> None:
        """Make the icon; :meth:`run` shows it.

        Args:
            name: The application's name.
            choice: The backend to begin with.
            act: Called with the action of a chosen row.

        Raises:
            TrayUnavailableError: The backend does not work here.
        """
        self._name = name
        self._act = act
        self._lock = threading.Lock()
        self._view: TrayView | None = None
        self._is_stopping = False
        self._is_changing = False
        self._icon, self._presenter = self._make(choice)

    @property
    def limits(self) -> TrayLimits:
        """What the tray has room for."""
        return self._presenter.quirks.limits

    @property
    def arrangement(self) -> Arrangement | None:
        """Where the accounts are in a menu that somebody looks at; ``None`` while nobody does."""
        is_open = isinstance(self._icon, BaseIcon) and self._icon.is_menu_open
        return self._view.arrangement if is_open and self._view is not None else None

    def show(self, view: TrayView) -> None:
        """Show ``view``; what the tray refused is tried again with the next one."""
        with self._lock:
            self._view = view
            self._presenter.show(view)

    def notify(self, title: str, body: str) -> None:
        """Show a notification, where there are any."""
        self._presenter.notify(Notification(title, body))

    def notify_of(self, alert: Alert, page: str, *, has_sound: bool = False) -> None:
        """Show an alert, with buttons where there are any; a click on it opens ``page``, the address of one."""
        snooze = (_button("Snooze until reset", SnoozeWindows(alert.snoozable), self._act),) if alert.snoozable else ()
        self._presenter.notify(
            Notification(
                alert.title,
                alert.body,
                urgent=alert.needs_user,
                on_click=lambda: self._act(OpenPage(page)),
                buttons=(_button("Refresh now", Refresh(), self._act), *snooze),
                sound=alert.sound if has_sound else "",
            )
        )

    def run(self, on_ready: Callable[[], object]) -> None:
        """Show the icon until :meth:`stop`.

        Args:
            on_ready: Called once, on another thread, when the icon is shown, or cannot be.

        Raises:
            TrayUnavailableError: There is no tray, or none any more.
        """

        def show_first(icon: Icon) -> None:
            try:
                icon.visible = True
            finally:
                on_ready()

        if isinstance(self._icon, BaseIcon):
            self._icon.session_end = self.session_end
        self._icon.run(show_first)
        while self._is_changing and not self._is_stopping:
            self._change_over()
            self._icon.run(self._show_again)

    def stop(self) -> None:
        """Have :meth:`run` return."""
        self._is_stopping = True
        self._icon.stop()

    def _show_again(self, icon: Icon) -> None:
        icon.visible = True
        if self._is_stopping:
            # It was stopped after the old icon's loop had ended and before there was this one's.
            icon.stop()

    def _change_over(self) -> None:
        self._is_changing = False
        choice = choose_backend()
        _LOG.info("another tray: %s (%s)", choice.name, choice.why)
        with self._lock:
            self._icon, self._presenter = self._make(choice)
            if self._view is not None:
                self._presenter.show(self._view)
        self._changed()

    def _make(self, choice: BackendChoice) -> tuple[Icon, TrayPresenter]:
        icon = icon_class(choice)(self._name)
        if isinstance(icon, BaseIcon):
            icon.on_click = lambda: self.on_click and self.on_click()
            icon.on_scroll = lambda steps: self.on_scroll and self.on_scroll(steps)
            icon.on_middle_click = lambda: self.on_middle_click and self.on_middle_click()
            icon.on_quirks_changed = icon.on_menu_closed = self._changed
            icon.on_better_tray = self._better_tray if choice.is_automatic else None
        return icon, TrayPresenter(icon, choice.name, self._act)

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _better_tray(self) -> None:
        self._is_changing = True
        self._icon.stop()


def _button(label: str, action: Action, act: Callable[[Action], None]) -> Button:
    return Button(label, lambda: act(action))
