"""What forecasts go by, read from the history: no more than is needed, and no oftener."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trayquota.core.model import AccountState, AccountUsage, QuotaWindow
from trayquota.core.past_use_backtest import proven_past_use
from trayquota.engine import past_uses
from trayquota.engine.past_uses import PastUses
from trayquota.store.history import HistoryStore

from .history_samples import ADA, BEA, DAY, HOUR, NOW, record, write_habits

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.history import WindowHistory
    from trayquota.core.hourly_use import LocalClock
    from trayquota.core.past_use_forecast import PastUse

AHEAD = timedelta(0)


def week(used: float, at: datetime) -> AccountUsage:
    window = QuotaWindow("Weekly", used, NOW + 7 * DAY * (1 + (at - NOW) // (7 * DAY)), 7 * 86400)
    return AccountUsage(ADA, AccountState.OK, (window,), updated_at=at)


def take_over_time_zone() -> None:
    if sys.platform != "win32":
        time.tzset()


@pytest.fixture
def store(tmp_path: Path) -> HistoryStore:
    store = HistoryStore(tmp_path / "history.sqlite3")
    write_habits(store.path, 8)
    return store


def test_a_window_that_an_account_has_no_longer_is_not_kept_in_the_memory(store: HistoryStore) -> None:
    assert list(PastUses().read(store, [week(1, NOW)], NOW, AHEAD) or ()) == [(ADA.id, "Weekly")]
    without = AccountUsage(ADA, AccountState.OK, (QuotaWindow("5-hour", 1.0),), updated_at=NOW)
    other = AccountUsage(BEA, AccountState.OK, week(1, NOW).windows, updated_at=NOW)
    for usages in ([without], [other], []):
        assert PastUses().read(store, usages, NOW, AHEAD) == {}


def test_the_samples_are_read_again_only_when_another_cycle_has_ended(
    store: HistoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[datetime] = []

    def counted(window: WindowHistory, now: datetime, clock: LocalClock) -> PastUse | None:
        tried.append(now)
        return proven_past_use(window, now, clock)

    monkeypatch.setattr(past_uses, "proven_past_use", counted)
    reader, found = PastUses(), []
    for at in (NOW, NOW + HOUR, NOW + 3 * DAY, NOW + 8 * DAY, NOW + 9 * DAY):
        usage = week(10 + (at - NOW) / DAY, at)
        record(store, usage, at=at)
        found.append(reader.read(store, [usage], at, AHEAD) or {})
    assert tried == [NOW, NOW + 8 * DAY]
    assert found[0] == found[2]
    assert found[0].keys() == found[3].keys() == found[4].keys()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no time zone for each process")
def test_in_another_time_zone_all_is_tried_anew(store: HistoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, hours = PastUses(), []
    for number, zone in enumerate(("UTC0", "EAST-9")):
        at = NOW + number * HOUR
        with monkeypatch.context() as patch:
            patch.setenv("TZ", zone)
            take_over_time_zone()
            past = (reader.read(store, [week(1, at)], at, AHEAD) or {})[ADA.id, "Weekly"]
            # By its own clock, on which hours of the week are counted.
            hours.append((past.hours(NOW.timestamp()) + past.begin_hour) % 24)
        take_over_time_zone()
    assert hours == [12, 21]
