"""The known habits of trays, each with the version it was seen on: the one place where hosts differ.

A host of StatusNotifierItems is recognised by the process that owns ``org.kde.StatusNotifierWatcher``, else by
``XDG_CURRENT_DESKTOP``. What is said of a host was seen on it; where its code says the same, that is named too.
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct

from trayquota.core.translation import Message
from trayquota.views.tray_context import TrayLimits


class TooltipStyle(Enum):
    """How a host shows the property ``ToolTip``."""

    MARKUP = auto()
    """The text below the title is markup, as the specification says."""
    MARKUP_TITLE = auto()
    """So it is, and some versions take the title for markup, too; others do not."""
    PLAIN = auto()
    """The text is plain unless Qt takes its first line for rich text."""
    TITLE = auto()
    """The title alone, plain as above, over as many lines as it has."""


class Quirks(Struct, frozen=True):
    """How one tray differs from what the protocol, or pystray, says.

    Attributes:
        name: For people.
        seen: The versions it was seen on.
        limits: What it has room for.
        doubles_ampersands: A ``&`` in a menu label marks a mnemonic, ``&&`` is the character itself.
        substitutes: Characters that its menus may have no glyph for, by code point, with what is shown instead.
        tooltip: How it shows a tooltip.
        item_path: Where it expects the item's object.
        premultiplied: It takes colours for multiplied by their opacity already; by the specification they are not.
        opens_menu: Whether clicks open the menu; where not, they arrive as ``Activate`` or ``ContextMenu``.
        is_panel_dark: Its panel is dark, or light, whatever the colours of the desktop.
        sorts_by_title: It shows items in the order of their titles, of which the first number changes.
        shows_items: Whether the process that owns the watcher is also a host, one that shows items.
    """

    name: str = ""
    seen: str = ""
    limits: TrayLimits = TrayLimits()
    doubles_ampersands: bool = False
    substitutes: dict[int, str] = {}
    tooltip: TooltipStyle = TooltipStyle.MARKUP
    item_path: str = "/StatusNotifierItem"
    premultiplied: bool = False
    opens_menu: bool = True
    is_panel_dark: bool | None = None
    sorts_by_title: bool = False
    shows_items: bool = True


UNKNOWN = Quirks()
"""A host that keeps to the protocol; seen of Xfce 4.18 and 4.20."""

PLASMA = Quirks(
    name="Plasma",
    seen="5.27.5, 6.3.6",
    # A tooltip is 340 px wide and cut after eight lines below its title.
    limits=TrayLimits(tooltip_lines=8, tooltip_chars=45),
    # `textFormat: Text.AutoText` in applets/systemtray/qml/StatusNotifierItem.qml, github.com/KDE/plasma-workspace.
    tooltip=TooltipStyle.PLAIN,
    # Seen of 5.27.5: icons change places when their titles' order does.
    sorts_by_title=True,
    # The watcher is a module of kded: it is there without plasmashell, and says that there is a host all the same.
    shows_items=False,
)
GNOME = Quirks(
    name="GNOME",
    seen="43.9 with AppIndicator 46, 48 with AppIndicator 59",
    # A row is 39 px high. A menu higher than the screen is not scrolled; submenus open inside it and scroll in the
    # room that it leaves, `PopupSubMenu._needsScrollbar` in js/ui/popupMenu.js, gitlab.gnome.org/GNOME/gnome-shell.
    limits=TrayLimits(menu_rows=12),
    # The top bar is dark in the light style, too; on request of a theme alone it is not.
    is_panel_dark=True,
)
LXQT = Quirks(
    name="LXQt",
    seen="1.2.1, 2.1",
    # `StatusNotifierButton::newToolTip` and `::mouseReleaseEvent` in
    # plugin-statusnotifier/statusnotifierbutton.cpp, github.com/lxqt/lxqt-panel.
    tooltip=TooltipStyle.TITLE,
    opens_menu=False,
)
XAPP = Quirks(
    name="Cinnamon",
    seen="5.6.8 with xapp 2.4.2, 6.4",
    # Only items below this path have their menu on a left click: `is_ai` in xapp-sn-watcher/sn-item.c and
    # xapp-sn-watcher.c, github.com/linuxmint/xapp.
    item_path="/org/ayatana/NotificationItem/trayquota",
    # Seen of 5.6.8.
    sorts_by_title=True,
)
SWAYBAR = Quirks(
    name="swaybar",
    seen="1.7, 1.10",
    # It has neither tooltips nor menus, and hands pixels to cairo as they are: `handle_click` and `reload_sni` in
    # swaybar/tray/item.c, github.com/swaywm/sway.
    opens_menu=False,
    premultiplied=True,
)

WAYBAR = Quirks(name="Waybar", seen="0.9.17, 0.12", tooltip=TooltipStyle.MARKUP_TITLE)

_BY_PROCESS = {
    "kded5": PLASMA,
    "kded6": PLASMA,
    "gnome-shell": GNOME,
    "lxqt-panel": LXQT,
    "xapp-sn-watcher": XAPP,
    "swaybar": SWAYBAR,
    "waybar": WAYBAR,
}
_BY_DESKTOP = {"KDE": PLASMA, "GNOME": GNOME, "LXQt": LXQT, "X-Cinnamon": XAPP}

BACKENDS = {
    # The menu bar has dark signs by default.
    "darwin": Quirks(name="macOS", seen="the Human Interface Guidelines", is_panel_dark=False),
    "win32": Quirks(
        name="Windows",
        seen="the Shell_NotifyIcon documentation; Wine 8",
        limits=TrayLimits(tooltip_utf16_units=127),
        doubles_ampersands=True,
        # What is left is in WGL4, which fonts that come with Windows cover; two blanks are as wide as a digit.
        substitutes=str.maketrans({"\u2007": "\u00a0\u00a0", "\u202f": "\u00a0"}),
    ),
}
"""Backends of pystray's own that differ."""


