"""The menu on desktops without menus of their own: through the launcher that such desktops have."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Final

from trayquota.tray.pystray_import import Menu

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trayquota.tray.pystray_import import Icon, MenuItem

_LOG = logging.getLogger(__name__)

_MAX_LINES: Final = 20
_LAUNCHERS: Final = {
    "rofi": ("-dmenu", "-i", "-no-custom", "-p", "{title}", "-l", "{lines}", "-theme-str", "window {{width: 60%;}}"),
    "dmenu": ("-i", "-p", "{title}", "-l", "{lines}"),
}
"""Each program's options to show lines and print the chosen one; the first that is installed is taken."""
_ANSWERED: Final = {0, 1}
"""Exit codes for a choice and for none."""


class MenuLauncher:
    """Opens menus one at a time. :meth:`open` blocks; :meth:`close`, from any thread, ends it."""

    def __init__(self) -> None:
        """See the class."""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_closed = False

    def open(self, icon: Icon, menu: Menu | None) -> bool:
        """Show a menu and run what is chosen; a submenu's row opens that.

        Returns:
            Whether it could be shown.
        """
        title = icon.name
        while menu is not None:
            rows = _rows(menu)
            chosen = self._choose(title, list(rows))
            if chosen is None:
                return False
            item = rows.get(chosen)
            if item is None or not item.enabled:
                return True
            title, menu = item.text, item.submenu
            if menu is None:
                item(icon)
                icon.update_menu()
        return True

    def close(self) -> None:
        """Close what is open; nothing opens any more."""
        with self._lock:
            self._is_closed = True
            if self._process is not None:
                self._process.terminate()

    def _choose(self, title: str, lines: Sequence[str]) -> str | None:
        """Return the chosen line, empty for none; ``None`` where no launcher can show them."""
        command = _command(title, len(lines))
        if command is None or not lines:
            return None
        with self._lock:
            if self._is_closed:
                return ""
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            except OSError as error:
                _LOG.warning("the menu's launcher could not be started: %s", error.strerror)
                return None
        with self._process as process:
            answer, _ = process.communicate("\n".join(lines))
        with self._lock:
            self._process = None
            # Ended by a signal it has been closed; another code says that it could not open.
            return answer.rstrip("\n") if process.returncode in _ANSWERED or self._is_closed else None


def _command(title: str, lines: int) -> list[str] | None:
    for program, options in _LAUNCHERS.items():
        if (path := shutil.which(program)) is not None:
            values = {"title": title, "lines": min(lines, _MAX_LINES)}
            return [path, *(option.format_map(values) for option in options)]
    return None


def _rows(menu: Menu) -> dict[str, MenuItem]:
    """Return the rows by their lines, each line different from the others."""
    rows: dict[str, MenuItem] = {}
    for item in menu:
        if item is Menu.SEPARATOR:
            continue
        mark = {None: "", True: "✓ ", False: "  "}[item.checked]
        line = f"{mark}{item.text}{' ▸' if item.submenu is not None else ''}".replace("\n", " ")
        while line in rows:
            line += " "
        rows[line] = item
    return rows
