"""Starting with the session, by each platform's own means.

What is written names this very installation, so a virtual environment that was moved or removed is noticed: it is
said, and switching on again repairs it.
"""

from __future__ import annotations

import contextlib
import itertools
import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from xml.parsers.expat import ExpatError

from msgspec import Struct

from trayquota.core.errors import AutostartError
from trayquota.core.translation import Message
from trayquota.system.assets import asset
from trayquota.system.desktop_entry import command_of, exec_value, main_keys, string_value
from trayquota.system.files import private_folder, read_bounded, write_atomic
from trayquota.system.home import home_folder, xdg_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

NAME = "trayquota"
_LABEL = "io.github.trayquota"
_RUN_KEY = r"Software\Microsoft\Windows\CurrentVersion\Run"
_LARGEST_BYTES = 1 << 16


class Status(Struct, frozen=True):
    """Whether the program starts with the session.

    Attributes:
        is_on: The program starts with the session.
        place: Where that is written, for people.
        problem: Why it will not work although it is on, for people.
    """

    is_on: bool
    place: str
    problem: str | None = None


class Autostart(Protocol):
    """One platform's way to start with the session."""

    def status(self) -> Status:
        """Return whether it starts with the session."""

    def switch_on(self) -> None:
        """Start with the session from now on; raises ``AutostartError``."""

    def switch_off(self) -> None:
        """Do so no longer; raises ``AutostartError``."""


def start_command(options: Sequence[str] = ()) -> list[str]:
    """Return the command that starts this installation's tray with ``options``."""
    python = Path(sys.executable)
    if getattr(sys, "frozen", False):
        command = [str(python)]  # a build of PyInstaller's: the program itself
    elif sys.platform == "win32":
        windowless = python.with_name("pythonw.exe")  # any other would leave a console window open
        command = [str(windowless if windowless.exists() else python), "-m", NAME]
    else:
        script = python.with_name(NAME)
        command = [str(script)] if script.exists() else [str(python), "-m", NAME]
    return [*command, *options]


def autostart(options: Sequence[str] = ()) -> Autostart:
    """Return the way of the platform this runs on, to start with ``options``.

    Raises:
        ConfigError: It needs the home folder, which is not known.
    """
    command = start_command(options)
    ways: dict[str, Callable[[], Autostart]] = {
        "win32": lambda: RunKey(command),
        "darwin": lambda: LaunchAgent(home_folder() / "Library" / "LaunchAgents", command),
    }
    return ways.get(sys.platform, lambda: DesktopEntry(xdg_folder("XDG_CONFIG_HOME"), command))()


class DesktopEntry:
    """Linux and its relatives: ``autostart/trayquota.desktop`` by the XDG specification."""

    def __init__(self, config: Path, command: list[str]) -> None:
        """Write below the folder ``config``; start with ``command``."""
        self._path = config / "autostart" / f"{NAME}.desktop"
        self._command = command

    def status(self) -> Status:
        """Return whether it starts with the session."""
        place = str(self._path)
        try:
            keys = main_keys(read_bounded(self._path, _LARGEST_BYTES).decode("utf-8", "replace"))
        except FileNotFoundError:
            return Status(is_on=False, place=place)
        except OSError as error:
            return Status(
                is_on=False, place=place, problem=Message("the entry cannot be read ({reason})", reason=error.strerror)
            )
        if keys.get("Hidden") == "true" or keys.get("X-GNOME-Autostart-enabled") == "false":
            return Status(is_on=False, place=place)
        return Status(is_on=True, place=place, problem=_problem(command_of(keys.get("Exec", "")), self._command))

    def switch_on(self) -> None:
        """Write the entry."""
        content = (
            "[Desktop Entry]\n"
            "Type=Application\n"
            "Name=trayquota\n"
            "Comment=The quota that is left on your AI-coding accounts\n"
            f"Exec={exec_value(self._command)}\n"
            f"{_icon_line()}"
            "Terminal=false\n"
            "X-GNOME-Autostart-enabled=true\n"
        )
        _write(self._path, content.encode)

    def switch_off(self) -> None:
        """Remove the entry."""
        _remove(self._path)


def _icon_line() -> str:
    """Return the line for the icon, a file: nothing is installed where its name alone would be looked for."""
    try:
        return f"Icon={string_value(str(asset('trayquota-128.png')))}\n"
    except FileNotFoundError:
        return ""


