"""View → the icon's picture, title and menu; each is touched only when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.render import render_all
from trayquota.tray.base import BaseIcon, Notification
from trayquota.tray.menu import build_menu
from trayquota.tray.quirks import BACKENDS, UNKNOWN
from trayquota.views.tooltip import tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.pystray_import import Icon
    from trayquota.tray.quirks import Quirks
    from trayquota.views.tray_view import Action, IconSpec, MenuItem, TrayView


class TrayPresenter:
    """Keeps an icon in step with the newest view. For one thread at a time."""

    def __init__(self, icon: Icon, backend: str, act: Callable[[Action], None]) -> None:
        """Show views on ``icon``.

        Args:
            icon: An icon of the backend.
            backend: The backend's name.
            act: Called with the action of a chosen row.
        """
        self._icon = icon
        self._backend_quirks = BACKENDS.get(backend, UNKNOWN)
        self._act = act
        self._shown_icon: IconSpec | None = None
        self._shown_menu: tuple[MenuItem, ...] | None = None
        self._needs_attention = False

    @property
    def quirks(self) -> Quirks:
        """The habits of the tray that shows the icon now; with another host they change."""
        return self._icon.quirks if isinstance(self._icon, BaseIcon) else self._backend_quirks

    def show(self, view: TrayView) -> None:
        """Bring the icon in step with ``view``; what a backend refused is tried again with the next one."""
        spec = self._colored(view.icon)
        if self._shown_icon != spec:
            self._icon.icon = render_all(spec)
            self._shown_icon = spec
        if self._needs_attention != view.needs_attention and isinstance(self._icon, BaseIcon):
            self._icon.set_attention(is_needed=view.needs_attention)
            self._needs_attention = view.needs_attention
        title = tooltip(view, self.quirks.limits)
        if title != self._icon.title:
            self._icon.title = title
        if self._shown_menu != view.menu:
            self._icon.menu = build_menu(view.menu, self._act, self._escape)
            self._shown_menu = view.menu

    def notify(self, notification: Notification) -> None:
        """Show a notification, where the backend has them."""
        if isinstance(self._icon, BaseIcon):
            self._icon.show_notification(notification)
        else:
            self._icon.notify(notification.body, notification.title)

    def _colored(self, spec: IconSpec) -> IconSpec:
        """Return the picture in a colour that stands out on the panel, where that is not said already."""
        if spec.color != "auto":
            return spec
        is_dark = self._icon.is_panel_dark() if isinstance(self._icon, BaseIcon) else self.quirks.is_panel_dark
        return spec if is_dark is None else replace(spec, color="light" if is_dark else "dark")

    def _escape(self, label: str) -> str:
        label = label.translate(self.quirks.substitutes)
        return label.replace("&", "&&") if self.quirks.doubles_ampersands else label
