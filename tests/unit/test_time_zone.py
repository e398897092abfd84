"""A time zone that changes while the program runs."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from trayquota.app import App
from trayquota.settings.load import load_config
from trayquota.system.clock import avoid_impossible_time_zone, reload_time_zone
from trayquota.tray.backend_choice import BackendChoice

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs keep the one that they started with")
NOON = datetime(2026, 9, 22, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "UTC0")
        reload_time_zone()
        yield
    reload_time_zone()


def hour() -> int:
    return NOON.astimezone().hour


def test_a_new_time_zone_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hour() == 12
    monkeypatch.setenv("TZ", "JST-9")
    reload_time_zone()
    assert (hour(), time.timezone) == (21, -9 * 3600)


@pytest.mark.parametrize(
    ("zone", "expected"), [("UTC+24", 12), ("XXX-167", 12), ("XXX+23:59", 12), ("XXX-23", 11), ("JST-9", 21)]
)
def test_a_zone_in_which_python_cannot_reckon_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, zone: str, expected: int
) -> None:
    monkeypatch.setenv("TZ", zone)
    reload_time_zone()
    avoid_impossible_time_zone()
    assert hour() == expected


def test_the_tray_shows_times_in_a_new_time_zone_with_the_next_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    config = load_config(folder=str(tmp_path), environment={})
    app = App(config, BackendChoice("none", "asked for"), reload=lambda: config)
    hours: list[int] = []
    monkeypatch.setattr(app, "_check_settings_file", lambda: None)
    monkeypatch.setattr(app, "_show", lambda _snapshot: hours.append(hour()))
    monkeypatch.setenv("TZ", "JST-9")
    app.tick()
    assert hours == [21]
