"""Cinnamon: its shell draws panel and tooltips; xapp-sn-watcher is watcher and host, and has GTK show the menu."""

from __future__ import annotations

import configparser
import os
import signal
from typing import TYPE_CHECKING, ClassVar

from . import bus as buses
from .host import START_S, Habits, Host
from .login import start_login_service
from .processes import named
from .screen import Box
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY = "/etc/xdg/autostart/xapp-sn-watcher.desktop"
# Else the shell has the bus start the watcher again.
NO_SERVICE = """\
[D-BUS Service]
Name=org.x.StatusNotifierWatcher
Exec=/bin/false
"""
SHELL = "org.Cinnamon"
PANEL_PX = 40
# Its applet for notifications would come with the first one, and shift the icons beside it.
SETTINGS = """\
[org/cinnamon]
enabled-applets=['panel1:left:0:menu@cinnamon.org:0', 'panel1:right:0:xapp-status@cinnamon.org:1', \
'panel1:right:1:calendar@cinnamon.org:2']
desktop-effects-workspace=false
startup-animation=false

[org/cinnamon/desktop/notifications]
display-notifications=false
"""


class Cinnamon(Host):
    """What restarts is the watcher."""

    name = "cinnamon"
    environment: ClassVar[Mapping[str, str]] = {
        "XDG_CURRENT_DESKTOP": "X-Cinnamon",
        "XDG_SESSION_TYPE": "x11",
        "GSETTINGS_BACKEND": "keyfile",
    }
    needs: ClassVar[Mapping[str, str]] = {
        "cinnamon": "cinnamon",
        ENTRY: "xapp-sn-watcher",
        "/usr/lib/python3/dist-packages/dbusmock": "python3-dbusmock",
    }
    activates = True
    habits = Habits(drawn=frozenset({"tooltip"}), notifications=True, rest_s=0.5)

    def prepare(self) -> None:
        service = self.desk.home / ".local/share/dbus-1/services/watcher.service"
        service.parent.mkdir(parents=True)
        service.write_text(NO_SERVICE)
        self.desk.bus.reload()
        settings = self.desk.home / ".config/glib-2.0/settings/keyfile"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        start_login_service(self.desk)
        self.desk.start(["cinnamon", "--replace"])
        wait_until(lambda: self.desk.bus.has_owner(SHELL), "shell", START_S)
        self.screen.picture_at_rest()

    def start(self) -> None:
        if not self.is_alive:
            entry = configparser.ConfigParser(interpolation=None)
            entry.read(self.desk.place.root / ENTRY.lstrip("/"))
            self.desk.start([entry["Desktop Entry"]["Exec"]])
        wait_until(lambda: self.is_alive, "watcher", START_S)
        self.screen.picture_at_rest()

    def stop(self) -> None:
        # Cinnamon may have been first to start one.
        for pid in named("xapp-sn-watcher", *self.desk.mark):
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not self.is_alive, "end of the watcher")

    @property
    def is_alive(self) -> bool:
        return self.desk.bus.has_owner(buses.WATCHER)

    def bar(self) -> Box:
        width, height = self.screen.size
        return Box(0, height - PANEL_PX, width, height)
