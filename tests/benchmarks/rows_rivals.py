"""Programs that a person could pick instead, installed from PyPI and started without any login."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from Xlib import X, display
from Xlib.protocol import event

from . import kernel
from .stage import HERE, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .figures import Row
    from .run import Scale
    from .stage import Stage

CHECKOUT = HERE.parents[1]
STARTS = 7
SETTLE_S = 20.0
WINDOW_S = 60.0
PATIENCE_S = 30.0
_DOCK = 0


@dataclass(frozen=True, slots=True)
class Rival:
    """A program from PyPI.

    Attributes:
        requirement: For pip.
        script: Starts its tray.
    """

    requirement: str
    script: str


RIVALS = (
    Rival(str(CHECKOUT), "trayquota"),
    Rival("tokentray", "tokentray-gui"),
    Rival("claudometer", "claudometer"),
    Rival("claude-code-usage", "claude-usage"),
)


def rivals(stage: Stage, row: Row, _scale: Scale) -> None:
    """Each with both kinds of tray at hand: a panel on the bus, and an XEmbed tray on a screen of its own."""
    with _screen(stage) as name:
        tray = XembedTray(name)
        for each in RIVALS:
            try:
                script = _installed(stage, row, each)
                _started(stage, row, script, tray)
                _rested(stage, row, script, name)
            except (subprocess.CalledProcessError, TimeoutError) as error:
                row.notes.append(f"{each.script}: {_last_line(error)}")


def _installed(stage: Stage, row: Row, rival: Rival) -> Path:
    """Install it from wheels into an environment of its own; returns what starts it."""
    folder = stage.folder / rival.script
    subprocess.run([stage.python, "-m", "venv", "--without-pip", folder], check=True)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        folder / "bin/python",
        "--disable-pip-version-check",
        "--quiet",
    ]
    install = [*pip, "install", "--only-binary", ":all:", rival.requirement]
    subprocess.run(install, check=True, capture_output=True, text=True)
    libraries = next(folder.glob("lib/python3*/site-packages"))
    kib = int(subprocess.run(["du", "-sk", libraries], check=True, capture_output=True, text=True).stdout.split()[0])
    row.figure(f"{rival.script}: installed", "MiB", kib / 1024)
    row.figure(f"{rival.script}: packages", "", len(list(libraries.glob("*.dist-info"))))
    return folder / "bin" / rival.script


def _started(stage: Stage, row: Row, script: Path, tray: XembedTray) -> None:
    took_ms = []
    kind = ""
    for _ in range(STARTS + 1):
        stage.panel.forget()
        docked = len(tray.docked_s)
        with _running(stage, script, tray.screen) as program:
            deadline_s = time.monotonic() + PATIENCE_S
            while not (stage.panel.newest or len(tray.docked_s) > docked):
                if program.process.poll() is not None or time.monotonic() > deadline_s:
                    raise TimeoutError(program.said() or "no icon")
                time.sleep(0.001)
            if stage.panel.newest:
                kind, at_s = "StatusNotifierItem", stage.panel.until().registered_s
            else:
                kind, at_s = "XEmbed", tray.docked_s[docked]
            took_ms.append((at_s - program.started_s) * 1000)
    row.figure(f"{script.name}: start to icon ({kind})", "ms", took_ms[1:])


def _rested(stage: Stage, row: Row, script: Path, screen: str) -> None:
    with _running(stage, script, screen) as program:
        time.sleep(SETTLE_S)
        before = kernel.work(program.pid)
        time.sleep(WINDOW_S)
        wakeups, cpu_ms = before.until(kernel.work(program.pid))
        held = kernel.memory(program.pid)
        threads = sum(len(kernel.threads(each)) for each in kernel.family(program.pid))
    row.figure(f"{script.name}: PSS", "MiB", held.pss / 1024)
    row.figure(f"{script.name}: wake-ups", "/min", wakeups)
    row.figure(f"{script.name}: CPU", "ms/min", cpu_ms)
    row.figure(f"{script.name}: threads", "", threads)


@contextlib.contextmanager
def _running(stage: Stage, script: Path, screen: str) -> Iterator[Program]:
    home = stage.home(0)
    runtime = home.path / "runtime"
    runtime.mkdir(mode=0o700)
    env = stage.env(home) | {"DISPLAY": screen, "XDG_RUNTIME_DIR": str(runtime)}
    program = Program([script], env, stage.folder)
    try:
        yield program
    finally:
        program.end()


@contextlib.contextmanager
def _screen(stage: Stage) -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        message = "Xvfb is needed: apt-get install xvfb"
        raise SystemExit(message)
    reading, writing = os.pipe()
    argv = ["Xvfb", "-displayfd", str(writing), "-nolisten", "tcp", "-screen", "0", "800x600x24"]
    server = Program(argv, os.environ, stage.folder, pass_fds=[writing])
    os.close(writing)
    with os.fdopen(reading) as number:
        name = f":{number.readline().strip()}"
    try:
        yield name
    finally:
        server.end()


class XembedTray:
    """A tray of the older kind that takes every icon in.

    Attributes:
        screen: Its display's name.
        docked_s: When each icon asked to be taken in, by the monotonic clock.
    """

    def __init__(self, name: str) -> None:
        self.screen = name
        self.docked_s: list[float] = []
        self._display = display.Display(name)
        screen = self._display.screen()
        self._window = screen.root.create_window(0, 0, 200, 32, 0, screen.root_depth)
        self._opcode = self._display.intern_atom("_NET_SYSTEM_TRAY_OPCODE")
        selection = self._display.intern_atom("_NET_SYSTEM_TRAY_S0")
        self._window.set_selection_owner(selection, X.CurrentTime)
        manager = event.ClientMessage(
            window=screen.root,
            client_type=self._display.intern_atom("MANAGER"),
            data=(32, [X.CurrentTime, selection, self._window.id, 0, 0]),
        )
        screen.root.send_event(manager, event_mask=X.StructureNotifyMask)
        self._window.map()
        self._display.flush()
        # A daemon: it ends with the screen.
        threading.Thread(target=self._serve, name="xembed", daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(Exception):  # the screen has gone
            while True:
                each = self._display.next_event()
                if each.type == X.ClientMessage and each.client_type == self._opcode and each.data[1][1] == _DOCK:
                    self.docked_s.append(time.monotonic())
                    icon = self._display.create_resource_object("window", each.data[1][2])
                    icon.reparent(self._window, 0, 0)
                    icon.map()
                    self._display.flush()


def _last_line(error: Exception) -> str:
    said = getattr(error, "stderr", None) or str(error)
    lines = [each for each in said.splitlines() if each.strip()]
    return lines[-1] if lines else type(error).__name__
