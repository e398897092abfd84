"""A home folder that is not known."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from platformdirs import PlatformDirs

from trayquota.core.errors import ConfigError
from trayquota.settings.load import load_config
from trayquota.settings.paths import own_paths
from trayquota.system.autostart import DesktopEntry
from trayquota.system.home import home_folder, xdg_folder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is another variable there")
HOMES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")


@pytest.fixture(params=["missing", "empty", "relative"])
def _no_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HOMES:
        monkeypatch.delenv(name, raising=False)
    import pwd

    def unknown(_user: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    if request.param == "missing":
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", "" if request.param == "empty" else "nowhere")


@pytest.mark.usefixtures("_no_home")
def test_it_is_said_in_a_sentence_that_names_the_variable() -> None:
    for use in (home_folder, lambda: load_config(environment={}), lambda: xdg_folder("XDG_STATE_HOME", {})):
        with pytest.raises(ConfigError, match="Set HOME"):
            use()


@pytest.mark.usefixtures("_no_home")
def test_it_is_not_needed_where_all_folders_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in HOMES:
        monkeypatch.setenv(name, str(tmp_path))
    config = load_config(folder=str(tmp_path), environment={})
    assert config.paths.state_dir.is_relative_to(tmp_path)
    assert not DesktopEntry(xdg_folder("XDG_CONFIG_HOME"), ["trayquota"]).status().is_on


def test_a_known_one_is_the_environment_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home_folder() == tmp_path
    monkeypatch.setenv("HOME", "")
    assert home_folder().is_absolute()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they are platformdirs' own")
@pytest.mark.parametrize("named", [False, True])
def test_the_program_s_folders_are_those_of_platformdirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, named: bool
) -> None:
    for name in HOMES:
        monkeypatch.setenv(name, str(tmp_path / name) if named else "")
    monkeypatch.setenv("HOME", str(tmp_path))
    dirs, paths = PlatformDirs("trayquota", appauthor=False), own_paths(None, {})
    assert paths.config == dirs.user_config_path / "config.toml"
    assert (paths.state_dir, paths.data_dir, paths.log_dir) == (
        dirs.user_state_path,
        dirs.user_data_path,
        dirs.user_log_path,
    )
