"""Draws all sizes of icons. With pyperf: its own command line. ``--quick``: a few rounds, without pyperf."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from itertools import cycle
from statistics import median
from typing import TYPE_CHECKING, Any

from trayquota.core.model import Level
from trayquota.render import render_all
from trayquota.tray.statusnotifier.pixmap import pixmaps
from trayquota.views.tray_view import IconSpec, Placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 10
SPECS = {
    "42, plenty": IconSpec(percent=42),
    "100, plenty": IconSpec(percent=100),
    "7, critical, attention": IconSpec(percent=7, level=Level.CRITICAL, attention=True),
    "42, stale": IconSpec(percent=42, stale=True),
    "waiting": IconSpec(placeholder=Placeholder.LOADING),
    "ring": IconSpec(percent=42, style="ring"),
    "bar": IconSpec(percent=42, bars=(42, 80), style="bar"),
}


CACHES = [
    value
    for name, module in list(sys.modules.items())
    if name.startswith("trayquota.render")
    for value in vars(module).values()
    if hasattr(value, "cache_clear")
]


def first(spec: IconSpec) -> None:
    """Draw as for the first time: nothing that was drawn before is at hand."""
    for each in CACHES:
        each.cache_clear()
    render_all(spec)


def following(numbers: Iterator[int]) -> None:
    """Draw the next number, with the pieces of all others at hand."""
    render_all(IconSpec(percent=next(numbers)))


def ready(spec: IconSpec) -> None:
    """Draw as for the first time, and make what goes over the bus of it."""
    first(spec)
    pixmaps(render_all(spec))


def main() -> None:
    name, one = next(iter(SPECS.items()))
    works: list[tuple[str, Callable[[Any], None], object]]
    works = [(f"draw {name}", first, spec) for name, spec in SPECS.items()]
    works += [("draw the next number", following, cycle(range(101))), (f"draw and convert {name}", ready, one)]
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
