"""GNOME's shell on X11 with the AppIndicator extension, which is watcher and host."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from dbus_fast import Message

from . import bus as buses
from .host import START_S, Habits, Host
from .login import start_login_service
from .ocr import Line
from .popup import Popup
from .screen import Box
from .waiting import wait_until, wait_until_settled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INDICATORS = "ubuntu-appindicators@ubuntu.com"
UNSAFE = "unsafe@trayquota.test"
SHELL = "org.gnome.Shell"
SETTINGS = f"""\
[org/gnome/shell]
enabled-extensions=['{INDICATORS}', '{UNSAFE}']
welcome-dialog-last-shown-version='999'
disable-extension-version-validation=true

[org/gnome/desktop/interface]
enable-animations=false

[org/gnome/desktop/notifications]
show-banners=false
"""
REST_S = 0.5
UNSAFE_43 = """\
function init() {}
function enable() { global.context.unsafe_mode = true; }
function disable() {}
"""
UNSAFE_45 = """\
export default class {
    enable() { global.context.unsafe_mode = true; }
    disable() {}
}
"""
MENU = """\
(() => {
    const area = Object.entries(Main.panel.statusArea).filter(([name]) => name.startsWith('appindicator-'));
    const open = area.map(([, button]) => button.menu).find(menu => menu && menu.isOpen);
    if (!open) return null;
    const place = actor => [...actor.get_transformed_position(), ...actor.get_transformed_size()];
    const rows = menu => menu._getMenuItems().filter(item => item.visible).flatMap(item => {
        const own = [[item.label ? item.label.text : '', ...place(item)]];
        return item.menu && item.menu.isOpen ? own.concat(rows(item.menu)) : own;
    });
    return [place(open.actor), rows(open)];
})()
"""


@dataclass(frozen=True, slots=True)
class ShellMenu(Popup):
    """A menu whose rows the shell itself has named.

    Attributes:
        rows: Text and place of each row that has text, on the screen.
    """

    rows: tuple[Line, ...]

    def lines(self) -> list[Line]:
        """The rows, placed within the picture."""
        return [Line(row.text, row.box.moved(-self.box.left, -self.box.top)) for row in self.rows]


class Gnome(Host):
    """Ends with its session; what restarts is the extension."""

    name = "gnome"
    environment: ClassVar[Mapping[str, str]] = {
        "XDG_CURRENT_DESKTOP": "GNOME",
        "XDG_SESSION_TYPE": "x11",
        "GSETTINGS_BACKEND": "keyfile",
    }
    needs: ClassVar[Mapping[str, str]] = {
        "gnome-shell": "gnome-shell",
        f"/usr/share/gnome-shell/extensions/{INDICATORS}": "gnome-shell-extension-appindicator",
        "/usr/libexec/gsd-xsettings": "gnome-settings-daemon",
        "/usr/lib/python3/dist-packages/dbusmock": "python3-dbusmock",
    }
    activates = True
    habits = Habits(tooltip="none", drawn=frozenset({"menu"}), notifications=True, rest_s=0.5)

    def prepare(self) -> None:
        version = int(self.desk.run("gnome-shell", "--version").split()[2].partition(".")[0])
        extension = self.desk.home / f".local/share/gnome-shell/extensions/{UNSAFE}"
        extension.mkdir(parents=True)
        about = {"uuid": UNSAFE, "name": UNSAFE, "description": UNSAFE, "shell-version": [str(version)], "url": ""}
        (extension / "metadata.json").write_text(json.dumps(about))
        (extension / "extension.js").write_text(UNSAFE_45 if version >= 45 else UNSAFE_43)
        settings = self.desk.home / ".config/glib-2.0/settings/keyfile"
        settings.parent.mkdir(parents=True)
        settings.write_text(SETTINGS)
        start_login_service(self.desk)
        self.panel = self.desk.start(["gnome-shell", "--x11"])
        wait_until(lambda: self.desk.bus.has_owner(SHELL), "shell", START_S)
        wait_until(lambda: self._eval("1 + 1") == 2, "shell that evaluates", START_S)
        wait_until(lambda: self._eval("Main.layoutManager._startingUp") is False, "started shell", START_S)
        self._eval("Main.overview.hide()")
        wait_until(lambda: self._eval("Main.overview.visible") is False, "end of the overview", START_S)
        # Such as that a session of root is no good idea.
        self._eval("Main.messageTray.getSources().forEach(source => source.destroy())")

    def start(self) -> None:
        self._eval(f"Main.extensionManager.enableExtension('{INDICATORS}')")
        wait_until(lambda: self.desk.bus.has_owner(buses.WATCHER), "watcher of the extension", START_S)
        self.screen.picture_at_rest()

    def stop(self) -> None:
        self._eval(f"Main.extensionManager.disableExtension('{INDICATORS}')")
        wait_until(lambda: not self.desk.bus.has_owner(buses.WATCHER), "end of the watcher")

    def bar(self) -> Box:
        return Box(0, 0, self.screen.size[0], int(self._eval("Main.panel.height")))

    def open_menu(self, box: Box, button: int = 3) -> Popup:
        super().open_menu(box, button)
        return self._menu()

    def open_submenu(self, menu: Popup, words: str) -> Popup:
        """In the same popup, below the row."""
        before = self._rows()
        self._click_row(menu, words)
        wait_until(lambda: self._rows() != before, "submenu")
        return self._menu()

    def reread(self, popup: Popup) -> Popup:
        return self._menu()

    def _menu(self) -> ShellMenu:
        # The extension builds rows one after the other.
        where, rows = wait_until_settled(self._rows, REST_S, "menu")
        box = _box(where)
        lines = tuple(Line(text, _box(place)) for text, *place in rows if text)
        return ShellMenu("", box, self.screen.picture_at_rest().crop(box), lines)

    def _rows(self) -> Any:
        """Place of the open menu; text and place of its visible rows."""
        return self._eval(MENU)

    def _eval(self, script: str) -> Any:
        """What a script says in the shell; nothing when it fails, or the shell does not take any yet."""
        call = Message(SHELL, "/org/gnome/Shell", SHELL, "Eval", signature="s", body=[script])
        try:
            done, answer = self.desk.bus.call(call)
        except buses.BusError:
            return None
        return json.loads(answer) if done and answer else None


def _box(place: Sequence[float]) -> Box:
    x, y, width, height = map(round, place)
    return Box(x, y, x + width, y + height)
