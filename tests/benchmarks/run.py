"""Runs the rows, prints what they found, and fails on counts."""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from . import kernel
from .figures import Row
from .rows_history import forecast, past_use, recording, recording_memory, with_history, year_page
from .rows_idle import connections, five_icons, idle, memory, threads
from .rows_line import line, line_watch
from .rows_many import many_32, many_1000
from .rows_redraw import drawing, new_file, redraw
from .rows_rivals import rivals
from .rows_start import start
from .stage import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .stage import Stage


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done: the short run proves that everything runs and fails on counts alone.

    Attributes:
        starts: Of each program, by turns.
        idle_s: One window of watching an idle program.
        idle_windows: How many.
        refreshes: After which memory is looked at; the last one ends it.
        processes: Of each of those that ask many accounts.
        many: Accounts, for "as many as nobody has".
        files: New ones.
    """

    is_short: bool
    starts: int
    idle_s: float
    idle_windows: int
    refreshes: tuple[int, ...]
    processes: int
    many: int
    files: int


FULL = Scale(
    is_short=False,
    starts=15,
    idle_s=60,
    idle_windows=3,
    refreshes=(10, 100, 1000, 10_000),
    processes=7,
    many=1000,
    files=7,
)
SHORT = Scale(is_short=True, starts=1, idle_s=12, idle_windows=1, refreshes=(5,), processes=1, many=100, files=1)
ROWS: tuple[Callable[[Stage, Row, Scale], None], ...] = (
    start,
    line,
    line_watch,
    idle,
    five_icons,
    memory,
    connections,
    threads,
    many_32,
    many_1000,
    redraw,
    new_file,
    drawing,
    recording,
    recording_memory,
    with_history,
    past_use,
    year_page,
    forecast,
)
ON_DEMAND = (rivals,)
"""Not run unless named: it installs things."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 1 when a count is not what it has to be, else 0."""
    options = _parser().parse_args(arguments)
    scale = SHORT if options.short else FULL
    chosen = [each for each in (*ROWS, *ON_DEMAND) if each.__name__ in options.only] if options.only else ROWS
    machine = kernel.machine() | {"python": _version(options.python), "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    _say(", ".join(f"{key} {value}" for key, value in machine.items()))
    rows = []
    for each in chosen:
        rows.append(_done(each, options, scale))
        _say("", *rows[-1].lines())
    if options.json:
        content = {"machine": machine, "short": scale.is_short, "rows": [each.as_json() for each in rows]}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    failed = [each.name for each in rows if each.has_failed]
    _say("", f"{len(rows) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _done(measure: Callable[[Stage, Row, Scale], None], options: argparse.Namespace, scale: Scale) -> Row:
    row, begun_s = Row(measure.__name__, judges_clock=not scale.is_short), time.monotonic()
    with stage(options.python, options.locale) as on:
        measure(on, row, scale)
    row.load = kernel.load_average()
    row.notes.append(f"took {time.monotonic() - begun_s:.0f} s")
    return row


def _version(python: Path) -> str:
    if python == Path(sys.executable):
        return platform.python_version()
    words = subprocess.run([python, "-VV"], check=True, capture_output=True, text=True)
    return words.stdout.split()[1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="What trayquota costs.")
    parser.add_argument("--short", action="store_true", help="prove that everything runs; only counts tell something")
    parser.add_argument(
        "--only", action="append", choices=[each.__name__ for each in (*ROWS, *ON_DEMAND)], help="this row (repeatable)"
    )
    parser.add_argument(
        "--python",
        type=lambda path: Path(path).absolute(),
        default=Path(sys.executable),
        help="runs what is measured; trayquota and the libraries are installed there",
    )
    parser.add_argument("--locale", default="C", help="of whoever runs what is measured, as in de_DE")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    return parser


def _say(*lines: str) -> None:
    for each in lines:
        sys.stdout.write(f"{each}\n")
    sys.stdout.flush()
