"""Draws all sizes of icons. With pyperf: its own command line. ``--quick``: a few rounds, without pyperf."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from statistics import median

from trayquota.core.view import IconSpec, Level, Mark
from trayquota.render import render_all
from trayquota.tray.statusnotifier.pixmap import pixmaps

ROUNDS = 10
SPECS = {
    "42, plenty": IconSpec(percent=42),
    "100, plenty": IconSpec(percent=100),
    "7, critical, attention": IconSpec(percent=7, level=Level.CRITICAL, attention=True),
    "42, stale": IconSpec(percent=42, stale=True),
    "waiting": IconSpec(mark=Mark.LOADING),
    "ring": IconSpec(percent=42, style="ring"),
    "bar": IconSpec(percent=42, bars=(42, 80), style="bar"),
}


def draw(spec: IconSpec) -> None:
    render_all.__wrapped__(spec)


def ready(spec: IconSpec) -> None:
    """Draw, and make what goes over the bus of it."""
    pixmaps(render_all.__wrapped__(spec))


def main() -> None:
    works = [(f"draw {name}", draw, spec) for name, spec in SPECS.items()]
    works += [(f"draw and convert {name}", ready, spec) for name, spec in list(SPECS.items())[:1]]
    if "--quick" in sys.argv:
        found = {}
        for name, work, spec in works:
            work(spec)
            took = []
            for _ in range(ROUNDS):
                begun_s = time.perf_counter()
                work(spec)
                took.append(time.perf_counter() - begun_s)
            found[name] = median(took)
        sys.stdout.write(json.dumps(found))
        return
    runner = import_module("pyperf").Runner()
    for name, work, spec in works:
        runner.bench_func(name, work, spec)


if __name__ == "__main__":
    main()