class LaunchAgent:
    """macOS: a property list that launchd reads at login."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        """Write into ``folder``; start with ``command``."""
        self._path = folder / f"{_LABEL}.plist"
        self._command = command

    def status(self) -> Status:
        """Return whether it starts with the session."""
        place = str(self._path)
        try:
            content = plistlib.loads(read_bounded(self._path, _LARGEST_BYTES))
        except FileNotFoundError:
            return Status(is_on=False, place=place)
        except (OSError, ValueError, AttributeError, ExpatError):  # what plistlib raises at broken ones
            return Status(is_on=False, place=place, problem=Message("the entry cannot be read"))
        if not isinstance(content, dict) or content.get("Disabled") is True:
            return Status(is_on=False, place=place)
        arguments = content.get("ProgramArguments")
        stated = [str(argument) for argument in arguments] if isinstance(arguments, list) else []
        return Status(is_on=True, place=place, problem=_problem(stated, self._command))

    def switch_on(self) -> None:
        """Write the entry."""
        content = {
            "Label": _LABEL,
            "ProgramArguments": self._command,
            "RunAtLoad": True,
            "LimitLoadToSessionType": "Aqua",
            "ProcessType": "Interactive",
        }
        _write(self._path, lambda: plistlib.dumps(content))

    def switch_off(self) -> None:
        """Remove the entry."""
        _remove(self._path)


class RunKey:
    """Windows: a value below the user's ``Run`` key."""

    def __init__(self, command: list[str]) -> None:
        """Start with ``command``."""
        self._command = command

    def status(self) -> Status:
        """Return whether it starts with the session."""
        place = rf"HKEY_CURRENT_USER\{_RUN_KEY}"
        stated = self._read()
        if stated is None:
            return Status(is_on=False, place=place)
        command = self._command if stated == subprocess.list2cmdline(self._command) else _windows_arguments(stated)
        return Status(is_on=True, place=place, problem=_problem(command, self._command))

    def switch_on(self) -> None:
        """Write the value."""
        self._set(subprocess.list2cmdline(self._command))

    def switch_off(self) -> None:
        """Remove the value."""
        self._set(None)

    def _read(self) -> str | None:
        found: str | None = None
        if sys.platform == "win32":
            import winreg

            with contextlib.suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
                found = str(winreg.QueryValueEx(key, NAME)[0])
        return found

    def _set(self, value: str | None) -> None:
        if sys.platform == "win32":
            import winreg

            try:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN_KEY) as key:
                    if value is None:
                        winreg.DeleteValue(key, NAME)
                    else:
                        winreg.SetValueEx(key, NAME, 0, winreg.REG_SZ, value)
            except FileNotFoundError:
                pass
            except OSError as error:
                raise AutostartError(str(error.strerror)) from None


def _problem(stated: list[str], expected: list[str]) -> str | None:
    """Say why what is written does not start this installation."""
    if not stated:
        return Message("it names no program; 'trayquota autostart on' repairs it")
    if shutil.which(stated[0]) is None:
        return Message(
            "the program it names is gone; was its virtual environment moved? 'trayquota autostart on' repairs it"
        )
    if _program(stated) != _program(expected):
        return Message("it starts another installation; 'trayquota autostart on' makes it this one")
    return None


def _program(command: list[str]) -> list[str]:
    """Return the command up to the first option: with which options it starts is the person's own choice."""
    return list(itertools.takewhile(lambda argument: not argument.startswith("--"), command))


def _windows_arguments(line: str) -> list[str]:
    """Return the arguments of a command line; quoted ones may hold blanks, a backslash is one as in every path."""
    return [argument.replace('"', "") for argument in re.findall(r'(?:"[^"]*"?|[^\s"])+', line)]


def _write(path: Path, content: Callable[[], bytes]) -> None:
    try:
        data = content()
        if not path.parent.is_dir():
            private_folder(path.parent)
        write_atomic(path, data)
    except ValueError:
        message = Message(
            "{path} cannot name this program: there are characters in its path that no such file can hold.", path=path
        )
        raise AutostartError(message) from None
    except OSError as error:
        message = Message("{path} cannot be written ({reason}).", path=path, reason=error.strerror)
        raise AutostartError(message) from None


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        pass
    except OSError as error:
        message = Message("{path} cannot be removed ({reason}).", path=path, reason=error.strerror)
        raise AutostartError(message) from None
