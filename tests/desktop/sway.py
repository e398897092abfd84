"""Sway in a window of the X screen, with Waybar or with its own swaybar: each is watcher and host."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, ClassVar

from . import bus as buses
from .host import START_S, Habits, Host
from .places import IS_ROOT
from .screen import LEAST_PX, Box
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .processes import Program

BAR_PX = 30
NOBODY = "nobody"
KINDS = ("CONFIG", "CACHE", "DATA", "STATE")
"""Of folders that a user has."""
DRAWN = frozenset({"tooltip", "menu"})
SWAY = """\
output * mode --custom {width}x{height}
output * bg #30506a solid_color
xwayland disable
"""
SWAYBAR = """\
bar main {{
    swaybar_command true
    position top
    height 30
    tray_output *
    colors {{
        background #444444
    }}
}}
"""
WAYBAR = {"layer": "top", "position": "top", "height": BAR_PX, "modules-right": ["tray"], "tray": {"icon-size": 22}}


class Sway(Host):
    """The compositor; it must not be root, so then it and its bar are nobody, with folders of their own."""

    environment: ClassVar[Mapping[str, str]] = {"XDG_CURRENT_DESKTOP": "sway", "GSETTINGS_BACKEND": "memory"}
    settings = SWAY
    popups_cover_bar = True

    def prepare(self) -> None:
        self.user_home = self.desk.home.parent / "sway"
        runtime, config = self.user_home / "run", self.user_home / ".config"
        for folder in (runtime, config / "sway", config / "waybar"):
            folder.mkdir(parents=True)
        width, height = self.screen.size
        (config / "sway/config").write_text(self.settings.format(width=width, height=height))
        (config / "waybar/config").write_text(json.dumps(WAYBAR))
        runtime.chmod(0o700)
        self.own(self.user_home, *self.user_home.rglob("*"))
        self._sway = self.start_program(
            ["sway"], WLR_BACKENDS="x11", WLR_RENDERER="pixman", WLR_LIBINPUT_NO_DEVICES="1"
        )
        wait_until(lambda: self._socket("wayland-*[0-9]"), "compositor", START_S)
        wait_until(lambda: self._socket("sway-ipc.*"), "compositor's commands", START_S)

    def dismiss(self) -> None:
        """A bar gets no keys."""
        self.screen.move(LEAST_PX, self.screen.size[1] - LEAST_PX)
        self.screen.click()

    def bar(self) -> Box:
        return Box(0, 0, self.screen.size[0], BAR_PX)

    def _socket(self, pattern: str) -> Path | None:
        return next((self.user_home / "run").glob(pattern), None)

    def own(self, *paths: Path) -> None:
        """Give files to the user that the compositor is."""
        if IS_ROOT:
            for path in paths:
                shutil.chown(path, NOBODY)

    def start_program(self, argv: Sequence[str], **env: str) -> Program:
        """Start a program as the user that the compositor is, in that user's home."""
        own = {
            "HOME": str(self.user_home),
            "XDG_RUNTIME_DIR": str(self.user_home / "run"),
            **{f"XDG_{kind}_HOME": str(self.user_home / f".{kind.lower()}") for kind in KINDS},
        }
        if IS_ROOT:
            argv = ["setpriv", f"--reuid={NOBODY}", "--regid=nogroup", "--clear-groups", *argv]
        return self.desk.start(argv, own | env)

    def start_on_screen(self, argv: Sequence[str], **env: str) -> Program:
        """Start a program that shows something, likewise."""
        wayland, commands = self._socket("wayland-*[0-9]"), self._socket("sway-ipc.*")
        assert wayland is not None
        return self.start_program(argv, WAYLAND_DISPLAY=wayland.name, SWAYSOCK=str(commands), **env)

    def _start_bar(self, argv: Sequence[str]) -> None:
        self.panel = self.start_on_screen(argv)
        wait_until(lambda: self.desk.bus.has_owner(buses.WATCHER), "watcher of the bar", START_S)
        self.screen.picture_at_rest()


class Waybar(Sway):
    """GTK's tooltips and menus."""

    name = "waybar"
    needs: ClassVar[Mapping[str, str]] = {"sway": "sway", "waybar": "waybar"}
    habits = Habits(drawn=DRAWN)

    def start(self) -> None:
        self._start_bar(["waybar"])


class Swaybar(Sway):
    """Passes every click on, and shows neither tooltip nor menu."""

    name = "swaybar"
    needs: ClassVar[Mapping[str, str]] = {"sway": "sway", "swaybar": "sway"}
    settings = SWAY + SWAYBAR
    habits = Habits(tooltip="none", menu=False, left="notification", drawn=DRAWN)

    def start(self) -> None:
        self._start_bar(["swaybar", "--bar_id", "main"])
