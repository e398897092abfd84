"""View → the icon's picture, title and menu; each is touched only when it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.render import render, render_all
from trayquota.tray.base import BaseIcon
from trayquota.tray.menu import build_menu
from trayquota.views.tooltip import tooltip, tooltip_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from trayquota.tray.pystray_import import Icon
    from trayquota.views.tray_view import Action, IconSpec, MenuItem, TrayView

WINDOWS_TITLE_UNITS = 127
"""A notification icon's tip holds so many UTF-16 units."""
_XEMBED_PX = 48


def _unchanged(text: str) -> str:
    return text


def _double_ampersand(text: str) -> str:
    return text.replace("&", "&&")


class BackendQuirks(Struct, frozen=True):
    """How one backend differs from the others.

    Attributes:
        title: View → title.
        escape: For menu labels.
        draw: Spec → picture.
    """

    title: Callable[[TrayView], str] = tooltip
    escape: Callable[[str], str] = _unchanged
    draw: Callable[[IconSpec], Image.Image] = lambda spec: render_all(spec)  # noqa: PLW0108 - looked up when called


def _latin_tooltip(view: TrayView) -> str:
    """Return the tooltip in Latin-1, the only characters that pystray sets as an X window's title."""
    text = tooltip(view).replace("…", "...")
    return text.encode("latin-1", "replace").decode("latin-1")


QUIRKS = {
    "win32": BackendQuirks(title=lambda view: tooltip_within(view, WINDOWS_TITLE_UNITS), escape=_double_ampersand),
    "xorg": BackendQuirks(title=_latin_tooltip, draw=lambda spec: render(spec, _XEMBED_PX, opaque=True)),
}


class TrayPresenter:
    """Keeps an icon in step with the newest view. For one thread at a time."""

    def __init__(self, icon: Icon, quirks: BackendQuirks, act: Callable[[Action], None]) -> None:
        """Show views on ``icon``; ``act`` is called with the action of a chosen row."""
        self._icon = icon
        self._quirks = quirks
        self._act = act
        self._shown_icon: IconSpec | None = None
        self._shown_menu: tuple[MenuItem, ...] | None = None

    def show(self, view: TrayView) -> None:
        """Bring the icon in step with ``view``; what a backend refused is tried again with the next one."""
        if self._shown_icon != view.icon:
            self._icon.icon = self._quirks.draw(view.icon)
            self._shown_icon = view.icon
        title = self._quirks.title(view)
        if title != self._icon.title:
            self._icon.title = title
        if self._shown_menu != view.menu:
            self._icon.menu = build_menu(view.menu, self._act, self._quirks.escape)
            self._shown_menu = view.menu

    def notify(self, title: str, body: str, on_click: Callable[[], object] | None = None) -> None:
        """Show a notification; ``on_click`` is called when it is clicked, where the backend can tell."""
        if isinstance(self._icon, BaseIcon):
            self._icon.on_notification_clicked = on_click
        self._icon.notify(body, title)
