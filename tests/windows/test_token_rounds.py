"""Rounds of login safety on Windows: a file held open, a program killed, its console closed, its session ended, a login
replaced meanwhile, several processes. A few with every run, five hundred with ``-m soak``.
"""

from __future__ import annotations

import collections
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from .actor import Actor
from .rounds import Provider, Round, plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .rounds import Plan
    from .wine import Wine

FEW, MANY = 4, 500
AT_ONCE = 6


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as provider:
        yield provider


@pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.soak)])
def test_a_login_is_lost_on_windows(
    count: int, wine: Wine, provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed, step = random.SystemRandom().randrange(10**6), MANY // count
    plans = [plan(number, f"round-{number}", random.Random(f"{seed}/{number}")) for number in range(0, MANY, step)]
    with Actor(wine, provider.url) as one, Actor(wine, provider.url) as two:

        def run(each: Plan, helpers: ThreadPoolExecutor) -> list[str]:
            return Round(each, tmp_path / each.name, provider, (one, two)).run(helpers)

        with ThreadPoolExecutor(AT_ONCE) as helpers, ThreadPoolExecutor(AT_ONCE) as pool:
            problems = list(pool.map(lambda each: run(each, helpers), plans))
    ends = collections.Counter(f"{each.program} {each.end}" for each in plans)
    with capsys.disabled():
        sys.stdout.write(
            f"\nseed {seed}: {len(plans)} rounds, {sum(provider.newest.values())} refreshes, {provider.sent_again} "
            f"spent tokens sent again, {dict(ends)}, {sum(map(bool, problems))} with a problem\n"
        )
    assert [pair for pair in zip(plans, problems, strict=True) if pair[1]] == []
    assert sum(provider.newest.values()) >= len(plans)
