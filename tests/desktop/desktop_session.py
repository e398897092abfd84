"""A desk: a virtual screen, a session bus, and the programs of one place that were started on it, all private.

Everything on it is started by the test, or by its bus, and known to it. A desk has a home folder of its own.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from session_bus import write_config

from . import bus as buses
from .places import HERE
from .processes import Program, see_off, start_and_read
from .screen import Screen
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PIL import Image

    from .places import Place

MARK = "DESK_OF_TESTS"


class Desk:
    """See the module. Use it in a ``with`` statement: what was started is ended there.

    Attributes:
        folder: Where its files are.
        env: What a program on this desk finds in its environment, and nothing else.
        home: The desk's own home folder, where programs are started; ``bin`` in it comes first in the path.
        place: Where the programs are.
        screen: The screen.
        bus: The session bus; programs find it only if the desk was made with one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        bus: bool = True,
        activates: bool = False,
        size: tuple[int, int] = (1280, 800),
        place: Place = HERE,
        env: Mapping[str, str] | None = None,
    ) -> None:
        """Make a desk whose files are in ``folder``.

        Args:
            folder: Should have a short name: the length of a socket's path is limited.
            bus: With a session bus.
            activates: The bus starts services by itself, as large desktops need it; what it started is ended too.
            size: Of the screen, in pixels.
            place: Where the programs are.
            env: What all of them find in their environment besides.
        """
        self.folder = folder
        self._programs: list[Program] = []
        self._size = size
        self._has_bus = bus
        self._activates = activates
        self.place = place
        self.home = folder / "home"
        self.runtime = folder / "run"
        self._sockets = folder / "buses"
        self._shots = Path(os.environ.get("TRAYQUOTA_SHOTS") or folder / "shots")
        self.env = environment(self.home) | {"XDG_RUNTIME_DIR": str(self.runtime), MARK: str(folder), **(env or {})}
        for needed in (self.home / "bin", self.runtime, self._sockets, folder / "logs", self._shots):
            needed.mkdir(parents=True, exist_ok=True)
        self.runtime.chmod(0o700)

    def __enter__(self) -> Self:
        try:
            self._start_screen()
            if self._has_bus:
                self.bus = self.start_bus("session", activates=self._activates)
                self.env["DBUS_SESSION_BUS_ADDRESS"] = self.bus.address
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        for program in reversed(self._programs):
            program.end()
        stubborn = see_off(*self.mark)
        if not self._activates:
            assert not stubborn, f"processes {stubborn} outlived the program that had started them"

    @property
    def mark(self) -> tuple[str, str]:
        """The variable that only what was started on this desk has, with its value."""
        return MARK, self.env[MARK]

    def _start_screen(self) -> None:
        geometry = "{}x{}x24".format(*self._size)

        def start(fd: int) -> Program:
            argv = ["Xvfb", "-displayfd", str(fd), "-screen", "0", geometry, "-nolisten", "tcp", "-noreset"]
            return self.start(argv, pass_fds=[fd], place=HERE)

        _, number = start_and_read(start)
        self.env["DISPLAY"] = f":{number}"
        self.screen = Screen(self.env, self._size)

    def start_window_manager(self) -> None:
        """Start a window manager that draws nothing on an empty screen."""
        self.start(["openbox", "--sm-disable"], place=HERE)
        # A tray that comes while the window manager starts may never be shown.
        wait_until(self.screen.is_managed, "window manager")

    def start_bus(self, name: str, *, activates: bool = False) -> buses.Bus:
        """Start a bus; the file of its socket is named after it."""
        config = self._sockets / f"{name}.conf"
        write_config(config, self._sockets / f"{name}-bus", activates=activates)

        def start(fd: int) -> Program:
            argv = ["dbus-daemon", f"--config-file={config}", "--nofork", f"--print-address={fd}"]
            return self.start(argv, pass_fds=[fd])

        _, address = start_and_read(start)
        return buses.Bus(address)

    def start(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        *,
        pass_fds: Sequence[int] = (),
        place: Place | None = None,
    ) -> Program:
        """Start a program on this desk, in its home folder."""
        name = Path(argv[0]).name
        program = Program(
            name,
            (place or self.place).command(argv, self.home),
            env={**self.env, **(env or {})},
            folder=self.home,
            log_path=self.folder / "logs" / f"{len(self._programs):02}-{name}.log",
            pass_fds=pass_fds,
        )
        self._programs.append(program)
        return program

    def run(self, *argv: str | Path, env: Mapping[str, str] | None = None, deadline_s: float = 30.0) -> str:
        """Run a program to its end, which must be a good one; return its output."""
        program = self.start(argv, env)
        code = program.wait(deadline_s)
        assert code == 0, f"{program.name} ended with {code}; its log:\n{program.log}"
        return program.log

    def logs(self) -> dict[str, str]:
        """What each program has said, by the name of its log."""
        return {program.log_path.name: program.log for program in self._programs}

    def screenshot(self, name: str) -> Image.Image:
        """Take a picture and keep it as ``NAME.png`` in ``TRAYQUOTA_SHOTS``, else in the desk's folder."""
        picture = self.screen.picture()
        picture.save(self._shots / f"{name}.png")
        return picture


def environment(home: Path) -> dict[str, str]:
    """The environment of a person with that home folder, without a session."""
    return {
        "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_STATE_HOME": str(home / ".local/state"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "NO_AT_BRIDGE": "1",  # GTK: no accessibility bus
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
