"""A desk: a virtual screen with a window manager and a tray on it, and a session bus, all private.

Everything on it is started by the test and known to it. A desk has a home folder of its own, no accessibility
bus, no settings daemon but the panel's, and a bus that starts nothing by itself.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from . import bus as buses
from .ocr import Line, read_lines
from .processes import Program, see_off, start_and_read
from .screen import Box, Screen, difference
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

HERE = Path(__file__).parent
PANEL_SETTINGS = HERE / "xfce4-panel.xml"
DARK = 'name="dark-mode" type="bool" value="true"'
XFCONF_SERVICE = Path("/usr/share/dbus-1/services/org.xfce.Xfconf.service")
TRAYER = ["trayer", "--edge", "top", "--widthtype", "percent", "--width", "100", "--align", "right"]
NOTIFICATIONS = "org.freedesktop.Notifications"
HOVER_S = 1.5
"""Toolkits show a tooltip half a second after the pointer has come to rest."""


@dataclass(frozen=True, slots=True)
class Popup:
    """A tooltip, a menu or a notification as it stood on the screen at rest."""

    window: str
    box: Box
    picture: Image.Image

    def lines(self) -> list[Line]:
        """What it says; read anew at each call, which takes a third of a second."""
        return read_lines(self.picture)

    def text(self) -> str:
        """All its lines. Middle dots come out as hyphens, bars as anything."""
        return "\n".join(line.text for line in self.lines())


class Desk:
    """See the module. Use it in a ``with`` statement: what was started is ended there.

    Attributes:
        env: What a program on this desk finds in its environment, and nothing else.
        home: The desk's own home folder, where programs are started; ``bin`` in it comes first in the path.
        screen: The screen.
        bus: The session bus; programs find it only if the desk was made with one.
        panel: What the tray belongs to.
        tray: Where the tray is on the screen.
    """

    def __init__(self, folder: Path, *, bus: bool = True, size: tuple[int, int] = (1000, 500)) -> None:
        self._folder = folder
        self._programs: list[Program] = []
        self._size = size
        self._has_bus = bus
        self._hovered = ""
        self._empty_tray: Image.Image | None = None
        self.home = folder / "home"
        self._shots = Path(os.environ.get("TRAYQUOTA_SHOTS") or folder / "shots")
        self.env = _environment(folder)
        for each in (self.home / "bin", folder / "run", folder / "logs", self._shots):
            each.mkdir(parents=True, exist_ok=True)
        (folder / "run").chmod(0o700)

    def __enter__(self) -> Self:
        try:
            self._start_screen()
            if self._has_bus:
                self._start_bus()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        for program in reversed(self._programs):
            program.end()
        stubborn = see_off("XDG_RUNTIME_DIR", self.env["XDG_RUNTIME_DIR"])
        assert not stubborn, f"processes {stubborn} outlived the program that had started them"

    # What stands on the desk

    def _start_screen(self) -> None:
        geometry = "{}x{}x24".format(*self._size)

        def start(fd: int) -> Program:
            argv = ["Xvfb", "-displayfd", str(fd), "-screen", "0", geometry, "-nolisten", "tcp", "-noreset"]
            return self.start(argv, pass_fds=[fd])

        _, number = start_and_read(start)
        self.env["DISPLAY"] = f":{number}"
        self.screen = Screen(self.env, self._size)
        self._nothing = self.screen.picture()
        self.start(["openbox", "--sm-disable"])
        # A tray that comes while the window manager starts may never be shown.
        wait_until(self.screen.is_managed, "window manager")

    def _start_bus(self) -> None:
        config = buses.write_config(Path(self.env["XDG_RUNTIME_DIR"]))

        def start(fd: int) -> Program:
            argv = ["dbus-daemon", f"--config-file={config}", "--nofork", f"--print-address={fd}"]
            return self.start(argv, pass_fds=[fd])

        _, address = start_and_read(start)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = address
        self.bus = buses.Bus(address)

    def start_panel(self, *, scale: int = 1, dark: bool = True) -> None:
        """Start Xfce's panel, at the top, and wait until its tray takes items.

        Args:
            scale: Pixels of the screen per pixel of the toolkit.
            dark: In light letters on a dark ground; its menus and tooltips too.
        """
        if not self.bus.has_owner("org.xfce.Xfconf"):
            self._start_xfconf(dark=dark)
        env = {"GDK_SCALE": str(scale), "GTK_THEME": "Adwaita:dark" if dark else "Adwaita"}
        self.panel = self.start(["xfce4-panel", "--disable-wm-check", "--sm-client-disable"], env)
        wait_until(lambda: self.bus.has_owner(buses.WATCHER), "watcher of the panel")
        self._find_tray()

    def _start_xfconf(self, *, dark: bool) -> None:
        settings = Path(self.env["XDG_CONFIG_HOME"]) / "xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"
        settings.parent.mkdir(parents=True)
        text = PANEL_SETTINGS.read_text()
        settings.write_text(text if dark else text.replace(DARK, DARK.replace("true", "false")))
        service = configparser.ConfigParser()
        service.read(XFCONF_SERVICE)
        self.start([service["D-BUS Service"]["Exec"]])
        wait_until(lambda: self.bus.has_owner("org.xfce.Xfconf"), "settings daemon")

    def start_trayer(self) -> None:
        """Start a tray of the old kind (XEmbed), at the top."""
        self.panel = self.start(TRAYER)
        self._find_tray()

    def _find_tray(self) -> None:
        wait_until(lambda: difference(self._nothing, self.screen.picture()), "tray on the screen")
        if self._empty_tray is None:  # a panel that comes back may bring an icon at once
            self._empty_tray = self.screen.picture_at_rest()
            found = difference(self._nothing, self._empty_tray)
            assert found is not None
            self.tray = found

    def start_notifications(self) -> Program:
        """Start a notification server."""
        server = self.start(["dunst", "-conf", HERE / "dunstrc"])
        wait_until(lambda: self.bus.has_owner(NOTIFICATIONS), "notification server")
        return server

    # Programs

    def start(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        pass_fds: Sequence[int] = (),
    ) -> Program:
        """Start a program on this desk, in its home folder."""
        name = Path(argv[0]).name
        program = Program(
            name,
            argv,
            env={**self.env, **(env or {})},
            folder=self.home,
            log_path=self._folder / "logs" / f"{len(self._programs):02}-{name}.log",
            pass_fds=pass_fds,
        )
        self._programs.append(program)
        return program

    def logs(self) -> dict[str, str]:
        """What each program has said, by the name of its log."""
        return {program.log_path.name: program.log for program in self._programs}

    # Looking and clicking

    def screenshot(self, name: str) -> Image.Image:
        """Take a picture and keep it as ``NAME.png`` in ``TRAYQUOTA_SHOTS``, else in the desk's folder."""
        picture = self.screen.picture()
        picture.save(self._shots / f"{name}.png")
        return picture

    def icon(self) -> Box | None:
        """Where the tray shows something that was not there when it was empty."""
        assert self._empty_tray is not None, "no tray yet"
        found = difference(self._empty_tray.crop(self.tray), self.screen.picture().crop(self.tray))
        return None if found is None else found.moved(self.tray.left, self.tray.top)

    def wait_for_icon(self, deadline_s: float = 10.0) -> Box:
        """Where the icon is, once it has come and the picture is at rest."""
        wait_until(self.icon, "icon in the tray", deadline_s)
        self.screen.picture_at_rest()
        found = self.icon()
        assert found is not None
        return found

    def wait_for_no_icon(self, deadline_s: float = 10.0) -> None:
        wait_until(lambda: self.icon() is None, "tray without an icon", deadline_s)

    def hover(self, box: Box) -> Popup:
        """Rest the pointer on something until its tooltip opens."""
        x, y = box.centre
        before = set(self.screen.popups())
        for attempt in range(4):
            # A panel that was busy when the pointer came needs one more movement.
            self.screen.move(x + attempt % 2, y)
            try:
                tooltip = self._new_popup(before, "tooltip", HOVER_S)
            except AssertionError:
                continue
            self._hovered = tooltip.window
            return tooltip
        message = "no tooltip"
        raise AssertionError(message)

    def leave(self) -> None:
        """Take the pointer away to a corner, and wait until the tooltip has closed."""
        width, height = self._size
        self.screen.move(width - 2, height - 2)
        wait_until(lambda: self._hovered not in self.screen.popups(), "end of the tooltip")

    def open_menu(self, box: Box, button: int = 3) -> Popup:
        """Click on something and wait for its menu."""
        before = set(self.screen.popups())
        self.screen.move(*box.centre)
        self.screen.click(button)
        return self._new_popup(before, "menu")

    def open_submenu(self, menu: Popup, words: str) -> Popup:
        """Click on a row of an open menu that has a menu of its own, and wait for that."""
        before = set(self.screen.popups())
        self._click_row(menu, words)
        return self._new_popup(before, "submenu")

    def click_row(self, menu: Popup, words: str) -> None:
        """Click on the only row of an open menu that says these words."""
        self._click_row(menu, words)
        self._wait_for_end_of(menu)

    def _click_row(self, menu: Popup, words: str) -> None:
        lines = menu.lines()
        rows = [line.box for line in lines if words in line.text]
        assert len(rows) == 1, f"{len(rows)} rows say {words!r}: {[line.text for line in lines]}"
        self.screen.move(*rows[0].moved(menu.box.left, menu.box.top).centre)
        self.screen.click()

    def close_menu(self, menu: Popup) -> None:
        """Close it with Escape."""
        self.screen.key("Escape")
        self._wait_for_end_of(menu)

    def _wait_for_end_of(self, popup: Popup) -> None:
        wait_until(lambda: popup.window not in self.screen.popups(), "end of the menu")

    def wait_for_notification(self) -> Popup:
        """The notification on the screen; the pointer must not be where a tooltip opens."""
        return self._new_popup(set(), "notification")

    def _new_popup(self, before: set[str], what: str, deadline_s: float = 5.0) -> Popup:
        wait_until(lambda: set(self.screen.popups()) - before, what, deadline_s)
        picture = self.screen.picture_at_rest()
        fresh = {name: box for name, box in self.screen.popups().items() if name not in before}
        assert len(fresh) == 1, f"one {what} expected: {fresh}"
        [(window, box)] = fresh.items()
        return Popup(window, box, picture.crop(box))


def _environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    return {
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(folder / "run"),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "NO_AT_BRIDGE": "1",  # GTK: no accessibility bus
        "GSETTINGS_BACKEND": "memory",  # GTK: no settings daemon
    }
