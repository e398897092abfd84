"""Simulated life, and the history that it leaves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.store.history import HistoryStore

from .history_kills import live_with_kills
from .history_simulation import Life, Simulation, check

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.mark.parametrize("seed", range(3))
def test_the_history_equals_what_was_simulated(tmp_path: Path, seed: int) -> None:
    simulation = Simulation(days=30, seed=seed, poll_minutes=40)
    path = tmp_path / "history.sqlite3"
    for number, poll in enumerate(simulation.polls()):
        if number % 100 == 0:
            life = Life(path)
        life.record(poll)
    check(HistoryStore(path), simulation)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows selects no pipes")
def test_kills_and_readers_cost_nothing(tmp_path: Path) -> None:
    live_with_kills(tmp_path / "history.sqlite3", days=20, seed=7, poll_minutes=60, kills=4)
