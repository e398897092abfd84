"""Noticing that the settings file is another one, by watching and by looking."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from trayquota.settings.file_watch import SettingsFileWatch
from trayquota.system.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 10.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text("low_percent = 20\n")
    return path


@pytest.fixture
def calls() -> threading.Event:
    return threading.Event()


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.stop()


@pytest.fixture
def file(path: Path, calls: threading.Event, watcher: Watcher) -> SettingsFileWatch:
    return SettingsFileWatch(path, calls.set, watcher)


def test_each_change_of_the_file_is_noticed_once(file: SettingsFileWatch, path: Path) -> None:
    assert not file.has_changed()
    for change in (
        lambda: path.write_text("low_percent = 5\n"),
        lambda: path.rename(path.with_name("away")),
        lambda: path.with_name("away").replace(path),
        path.unlink,
        lambda: path.write_text(""),
    ):
        change()
        assert file.has_changed()
        assert not file.has_changed()


def test_a_change_before_the_file_is_watched_is_noticed(file: SettingsFileWatch, path: Path) -> None:
    path.write_text("# longer than before\nlow_percent = 5\n")
    file.ensure()
    assert file.has_changed()


@pytest.mark.skipif(sys.platform == "win32", reason="links as POSIX has them")
def test_a_link_that_leads_elsewhere_is_watched_there(
    tmp_path: Path, file: SettingsFileWatch, watcher: Watcher, path: Path, calls: threading.Event
) -> None:
    path.unlink()
    for name in ("one", "two"):
        real = tmp_path / name / "quota.toml"
        real.parent.mkdir()
        real.write_text("")
        path.unlink(missing_ok=True)
        path.symlink_to(real)
        file.ensure()
        assert file.has_changed()
        calls.clear()
        real.write_text("low_percent = 5\n")
        assert calls.wait(PATIENCE_S)
    assert len([each for each in threading.enumerate() if each.name == "watch"]) == 1
    watcher.stop()
    assert "watch" not in {each.name for each in threading.enumerate()}
