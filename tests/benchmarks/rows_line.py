"""A status bar's line: printed once, and watched while nothing happens."""

from __future__ import annotations

import subprocess
import time
from statistics import median
from typing import TYPE_CHECKING

from . import kernel
from .rows_idle import ACCOUNTS, REST_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .figures import Row
    from .run import Scale
    from .stage import Home, Stage

HELD = """
from trayquota.cli.main import main
main(["line"])
print(next(each for each in open("/proc/self/status") if each.startswith("VmHWM")))
"""


def line(stage: Stage, row: Row, scale: Scale) -> None:
    """``trayquota line`` and an empty Python by turns."""
    home = stage.home(ACCOUNTS)
    with stage.applet(home):
        pass  # what is known comes from here
    empty, lines = [], []
    for _ in range(scale.starts):
        empty.append(_run_ms(stage, home, [stage.python, "-c", "pass"]))
        lines.append(_run_ms(stage, home, stage.trayquota("line")))
    row.figure("python -c pass", "ms", empty)
    row.figure("trayquota line", "ms", lines)
    output = subprocess.run([stage.python, "-c", HELD], env=stage.env(home), capture_output=True, check=True, text=True)
    held = row.figure("trayquota line: most memory", "MiB", int(output.stdout.split()[-2]) / 1024)
    ratio = median(ours / theirs for ours, theirs in zip(lines, empty, strict=True))
    row.bar("of an empty Python's time beside it", ratio, 6)
    row.bar("most memory, MiB", held, 20)


def line_watch(stage: Stage, row: Row, scale: Scale) -> None:
    """``trayquota line --watch`` while nothing but the countdown changes."""
    home = stage.home(ACCOUNTS)
    with stage.applet(home):
        pass
    with stage.running(stage.trayquota("line", "--watch"), home) as program:
        time.sleep(REST_S)
        before = kernel.work(program.pid)
        time.sleep(scale.idle_s)
        wakeups, cpu_ms = before.until(kernel.work(program.pid))
    per_minute = 60 / scale.idle_s
    row.figure("wake-ups over all threads", "/min", wakeups * per_minute)
    row.figure("CPU", "ms/min", cpu_ms * per_minute)
    row.count(f"wake-ups in {scale.idle_s:.0f} s, with a wide margin", wakeups, 6)


def _run_ms(stage: Stage, home: Home, command: Sequence[str | Path]) -> float:
    """Run a command to its end; return how many milliseconds it took."""
    begun_s = time.perf_counter()
    subprocess.run(command, env=stage.env(home), stdout=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - begun_s) * 1000
