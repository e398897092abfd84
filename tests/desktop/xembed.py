"""Trays of the old kind, which know neither tooltip nor menu: i3's own bar, polybar, and trayer."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, ClassVar

from .host import START_S, Habits, Host
from .processes import named
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

SELECTION = "_NET_SYSTEM_TRAY_S0"
CLASS = "trayquota"
"""In the class of the windows of the program under test."""
I3 = """\
# i3 config file (v4)
font pango:monospace 10
"""
I3_BAR = """\
bar {
    position top
    colors {
        background #444444
    }
}
"""
POLYBAR = """\
[bar/main]
width = 100%
height = 26
background = #333333
modules-left = date
tray-position = right

[module/date]
type = custom/text
content = " "
"""
TRAYER = ["trayer", "--edge", "top", "--widthtype", "percent", "--width", "100", "--align", "right"]


class XembedTray(Host):
    """Whoever owns the selection is the tray."""

    habits = Habits(tooltip="none", menu=False, left="launcher")

    def wait_for_tray(self) -> None:
        wait_until(lambda: self.screen.selection_owner(SELECTION), "tray", START_S)
        wait_until(self.bars, "bar on the screen")
        self.screen.picture_at_rest()

    @property
    def is_alive(self) -> bool:
        return self.screen.selection_owner(SELECTION) != 0

    def tip(self, pid: int) -> str:
        """Nobody shows the title of its window."""
        return next(iter(self.screen.titles(CLASS)), "")

    def stop(self) -> None:
        self.end_tray()
        wait_until(lambda: not self.screen.selection_owner(SELECTION), "end of the tray")

    def end_tray(self) -> None:
        assert self.panel is not None
        self.panel.end()


class Trayer(XembedTray):
    """A tray and nothing else."""

    name = "trayer"
    needs: ClassVar[Mapping[str, str]] = {"trayer": "trayer"}

    def prepare(self) -> None:
        self.desk.start_window_manager()

    def start(self) -> None:
        self.panel = self.desk.start(TRAYER)
        self.wait_for_tray()


class Polybar(XembedTray):
    """Under i3 without a bar of its own."""

    name = "polybar"
    environment: ClassVar[Mapping[str, str]] = {"XDG_CURRENT_DESKTOP": "i3"}
    needs: ClassVar[Mapping[str, str]] = {"i3": "i3-wm", "polybar": "polybar", "rofi": "rofi"}
    settings = I3

    def prepare(self) -> None:
        config = self.desk.home / ".config"
        for path, text in {"i3/config": self.settings, "polybar/config.ini": POLYBAR}.items():
            (config / path).parent.mkdir(parents=True)
            (config / path).write_text(text)
        self.desk.start(["i3"])
        wait_until(self.screen.is_managed, "window manager")

    def start(self) -> None:
        self.panel = self.desk.start(["polybar", "main"])
        self.wait_for_tray()


class I3bar(Polybar):
    """Its own bar, which i3 starts and starts again."""

    name = "i3bar"
    needs: ClassVar[Mapping[str, str]] = {"i3": "i3-wm", "i3bar": "i3-wm", "rofi": "rofi"}
    settings = I3 + I3_BAR

    def prepare(self) -> None:
        super().prepare()
        self.wait_for_tray()

    def start(self) -> None:
        if not self._bars():
            self.desk.run("i3-msg", "exec", "i3bar --bar_id=bar-0")
        self.wait_for_tray()

    def end_tray(self) -> None:
        for pid in self._bars():
            os.kill(pid, signal.SIGTERM)

    def _bars(self) -> list[int]:
        return named("i3bar", *self.desk.mark)

    def restart(self) -> None:
        before = self._bars()
        self.desk.run("i3-msg", "restart")
        # Its window may have the old one's number.
        wait_until(lambda: set(self._bars()) - set(before), "new bar")
        self.wait_for_tray()
