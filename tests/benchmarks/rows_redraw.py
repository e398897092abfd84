"""What a change costs: redraws, a new file, a picture."""

from __future__ import annotations

import json
import subprocess
import time
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Any

from .panel import Tap
from .stage import HERE, token

if TYPE_CHECKING:
    from .figures import Row
    from .run import Scale
    from .stage import Stage

ACCOUNTS = 4


def redraw(stage: Stage, row: Row, _scale: Scale) -> None:
    """The same view twice, then one a minute later: pictures counted where they are drawn, messages on the bus."""
    tap = Tap(stage.address)
    try:
        argv = [stage.python, HERE / "redraw.py"]
        with stage.running(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
            first, _ = _shown(stage, program.process, tap, "0")
            same, same_signals = _shown(stage, program.process, tap, "0")
            later, later_signals = _shown(stage, program.process, tap, "1")
    finally:
        tap.close()
    rows = sum(len(body[0]) for member, body in later_signals if member == "ItemsPropertiesUpdated")
    row.figure("pictures drawn for the first view", "", first["drawn"])
    row.notes.append(
        f"signals when only countdowns moved: {', '.join(member for member, _ in later_signals)}; {rows} rows"
    )
    row.count("nothing changed: pictures drawn or converted", same["drawn"] + same["converted"], 0)
    row.count("nothing changed: D-Bus messages", len(same_signals), 0)
    row.count("a countdown moved: pictures drawn or converted", later["drawn"] + later["converted"], 0)
    row.count("a countdown moved: D-Bus messages", len(later_signals), 2)
    row.count("a countdown moved: menu rows signalled beyond those that changed", rows - later["rows"], 0)


def _shown(stage: Stage, process: subprocess.Popen[str], tap: Tap, minute: str) -> tuple[dict[str, int], list[Any]]:
    assert process.stdin is not None
    assert process.stdout is not None
    name = stage.panel.newest
    before = len(tap.from_(name))
    process.stdin.write(f"{minute}\n")
    process.stdin.flush()
    counted: dict[str, int] = json.loads(process.stdout.readline())
    name = stage.panel.until(lambda item: item.title).name
    # Answered when all that was sent before it is on its way; the tap's own call comes back after that.
    stage.panel.ping(name)
    stage.panel.ping(name)
    time.sleep(0.1)
    return counted, tap.from_(name)[before:]


def new_file(stage: Stage, row: Row, scale: Scale) -> None:
    """A login that the proxy writes while the applet is at rest."""
    home = stage.home(ACCOUNTS)
    asked_ms, shown_ms = [], []
    with stage.applet(home):
        for number in range(scale.files):
            time.sleep(1.0)
            name = home.add(ACCOUNTS + number)
            written_s = time.monotonic()
            item = stage.panel.until(lambda item, name=name: name in item.left)  # type: ignore[misc]
            asked_ms.append((stage.provider.stats()["asked_at"][token(name)] - written_s) * 1000)
            shown_ms.append((item.seen_s - written_s) * 1000)
            home.remove(name)
            stage.panel.until(lambda item, name=name: name not in item.left)  # type: ignore[misc]
    row.figure("file written to asked", "ms", asked_ms)
    shown = row.figure("file written to shown", "ms", shown_ms)
    row.bar("file written to shown, ms (the provider answers at once)", shown, 300)


def drawing(stage: Stage, row: Row, scale: Scale) -> None:
    """All sizes of one icon, drawn."""
    argv = [str(stage.python), str(HERE / "drawing.py")]
    if scale.is_short or find_spec("pyperf") is None:
        out = subprocess.run([*argv, "--quick"], check=True, capture_output=True, text=True)
        found = {name: [seconds] for name, seconds in json.loads(out.stdout).items()}
    else:
        path = stage.folder / "drawing.json"
        subprocess.run([*argv, "--quiet", "--processes", "5", "-o", path], check=True, capture_output=True)
        found = dict(map(_values, json.loads(path.read_text())["benchmarks"]))
    for name, seconds in found.items():
        row.figure(name, "ms", [each * 1000 for each in seconds])
    slowest = max(median(each) for each in found.values())
    row.bar("all sizes of one icon, the slowest kind, ms", slowest * 1000, 5)


def _values(benchmark: dict[str, Any]) -> tuple[str, list[float]]:
    return benchmark["metadata"]["name"], [value for run in benchmark["runs"] for value in run.get("values", ())]
