"""The program's icon, in the best tray there is at any time."""

from __future__ import annotations

import logging
import threading
from contextlib import nullcontext
from typing import TYPE_CHECKING

from trayquota.core.translation import _
from trayquota.tray.backend_choice import choose_backend, icon_class
from trayquota.tray.base import BaseIcon, Button, Notification
from trayquota.tray.presenter import TrayPresenter
from trayquota.views.tray_view import OpenPage, Refresh, SnoozeWindows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trayquota.tray.backend_choice import BackendChoice
    from trayquota.tray.base import SessionEnd
    from trayquota.tray.pystray_import import Icon
    from trayquota.views.alert import Alert
    from trayquota.views.tray_context import TrayLimits
    from trayquota.views.tray_view import Action, Arrangement, TrayView

_SHOWN_S = 0.5
"""What begins once the icon is shown waits no longer than that for a tray that does not answer."""
_LOG = logging.getLogger(__name__)


class Tray:
    """Shows views, and changes over by itself when another tray would show the icon better.

    :meth:`show` and :meth:`notify` are for one thread at a time; :meth:`stop` may come from a signal handler.

    Attributes:
        on_click: Called at a click that the tray itself answers with nothing.
        on_middle_click: Called at a middle click.
        on_scroll: Called with the number of the icon over which the wheel is turned, the first one's is 0, and with
            its direction, positive for downwards or to the right.
        on_change: Called when :attr:`limits` are others or the menu was closed: what is shown may have to be made
            anew.
        session_end: Called at the end of the person's session, where the tray notices that.
    """

    on_click: Callable[[], object] | None = None
    on_middle_click: Callable[[], object] | None = None
    on_scroll: Callable[[int, int], object] | None = None
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
        self._views: tuple[TrayView, ...] = ()
        self._backend = choice.name
        self._additional: list[tuple[BaseIcon, TrayPresenter]] = []
        self._is_shown = False
        self._is_stopping = False
        self._is_changing = False
        self._icon, self._presenter = self._make(choice)

    @property
    def limits(self) -> TrayLimits:
        """What the tray has room for."""
        return self._presenter.quirks.limits

    @property
    def has_additional_icons(self) -> bool:
        """Whether there can be several icons."""
        return isinstance(self._icon, BaseIcon) and self._icon.HAS_ADDITIONAL_ICONS

    def arrangement(self, number: int = 0) -> Arrangement | None:
        """Return where the accounts are in an icon's menu that somebody looks at; ``None`` while nobody does."""
        icons = [self._icon, *(icon for icon, _ in self._additional)]
        icon = icons[number] if number < len(icons) else None
        is_open = isinstance(icon, BaseIcon) and icon.is_menu_open
        return self._views[number].arrangement if is_open and number < len(self._views) else None

    def show(self, view: TrayView, *others: TrayView) -> None:
        """Show a view, and others in additional icons; what the tray refused is tried again with the next ones."""
        with self._lock, self._icon.batched() if isinstance(self._icon, BaseIcon) else nullcontext():
            self._views = (view, *others)
            self._presenter.show(view)
            if self._is_shown:
                self._show_additional(others)

    def notify(self, title: str, body: str) -> None:
        """Show a notification, where there are any."""
        self._presenter.notify(Notification(title, body))

    def notify_of(self, alert: Alert, page: str, *, has_sound: bool = False) -> None:
        """Show an alert, with buttons where there are any; a click on it opens ``page``, the address of one."""
        snooze = (
            (_button(_("Snooze until reset"), SnoozeWindows(alert.snoozable), self._act),) if alert.snoozable else ()
        )
        self._presenter.notify(
            Notification(
                alert.title,
                alert.body,
                urgent=alert.needs_user,
                on_click=lambda: self._act(OpenPage(page)),
                buttons=(_button(_("Refresh now"), Refresh(), self._act), *snooze),
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
                self._show_icons(icon)
                if isinstance(icon, BaseIcon):
                    icon.wait_until_shown(_SHOWN_S)
            finally:
                on_ready()

        if isinstance(self._icon, BaseIcon):
            self._icon.session_end = self.session_end
        try:
            self._icon.run(show_first)
            while self._is_changing and not self._is_stopping:
                self._change_over()
                self._icon.run(self._show_again)
        finally:
            with self._lock:
                self._is_stopping = True
                self._show_additional(())

    def stop(self) -> None:
        """Have :meth:`run` return."""
        self._is_stopping = True
        self._icon.stop()

    def _show_again(self, icon: Icon) -> None:
        self._show_icons(icon)
        if self._is_stopping:
            # It was stopped after the old icon's loop had ended and before there was this one's.
            icon.stop()

    def _show_icons(self, icon: Icon) -> None:
        """Show the icon whose loop runs now, and those beside it."""
        icon.visible = True
        with self._lock:
            self._is_shown = True
            self._show_additional(self._views[1:])

    def _change_over(self) -> None:
        self._is_changing = False
        choice = choose_backend()
        _LOG.info("another tray: %s (%s)", choice.name, choice.why)
        with self._lock:
            self._show_additional(())
            self._is_shown = False
            self._backend = choice.name
            self._icon, self._presenter = self._make(choice)
            if self._views:
                self._presenter.show(self._views[0])
        self._changed()

    def _make(self, choice: BackendChoice) -> tuple[Icon, TrayPresenter]:
        icon = icon_class(choice)(self._name)
        if isinstance(icon, BaseIcon):
            self._hook(icon, 0)
            icon.on_better_tray = self._better_tray if choice.is_automatic else None
        return icon, TrayPresenter(icon, choice.name, self._act)

    def _hook(self, icon: BaseIcon, number: int) -> None:
        icon.on_click = lambda: self.on_click and self.on_click()
        icon.on_scroll = lambda steps: self.on_scroll and self.on_scroll(number, steps)
        icon.on_middle_click = lambda: self.on_middle_click and self.on_middle_click()
        icon.on_quirks_changed = icon.on_menu_closed = self._changed

    def _show_additional(self, views: Sequence[TrayView]) -> None:
        """Have as many additional icons as there are views, and show them; none once the tray ends."""
        while len(self._additional) > len(views):
            icon, _ = self._additional.pop()
            icon.stop()
        for number, view in enumerate(() if self._is_stopping else views):
            if number == len(self._additional):
                self._add_additional(number)
            icon, presenter = self._additional[number]
            presenter.show(view)
            icon.visible = True
        for place, shown in enumerate((self._icon, *(icon for icon, _ in self._additional)), 1):
            if isinstance(shown, BaseIcon):
                shown.set_place(place if self._additional else 0)

    def _add_additional(self, number: int) -> None:
        if not isinstance(self._icon, BaseIcon):
            message = f"The tray backend '{self._backend}' has but one icon."
            raise TypeError(message)
        icon = self._icon.additional_icon(f"{self._name}-{number + 2}")
        self._hook(icon, number + 1)
        self._additional.append((icon, TrayPresenter(icon, self._backend, self._act)))

    def _changed(self) -> None:
        if self.on_change is not None:
            self.on_change()

    def _better_tray(self) -> None:
        self._is_changing = True
        self._icon.stop()


def _button(label: str, action: Action, act: Callable[[Action], None]) -> Button:
    return Button(label, lambda: act(action))
