"""A Windows of the tests' own: a Wine prefix, and programs that run in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from .windows_python import windows_python

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
_KEEPER = "import ctypes, sys; ctypes.WinDLL('user32').GetDesktopWindow(); print('open', flush=True); sys.stdin.read()"
"""Has the desktop stay: one that nobody is left on goes, and whoever comes in that moment fails."""
_BOOT_S = 180.0
_REGISTRY = r"""REGEDIT4

[HKEY_CURRENT_USER\Software\Wine]
"Version"="win10"

[HKEY_CURRENT_USER\Software\Wine\WineDbg]
"ShowCrashDialog"=dword:00000000

[HKEY_CURRENT_USER\Software\Wine\Explorer]
"Desktop"="tests"

[HKEY_CURRENT_USER\Software\Wine\Explorer\Desktops]
"tests"="{width}x{height}"
"""
"""Windows 10 instead of 7, no window for a crash, and a desktop with a taskbar."""


@dataclass(frozen=True)
class Result:
    """What came of a program."""

    code: int
    out: str
    err: str


class Wine:
    """One prefix, on one display.

    Attributes:
        environment: What its programs are started with.
        python: The path of ``python.exe``, as Linux writes it.
    """

    def __init__(self, folder: Path, display: str, size: tuple[int, int]) -> None:
        self._folder = folder
        self._size = size
        self.python = windows_python()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "DISPLAY": display,
            "LANG": "C.UTF-8",
            "WINEPREFIX": str(folder / "prefix"),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",  # neither .NET nor HTML: both would ask to be downloaded
            "PYTHONPATH": windows_path(ROOT),
            "PYTHONPYCACHEPREFIX": windows_path(self.python.parent.with_name(f"{self.python.parent.name}.pyc")),
        }

    @property
    def drive_c(self) -> Path:
        return self._folder / "prefix" / "drive_c"

    def __enter__(self) -> Self:
        (self._folder / "home").mkdir(parents=True)
        self.run("wineboot", "-i", timeout_s=_BOOT_S)
        registry = self._folder / "settings.reg"
        width, height = self._size
        registry.write_text(_REGISTRY.format(width=width, height=height))
        done = self.run("regedit", windows_path(registry))
        assert done.code == 0, done
        self._restart()
        return self

    def set_dpi(self, dpi: int) -> None:
        """Have the screen count as one of so many dots per inch; ends all programs."""
        key = (r"HKCU\Control Panel\Desktop", "/v", "LogPixels", "/t", "REG_DWORD", "/d", str(dpi), "/f")
        done = self.run("reg", "add", *key)
        assert done.code == 0, done
        self._keeper.communicate()
        self._restart()

    def add_drive(self, letter: str, folder: Path) -> None:
        """Have a drive that is that folder."""
        (self._folder / "prefix" / "dosdevices" / f"{letter}:").symlink_to(folder)

    def add_share(self, server: str, name: str, folder: Path) -> str:
        """Have a share that is that folder; return its path. No server is asked, and its real path is the folder's."""
        place = self._folder / "prefix" / "dosdevices" / "unc" / server
        place.mkdir(parents=True, exist_ok=True)
        (place / name).symlink_to(folder)
        return f"\\\\{server}\\{name}"

    def log_off(self) -> None:
        """End the session in order, which ends all programs; then begin a new one."""
        self.run("wineboot", "--end-session")
        self._keeper.communicate()
        self._restart()

    def _restart(self) -> None:
        self._server("-k")
        self._keeper = self.start(windows_path(self.python), "-c", _KEEPER, stdin=subprocess.PIPE)
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == "open\n"

    def __exit__(self, *_: object) -> None:
        self._keeper.communicate()
        self._server("-k")
        shutil.rmtree(self._folder / "prefix", ignore_errors=True)

    def run(self, *words: str, timeout_s: float = PATIENCE_S, environment: Mapping[str, str] | None = None) -> Result:
        """Run a program of Windows to its end."""
        process = self.start(*words, environment=environment)
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            # Not to their end: a console of Wine's can outlive its program and have them open.
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            said = b"\n".join(part for part in (error.stdout, error.stderr) if part).decode(errors="replace")
            message = f"{words[0]} still runs after {timeout_s:g} s, or what it started does; it said:\n{said}"
            raise AssertionError(message) from None
        return Result(process.returncode, out, err)

    def run_python(
        self, *words: str, timeout_s: float = PATIENCE_S, environment: Mapping[str, str] | None = None
    ) -> Result:
        """Run CPython for Windows to its end."""
        return self.run(windows_path(self.python), *words, timeout_s=timeout_s, environment=environment)

    def start(
        self, *words: str, stdin: int = subprocess.DEVNULL, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start a program of Windows; the pipes are needed, CPython does not start with other handles."""
        return subprocess.Popen(
            ["wine", *words],
            env=self.environment | dict(environment or {}),
            cwd=ROOT,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
        )

    def _server(self, option: str) -> None:
        env: Mapping[str, str] = self.environment
        for word in (option, "-w"):
            subprocess.run(["wineserver", word], env=dict(env), check=False, timeout=PATIENCE_S)


def windows_path(path: Path) -> str:
    """Return how Windows' programs name a file of Linux."""
    return "Z:" + str(path).replace("/", "\\")
