"""Xfce's panel, which is watcher and host, and starts nothing else."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from . import bus as buses
from .host import START_S, Host
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS = Path(__file__).with_name("xfce4-panel.xml")
DARK = 'name="dark-mode" type="bool" value="true"'
XFCONF = "org.xfce.Xfconf"
XFCONF_SERVICE = f"/usr/share/dbus-1/services/{XFCONF}.service"


class Xfce(Host):
    """The panel alone, at the top, with a tray and nothing else."""

    name = "xfce"
    needs: ClassVar[Mapping[str, str]] = {
        "xfce4-panel": "xfce4-panel",
        XFCONF_SERVICE: "xfconf",
        "/usr/share/icons/Adwaita": "adwaita-icon-theme",
    }
    environment: ClassVar[Mapping[str, str]] = {"XDG_CURRENT_DESKTOP": "XFCE", "GSETTINGS_BACKEND": "memory"}

    def prepare(self) -> None:
        self.desk.start_window_manager()
        settings = self.desk.home / ".config/xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        settings.parent.mkdir(parents=True)
        text = SETTINGS.read_text()
        settings.write_text(text if self.dark else text.replace(DARK, DARK.replace("true", "false")))
        service = configparser.ConfigParser()
        service.read(self.desk.place.root / XFCONF_SERVICE.lstrip("/"))
        self.desk.start([service["D-BUS Service"]["Exec"]])
        wait_until(lambda: self.desk.bus.has_owner(XFCONF), "settings daemon")

    def start(self) -> None:
        env = {"GDK_SCALE": str(self.scale), "GTK_THEME": "Adwaita:dark" if self.dark else "Adwaita"}
        self.panel = self.desk.start(["xfce4-panel", "--disable-wm-check", "--sm-client-disable"], env)
        wait_until(lambda: self.desk.bus.has_owner(buses.WATCHER), "watcher of the panel", START_S)
        wait_until(self.bars, "panel")
        self.screen.picture_at_rest()
