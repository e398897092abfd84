"""Processes that record simulated life and are killed, beside others that read."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.store.history import HistoryStore

from .history_simulation import Simulation, check

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 60.0


def live_with_kills(path: Path, *, days: int, seed: int, poll_minutes: int, kills: int) -> None:
    """Have simulated life recorded by processes that are killed at random points; fail where it is not the truth."""
    simulation, chance = Simulation(days, seed, poll_minutes), random.Random(seed)
    polls = sum(1 for _ in simulation.polls())
    ends = sorted(chance.sample(range(polls), kills))
    done = -1
    with (
        _process("read", path, stdin=subprocess.PIPE) as reader,
        _process("read", path, stdin=subprocess.PIPE) as other,
    ):
        for end in (*ends, None):
            with _process("live", path, days, seed, poll_minutes, done + 1, stdout=subprocess.PIPE) as process:
                done = _last_number(process, end, chance) if done < polls - 1 else done
        for process in (reader, other):
            process.communicate(timeout=_PATIENCE_S)
            assert process.returncode == 0
    check(HistoryStore(path), simulation)


@contextlib.contextmanager
def _process(*arguments: object, **pipes: int) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    argv = [sys.executable, "-m", "unit.history_simulation", *map(str, arguments)]
    with subprocess.Popen(argv, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def _last_number(process: subprocess.Popen[str], end: int | None, chance: random.Random) -> int:
    """Return the number of the last poll that was recorded for certain before the process is killed, or ends."""
    assert process.stdout is not None
    number = -1
    for line in process.stdout:
        number = int(line)
        if end is not None and number >= end:
            # In the middle of what it does with the next one.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.random() / 100)
            process.kill()
            end = None
    return number
