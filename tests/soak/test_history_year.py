"""A year of simulated life with kills, two readers and a clock that is set: the history equals the truth."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from unit.history_kills import live_with_kills

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.soak
@pytest.mark.skipif(sys.platform == "win32", reason="Windows selects no pipes")
def test_a_year_of_life_with_kills_leaves_the_true_history(tmp_path: Path) -> None:
    live_with_kills(tmp_path / "history.sqlite3", days=365, seed=17, poll_minutes=20, kills=30)
