"""Many accounts at once: the whole ``status --json`` beside bare programs that ask the same."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

from trayquota.core.errors import FetchError, fetch_error
from trayquota.core.model import FailureKind
from trayquota.providers import find_provider
from trayquota.sources.folder_scan import FolderScanner

from .stage import HERE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.providers.base import Request, Response

    from .figures import Row
    from .run import Scale
    from .stage import Home, Stage

DELAY_MS = 200
GROWN = 10
"""So many times more accounts, for how the cost grows."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process, from its start to its end."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Turns:
    """Of two programs by turns: the median cost of ours, and how it compares to the other's beside it."""

    ours: Cost
    ratio: float


def many_32(stage: Stage, row: Row, scale: Scale) -> None:
    """32 accounts whose provider takes its time."""
    home = stage.home(32)
    stage.provider.stats(f"delay_ms={DELAY_MS}")
    turns = _by_turns(stage, home, row, scale.processes, "32 accounts after 200 ms")
    row.bar("wall clock, of the bare program's beside it", turns.ratio, 1.0)


def many_1000(stage: Stage, row: Row, scale: Scale) -> None:
    """As many accounts as nobody has, whose provider answers at once; a tenth of them; and none."""
    counts = (scale.many, scale.many // GROWN)
    costs = {}
    for count in counts:
        costs[count] = _by_turns(stage, stage.home(count), row, scale.processes, f"{count} accounts at once")
    nobody = stage.home(0)
    none = [_cost(stage, stage.trayquota("status", "--json"), nobody, expected=3) for _ in range(scale.processes)]
    start_ms = row.figure("trayquota, no account: CPU", "ms", [each.cpu_ms for each in none])
    turns = costs[scale.many]
    ours, fewer = turns.ours, costs[counts[1]].ours
    own = (ours.cpu_ms - start_ms) / scale.many
    row.figure("trayquota: CPU per account, the library's included", "ms", own)
    library = _sessions(stage, stage.home(scale.many), row, scale.processes)
    grown = (ours.cpu_ms - start_ms) / (fewer.cpu_ms - start_ms)
    row.bar("wall clock, of the bare program's beside it", turns.ratio, 1.0)
    row.bar("own CPU per account beside sessions of the library, ms", (ours.cpu_ms - library) / scale.many, 1.0)
    row.bar(f"CPU beyond the start's, {counts[1]} to {counts[0]} accounts, times", grown, 11)


def _by_turns(stage: Stage, home: Home, row: Row, runs: int, what: str) -> Turns:
    requests = _requests_file(stage, home)
    ours: list[Cost] = []
    bare: list[Cost] = []
    for _ in range(runs + 1):
        bare.append(_cost(stage, [stage.python, HERE / "bare.py", requests], home))
        ours.append(_cost(stage, stage.trayquota("status", "--json"), home))
    # The first of each warmed up what there is to be warmed, the remembered values among it.
    _noted(row, f"bare, {what}", bare[1:])
    ratio = median(mine.wall_ms / theirs.wall_ms for mine, theirs in zip(ours[1:], bare[1:], strict=True))
    return Turns(_noted(row, f"trayquota, {what}", ours[1:]), ratio)


def _sessions(stage: Stage, home: Home, row: Row, runs: int) -> float:
    """The CPU milliseconds of a program that asks the same through sessions of the library."""
    argv: list[str | Path] = [stage.python, HERE / "bare.py", _requests_file(stage, home), "sessions"]
    costs = [_cost(stage, argv, home) for _ in range(runs)]
    return _noted(row, f"bare with sessions, {len(home.names())} accounts at once", costs).cpu_ms


def _noted(row: Row, what: str, costs: Sequence[Cost]) -> Cost:
    row.figure(f"{what}: wall clock", "ms", [each.wall_ms for each in costs])
    row.figure(f"{what}: CPU", "ms", [each.cpu_ms for each in costs])
    return Cost(median(each.wall_ms for each in costs), median(each.cpu_ms for each in costs))


def _cost(stage: Stage, argv: Sequence[str | Path], home: Home, *, expected: int = 0) -> Cost:
    with (stage.folder / "status.out").open("wb") as out:
        begun_s = time.monotonic()
        process = subprocess.Popen([str(each) for each in argv], env=stage.env(home), stdout=out, stderr=out)
        _, status, used = os.wait4(process.pid, 0)  # type: ignore[attr-defined, unused-ignore]
        wall_ms = (time.monotonic() - begun_s) * 1000
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != expected:
        said = (stage.folder / "status.out").read_text(errors="replace")[-2000:]
        message = f"{argv[0]} ended with {process.returncode}: {said}"
        raise RuntimeError(message)
    return Cost(wall_ms, (used.ru_utime + used.ru_stime) * 1000)


def _requests_file(stage: Stage, home: Home) -> Path:
    """A file with what trayquota asks for these accounts: addresses and headers."""
    requests = []
    for each in FolderScanner(home.accounts).scan(datetime.now(UTC)).accounts:
        request = _first_request(each)
        requests.append((f"{stage.provider.gateway}/{request.url.removeprefix('https://')}", dict(request.headers)))
    path = home.path / "requests.json"
    path.write_text(json.dumps(requests))
    return path


def _first_request(credential: Credential) -> Request:
    provider = find_provider(credential.account.provider)
    send = _Recorder()
    if provider is not None:
        with contextlib.suppress(FetchError):
            provider.fetch(credential.login, send)
    return send.requests[0]


class _Recorder:
    """Keeps what a provider sends and gives no answer."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        raise fetch_error(FailureKind.NETWORK, "Nothing is sent.")

    def rarely(self, request: Request) -> None:
        """Take no notice."""
