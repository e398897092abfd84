"""The sink that records the history: when it writes, and that it never stands in the way."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from trayquota.core.history import EarlyReset
from trayquota.core.model import Account, AccountState, AccountUsage, QuotaWindow, Snapshot
from trayquota.engine.history_recorder import HistoryRecorder
from trayquota.store.history import HistoryStore

from .history_samples import write_habits

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 9, 22, 12, tzinfo=UTC)
ADA = Account("claude-ada@example.com.json", "claude", "ada@example.com")
pytestmark = pytest.mark.usefixtures("no_thread_is_left")
PATIENCE_S = 20.0


class Rig:
    """A recorder and what it has written."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.early: list[EarlyReset] = []
        self.recorder = HistoryRecorder(folder / "history.sqlite3", lambda: self.now, lambda: timedelta(0), is_on=True)
        self.recorder.on_early_resets = self.early.extend
        self.recorder.start()
        self.store = HistoryStore(folder / "history.sqlite3")

    def publish(self, used: float, *, resets_in: timedelta = timedelta(days=2), refreshing: bool = False) -> None:
        window = QuotaWindow("Weekly", used, NOW + resets_in)
        self.recorder(Snapshot((AccountUsage(ADA, AccountState.OK, (window,), updated_at=self.now),), refreshing))

    @property
    def used(self) -> list[float]:
        self.recorder.wait_idle(PATIENCE_S)
        histories = self.store.read([ADA], None, self.now)
        return [sample.used_percent for history in histories for sample in history.windows[0].samples]

    @property
    def writes(self) -> bool:
        """Whether a thread writes something."""
        return self.recorder._thread is not None or bool(self.recorder._waiting)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_change_is_written(rig: Rig) -> None:
    for used in (10, 20):
        rig.publish(used)
        rig.recorder.wait_idle(PATIENCE_S)
        rig.now += timedelta(minutes=5)
    assert rig.used == [10, 20]


def test_nothing_starts_for_a_refresh_without_a_change_or_with_a_reset_that_jitters(rig: Rig) -> None:
    rig.publish(10)
    rig.recorder.wait_idle(PATIENCE_S)
    for seconds in (0, 1, -100):
        rig.now += timedelta(minutes=5)
        rig.publish(10, resets_in=timedelta(days=2, seconds=seconds))
        assert not rig.writes
    rig.now += timedelta(days=1)
    rig.publish(10)
    assert rig.used == [10, 10]


def test_nothing_is_written_in_the_middle_of_a_refresh(rig: Rig) -> None:
    rig.publish(10, refreshing=True)
    assert not rig.writes


def test_nothing_is_written_when_it_is_switched_off(rig: Rig) -> None:
    rig.recorder.is_on = False
    rig.publish(10)
    assert rig.used == []
    rig.recorder.is_on = True
    rig.publish(10)
    assert rig.used == [10]


def test_nothing_is_written_before_the_first_picture(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.recorder = HistoryRecorder(rig.store.path, lambda: NOW, lambda: timedelta(0))
    rig.recorder.is_on = True
    rig.publish(10)
    assert rig.used == []


def test_what_could_not_be_written_is_written_with_the_next_refresh(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(HistoryStore, "record", lambda *_: None)
        rig.publish(10)
        rig.recorder.wait_idle(PATIENCE_S)
    rig.publish(10)
    assert rig.used == [10]


def test_an_accident_is_logged_and_harms_no_later_refresh(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError

    with monkeypatch.context() as patch:
        patch.setattr(HistoryStore, "record", fail)
        rig.publish(10)
        rig.recorder.wait_idle(PATIENCE_S)
    assert "recording the history failed: ValueError" in caplog.text
    rig.publish(10)
    assert rig.used == [10]


def test_without_a_thread_to_be_had_it_is_written_with_the_next_refresh(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_thread: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread.start", fail)
        rig.publish(10)
    rig.publish(10)
    assert rig.used == [10]


def test_a_python_without_sqlite_is_said_once_and_costs_nothing_else(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "trayquota.store.history", None)
        for used in (10, 20):
            rig.publish(used)
            rig.recorder.wait_idle(PATIENCE_S)
    assert caplog.messages == ["The history is not recorded: this Python has no SQLite."]
    assert rig.used == []


def test_values_of_an_earlier_run_that_it_did_not_live_to_record_are_recorded(rig: Rig) -> None:
    window = QuotaWindow("Weekly", 10.0, NOW + timedelta(days=2))
    usage = AccountUsage(ADA, AccountState.STALE, (window,), updated_at=NOW - timedelta(hours=3))
    rig.recorder(Snapshot((usage,)))
    rig.recorder.wait_idle(PATIENCE_S)
    rig.recorder(Snapshot((replace(usage, state=AccountState.OK, updated_at=NOW),)))
    assert rig.used == [10]


def test_times_are_the_providers_where_the_clock_is_wrong(rig: Rig) -> None:
    rig.recorder._clock_offset = lambda: timedelta(hours=5)
    rig.publish(10)
    rig.recorder.wait_idle(PATIENCE_S)
    (history,) = rig.store.read([ADA], None, NOW)
    assert history.windows[0].samples[0].at == NOW + timedelta(hours=5)


def test_an_early_reset_is_reported_once(rig: Rig) -> None:
    for used in (60, 2, 3):
        rig.publish(used)
        rig.recorder.wait_idle(PATIENCE_S)
        rig.now += timedelta(minutes=5)
    assert rig.early == [EarlyReset(ADA.id, "Weekly", 60)]


def test_sparklines_are_drawn_of_what_is_recorded_where_they_are_wanted(rig: Rig) -> None:
    rig.now -= timedelta(days=2)
    for used in (0, 50, 90):
        rig.publish(used)
        rig.recorder.wait_idle(PATIENCE_S)
        assert rig.recorder.sparklines == {}
        rig.now += timedelta(hours=21)
    rig.recorder.draws_sparklines = True
    rig.publish(100)
    rig.recorder.wait_idle(PATIENCE_S)
    assert rig.recorder.sparklines == {(ADA.id, "Weekly"): "█▅▁"}


def test_what_the_applet_imports_at_its_start_has_no_database() -> None:
    code = "import sys, trayquota.app, trayquota.services; print('sqlite3' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_a_window_with_a_habit_is_forecast_from_the_persons_own_use(rig: Rig) -> None:
    write_habits(rig.store.path, 8, ADA)
    assert rig.recorder.past_use == {}
    rig.publish(0, resets_in=timedelta(days=7))
    rig.recorder.wait_idle(PATIENCE_S)
    past = rig.recorder.past_use[ADA.id, "Weekly"]
    window = QuotaWindow("Weekly", 80.0, NOW + timedelta(days=7), 7 * 86400)
    forecast = past.forecast(window, NOW + timedelta(days=2))
    assert forecast is not None
    assert forecast.runs_out_at is None


def test_what_forecasts_go_by_is_read_once_an_hour(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    read_at: list[datetime] = []

    def visit(_store: HistoryStore, _accounts: object, _visit: object) -> None:
        read_at.append(rig.now)

    monkeypatch.setattr(HistoryStore, "visit_windows", visit)
    for minutes in range(0, 150, 10):
        rig.now = NOW + timedelta(minutes=minutes)
        rig.publish(minutes / 10)
        rig.recorder.wait_idle(PATIENCE_S)
    assert read_at == [NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=2)]
