"""KDE Plasma, on X11 and on Wayland: kded has the watcher, plasmashell is the host."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from . import bus as buses
from .host import START_S, Habits, Host
from .popup import Popup
from .screen import Box
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

# What pops up would lie over what a test looks at.
NOT_DISTURBED = """\
[DoNotDisturb]
Until=2099,1,1,0,0,0
"""
SOCKET = "wayland-trayquota"
BAR_PX = 56
"""Of the lower edge of the screen, the margin around a floating panel included."""
HOST = "org.kde.StatusNotifierHost-"
"""A host's name on the bus goes on with its process id."""


class Plasma(Host):
    """Version 5 or 6, whichever is in the desk's place."""

    name = "plasma"
    environment: ClassVar[Mapping[str, str]] = {
        "XDG_CURRENT_DESKTOP": "KDE",
        "KDE_FULL_SESSION": "true",
        "XDG_MENU_PREFIX": "plasma-",
        "QT_QUICK_BACKEND": "software",
        "QT_XCB_GL_INTEGRATION": "none",
        "KWIN_COMPOSE": "N",
    }
    needs: ClassVar[Mapping[str, str]] = {
        "plasmashell": "plasma-workspace",
        "kwin_x11": "kwin-x11",
        "/usr/share/plasma/plasmoids/org.kde.plasma.taskmanager": "plasma-desktop",
        "/usr/share/icons/breeze": "breeze-icon-theme",
    }
    activates = True
    habits = Habits(tooltip="eight", notifications=True)

    def prepare(self) -> None:
        version = self._version
        self.desk.env["KDE_SESSION_VERSION"] = str(version)
        if self.scale != 1:
            self.desk.env |= {"QT_SCALE_FACTOR": str(self.scale), "PLASMA_USE_QT_SCALING": "1"}
        settings = self.desk.home / ".config/plasmanotifyrc"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(NOT_DISTURBED)
        self.desk.run(f"kbuildsycoca{version}")
        if self.dark:
            self.desk.run("plasma-apply-colorscheme", "BreezeDark")
            self.desk.run("plasma-apply-desktoptheme", "breeze-dark")
        self.start_compositor()
        self.desk.start([f"kded{version}"])
        wait_until(lambda: self.desk.bus.has_owner(buses.WATCHER), "watcher in kded", START_S)

    def start_compositor(self) -> None:
        """Start what the panel draws through."""
        self.desk.start(["kwin_x11", "--replace"])

    def start(self) -> None:
        self.panel = self.desk.start(["plasmashell"])
        wait_until(self._hosts, "tray of plasmashell", START_S)
        wait_until(self.bars, "panel", START_S)
        self.screen.picture_at_rest()

    def stop(self) -> None:
        assert self.panel is not None
        self.panel.end()
        # kded goes on saying that there is a host.
        wait_until(lambda: not self._hosts() and not self.bars(), "end of the panel")

    @property
    def is_alive(self) -> bool:
        return bool(self._hosts())

    @property
    def _version(self) -> int:
        return 6 if self.desk.place.has("kded6") else 5

    def _hosts(self) -> list[str]:
        return [name for name in self.desk.bus.names() if name.startswith(HOST)]


class PlasmaWayland(Plasma):
    """The same on Wayland: the compositor has one window on the screen, and everything is drawn in that."""

    name = "plasma-wayland"
    environment: ClassVar[Mapping[str, str]] = {
        **Plasma.environment,
        "XDG_SESSION_TYPE": "wayland",
        "KWIN_COMPOSE": "Q",
    }
    needs: ClassVar[Mapping[str, str]] = {
        **Plasma.needs,
        "kwin_wayland": "kwin-wayland",
        "dbus-update-activation-environment": "dbus-bin",
    }
    habits = replace(Plasma.habits, drawn=frozenset({"tooltip", "menu"}))

    def start_compositor(self) -> None:
        width, height = self.screen.size
        size = ["--width", str(width), "--height", str(height)]
        display = ["--x11-display", self.desk.env["DISPLAY"], "--socket", SOCKET]
        self.desk.start(["kwin_wayland", *display, *size, "--no-lockscreen", "--no-global-shortcuts"])
        socket = self.desk.runtime / SOCKET
        wait_until(socket.exists, "compositor", START_S)
        self.desk.env |= {"WAYLAND_DISPLAY": SOCKET, "QT_QPA_PLATFORM": "wayland"}
        # What the bus starts draws through it, too.
        self.desk.run("dbus-update-activation-environment", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")

    def bars(self) -> list[Box]:
        """Where Plasma 6 has its panel, while it has one."""
        width, height = self.screen.size
        return [Box(0, height - BAR_PX * self.scale, width, height)] if self._hosts() else []

    def open_submenu(self, menu: Popup, words: str) -> Popup:
        """To the left of the menu, in which the row has another colour by then."""
        both = super().open_submenu(menu, words)
        box = Box(both.box.left, both.box.top, menu.box.left, both.box.bottom)
        return Popup("", box, both.picture.crop((0, 0, box.width, box.height)))
