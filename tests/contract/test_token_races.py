"""Another program writes a new login at a random moment while a pair is written into the same file: its login wins.

Two processes in real time. A few hundred races with every run, ten thousand with ``-m soak``.
"""

from __future__ import annotations

import collections
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .race_process import AFTER, BEFORE, THREADS, WAYS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FEW, MANY = 288, 10_000
SOON_S = 0.05
"""The races of a batch begin so long after it is handed out."""
SPREADS_S = (0.005, 2.0)
"""The other program writes within so long of the beginning, at least and at most: where the races meet depends on the
machine and on what else runs there."""
MET = {"written", "superseded"}
"""What comes of pairs where the other program is sometimes late and sometimes first."""
BATCHES = 40
"""So many are run at most, until the races have met."""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")


class Racer:
    def __init__(self, who: str, records: Path) -> None:
        script = str(Path(__file__).with_name("race_process.py"))
        self._process = subprocess.Popen(
            [sys.executable, script, who, str(records)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        )

    def begin(self, races: list[tuple[str, float, str]]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(races) + "\n")
        self._process.stdin.flush()

    def results(self) -> list[str]:
        assert self._process.stdout is not None
        return list(json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture
def racers(tmp_path: Path) -> Iterator[tuple[Racer, Racer]]:
    both = Racer("tokens", tmp_path / "records"), Racer("others", tmp_path / "records")
    yield both
    for racer in both:
        racer.close()


def race(
    folder: Path, racers: tuple[Racer, Racer], chance: random.Random, spread_s: float
) -> Iterator[tuple[str, str, Path]]:
    """Yield how the other program wrote, what came of the pair, and the file, for a batch of races."""
    folder.mkdir()
    ways = [chance.choice(list(WAYS)) for _ in range(THREADS)]
    paths = [folder / f"claude-{number}.json" for number in range(THREADS)]
    for path in paths:
        path.write_text(json.dumps(BEFORE))
    begin_s = time.monotonic() + SOON_S
    tokens, others = racers
    tokens.begin([(str(path), begin_s, "") for path in paths])
    others.begin(
        [(str(path), begin_s + chance.random() * spread_s, way) for path, way in zip(paths, ways, strict=True)]
    )
    others.results()
    yield from zip(ways, tokens.results(), paths, strict=True)
    left = {path.name for path in folder.iterdir()}
    assert left <= {path.name for path in paths}, "something is left beside the files"


def next_spread_s(spread_s: float, ends: Collection[str]) -> float:
    """Return a longer time where the other program always came first, a shorter one where it always came late."""
    least_s, most_s = SPREADS_S
    if "written" not in ends:
        return min(2 * spread_s, most_s)
    return spread_s if "superseded" in ends else max(spread_s / 2, least_s)


def is_lost(way: str, path: Path) -> bool:
    """Whether what the other program did is gone."""
    if way == "removed":
        return path.exists()
    return not path.exists() or json.loads(path.read_bytes()) != AFTER


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_login_written_at_the_same_moment_is_lost(
    count: int, tmp_path: Path, racers: tuple[Racer, Racer], capsys: pytest.CaptureFixture[str]
) -> None:
    chance, ends = random.Random(count), collections.Counter[str]()
    lost: list[tuple[str, str]] = []
    spread_s = 0.04
    for number in range(max(-(-count // THREADS), BATCHES)):
        if ends.total() >= count and ends.keys() >= MET:
            break
        batch = list(race(tmp_path / str(number), racers, chance, spread_s))
        results = [result.partition(":")[0] for _, result, _ in batch]
        lost += [(way, result) for way, result, path in batch if is_lost(way, path)]
        spread_s = next_spread_s(spread_s, results)
        ends.update(results)
    with capsys.disabled():
        sys.stdout.write(f"\n{ends.total()} races: {dict(ends)}, {len(lost)} lost\n")
    assert lost == []
    assert ends.keys() >= MET, "the races did not meet"
