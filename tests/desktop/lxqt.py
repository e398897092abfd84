"""LXQt's panel, which is watcher and host: they come and go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from . import bus as buses
from .host import START_S, Habits, Host
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

PANEL = """\
panels=panel1

[panel1]
plugins=mainmenu, spacer, statusnotifier
position=Bottom
width=100
width-percent=true

[mainmenu]
type=mainmenu

[spacer]
type=spacer
expandable=true

[statusnotifier]
type=statusnotifier
"""


class Lxqt(Host):
    """Its tooltip is the title alone, and its left click is passed on."""

    name = "lxqt"
    environment: ClassVar[Mapping[str, str]] = {"XDG_CURRENT_DESKTOP": "LXQt"}
    needs: ClassVar[Mapping[str, str]] = {
        "lxqt-panel": "lxqt-panel",
        "/usr/share/lxqt/themes": "lxqt-themes",
    }
    habits = Habits(tooltip="title", left="notification")

    def prepare(self) -> None:
        self.desk.start_window_manager()
        settings = self.desk.home / ".config/lxqt/panel.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(PANEL)

    def start(self) -> None:
        self.panel = self.desk.start(["lxqt-panel"])
        wait_until(lambda: self.desk.bus.has_owner(buses.WATCHER), "watcher of the panel", START_S)
        wait_until(self.bars, "panel")
        self.screen.picture_at_rest()