def host_quirks(process: str | None, desktop: str) -> Quirks:
    """Return a host's habits.

    Args:
        process: The name of the process that owns the watcher; ``None`` where it cannot be found out.
        desktop: ``XDG_CURRENT_DESKTOP``, which may name several, separated by colons.
    """
    if process is not None:
        return _BY_PROCESS.get(process, UNKNOWN)
    return next((_BY_DESKTOP[name] for name in desktop.split(":") if name in _BY_DESKTOP), UNKNOWN)


_ADVICE = {
    "GNOME": Message(
        "GNOME shows icons with the extension AppIndicator and KStatusNotifierItem Support alone: install "
        "gnome-shell-extension-appindicator, or get it from extensions.gnome.org, and switch it on in Extensions."
    ),
    "KDE": Message("Add the widget System Tray to a panel, or start plasmashell again if there is no panel."),
    "XFCE": Message("Add the item Status Tray Plugin to the panel."),
    "LXQt": Message("Add the plugin Status Notifier to the panel."),
    "X-Cinnamon": Message("Add the applet XApp Status to the panel."),
    "MATE": Message("Add the applet Notification Area to the panel."),
    "Budgie": Message("Add the applet System Tray to the panel."),
    "sway": Message("Start Waybar with the module tray, or a bar block of sway's own."),
    "Hyprland": Message("Start Waybar with the module tray."),
    "i3": Message("Have i3bar show its tray (tray_output in the bar block), or start polybar with one."),
}
_ADVICE_ANYWHERE = Message(
    "Start a panel that has a tray: one for StatusNotifierItems, or on X11 one of the older kind."
)


def panel_advice(desktop: str) -> str:
    """Return what brings a tray on a desktop; ``desktop`` as for :func:`host_quirks`."""
    return next((_ADVICE[name] for name in desktop.split(":") if name in _ADVICE), _ADVICE_ANYWHERE)
