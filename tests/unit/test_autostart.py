"""Starting with the session: what is written is read back as each platform reads it."""

from __future__ import annotations

import plistlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from insides import windows_arguments

from trayquota.core.errors import AutostartError
from trayquota.system import autostart as module
from trayquota.system.autostart import (
    Autostart,
    DesktopEntry,
    LaunchAgent,
    RunKey,
    autostart,
    start_command,
)
from trayquota.system.home import xdg_folder

from .autostart_programs import program
from .platforms import posix_names

if TYPE_CHECKING:
    from collections.abc import Callable


# What is started.


def test_the_command_is_the_script_beside_this_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert start_command() == [str(tmp_path / "python"), "-m", "trayquota"]
    script = program(tmp_path)
    assert start_command() == [script]


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_the_command_of_a_build_without_python_is_the_program_itself(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = program(tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert start_command(["--dir", "there"]) == [executable, "--dir", "there"]


def test_on_windows_the_command_leaves_no_console_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python.exe"))
    assert start_command() == [str(tmp_path / "python.exe"), "-m", "trayquota"]
    (tmp_path / "pythonw.exe").touch()
    assert start_command() == [str(tmp_path / "pythonw.exe"), "-m", "trayquota"]


@pytest.mark.parametrize(
    ("platform", "way"),
    [("linux", DesktopEntry), ("freebsd14", DesktopEntry), ("darwin", LaunchAgent), ("win32", RunKey)],
)
def test_each_platform_starts_it_by_its_own_means(
    platform: str, way: type[Autostart], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert isinstance(autostart(), way)


def test_the_entry_is_where_the_session_looks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert autostart().status().place == str(tmp_path / "autostart" / "trayquota.desktop")


@pytest.mark.parametrize("stated", [None, "", "relative/folder"])
def test_without_an_absolute_xdg_folder_the_usual_one_is_used(stated: str | None) -> None:
    assert (
        xdg_folder("XDG_CONFIG_HOME", {} if stated is None else {"XDG_CONFIG_HOME": stated}) == Path.home() / ".config"
    )


# Where nothing can be written. A file in a folder's place stops root as well.


def entry(folder: Path) -> Autostart:
    return DesktopEntry(folder, ["x"])


def agent(folder: Path) -> Autostart:
    return LaunchAgent(folder / "autostart", ["x"])


@pytest.mark.parametrize("make", [entry, agent])
def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path, make: Callable[[Path], Autostart]) -> None:
    (tmp_path / "autostart").write_text("in the way")
    with pytest.raises(AutostartError, match=r"cannot be written"):
        make(tmp_path).switch_on()
    make(tmp_path).switch_off()


@pytest.mark.parametrize("make", [entry, agent])
def test_a_failed_write_leaves_no_temporary_file(tmp_path: Path, make: Callable[[Path], Autostart]) -> None:
    place = Path(make(tmp_path).status().place)
    place.mkdir(parents=True)
    with pytest.raises(AutostartError, match=r"cannot be written"):
        make(tmp_path).switch_on()
    with pytest.raises(AutostartError, match=r"cannot be removed"):
        make(tmp_path).switch_off()
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("way", [DesktopEntry, LaunchAgent])
def test_a_path_that_the_entry_cannot_hold_is_an_error_in_words(
    tmp_path: Path, way: type[DesktopEntry | LaunchAgent]
) -> None:
    with pytest.raises(AutostartError, match=r"characters"):
        way(tmp_path, ["/not/utf-8/\udcff"]).switch_on()
    assert list(tmp_path.iterdir()) == []


# LaunchAgents.


@posix_names
def test_a_launch_agent_is_read_as_it_was_written(tmp_path: Path) -> None:
    words = [program(tmp_path / "bin & <tools>"), "--dir", "ünï code"]
    way = LaunchAgent(tmp_path / "LaunchAgents", words)
    assert not way.status().is_on
    way.switch_off()
    way.switch_on()
    assert way.status() == module.Status(is_on=True, place=way.status().place)
    content = plistlib.loads(Path(way.status().place).read_bytes())
    assert content["ProgramArguments"] == words
    assert content["RunAtLoad"] is True
    assert f"{content['Label']}.plist" == Path(way.status().place).name
    way.switch_off()
    assert not way.status().is_on


def test_a_launch_agent_of_a_moved_environment_is_reported(tmp_path: Path) -> None:
    LaunchAgent(tmp_path, [str(tmp_path / "gone" / "trayquota")]).switch_on()
    status = LaunchAgent(tmp_path, [program(tmp_path)]).status()
    assert status.is_on
    assert "gone" in (status.problem or "")


@pytest.mark.parametrize(
    ("content", "is_on", "problem"),
    [
        (b"", False, "cannot be read"),
        (b"nonsense", False, "cannot be read"),
        (b"<?xml version='1.0'?><plist><dict>", False, "cannot be read"),
        (b"<?xml version='1.0'?><plist><date>x</date></plist>", False, "cannot be read"),
        (b"bplist00\xff\xff", False, "cannot be read"),
        (plistlib.dumps(["a list"]), False, ""),
        (plistlib.dumps({"Disabled": True, "ProgramArguments": ["x"]}), False, ""),
        (plistlib.dumps({}), True, "names no program"),
        (plistlib.dumps({"ProgramArguments": "x"}), True, "names no program"),
    ],
)
def test_a_launch_agent_that_somebody_else_wrote_is_understood(
    tmp_path: Path, content: bytes, problem: str, *, is_on: bool
) -> None:
    (tmp_path / "io.github.trayquota.plist").write_bytes(content)
    status = LaunchAgent(tmp_path, ["x"]).status()
    assert status.is_on is is_on
    assert problem in (status.problem or "")


# The Run key, without a registry.


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    values: dict[str, str] = {}

    def put(_way: RunKey, value: str | None) -> None:
        values.pop("trayquota", None)
        if value is not None:
            values["trayquota"] = value

    monkeypatch.setattr(RunKey, "_read", lambda _way: values.get("trayquota"))
    monkeypatch.setattr(RunKey, "_set", put)
    return values


@posix_names
@pytest.mark.parametrize("folder", ["plain", "Program Files", "Ünï & (x86) 100%", "back\\slash"])
def test_a_run_value_is_read_as_it_was_written(tmp_path: Path, registry: dict[str, str], folder: str) -> None:
    words = [program(tmp_path / folder), "-m", "trayquota"]
    way = RunKey(words)
    way.switch_off()
    assert not way.status().is_on
    way.switch_on()
    status = way.status()
    assert (status.is_on, status.problem) == (True, None)
    assert "HKEY_CURRENT_USER" in status.place
    assert registry["trayquota"].startswith('"') is (" " in folder)
    assert windows_arguments(registry["trayquota"]) == words
    way.switch_off()
    assert registry == {}


def test_a_run_value_of_a_moved_environment_is_reported(tmp_path: Path, registry: dict[str, str]) -> None:
    old, new = program(tmp_path / "old env"), program(tmp_path / "new env")
    RunKey([old]).switch_on()
    assert "another installation" in (RunKey([new]).status().problem or "")
    shutil.rmtree(tmp_path / "old env")
    assert "gone" in (RunKey([new]).status().problem or "")
    registry["trayquota"] = ""
    assert "names no program" in (RunKey([new]).status().problem or "")


@pytest.mark.skipif(sys.platform == "win32", reason="would write the registry")
def test_without_a_registry_the_run_key_is_off() -> None:
    way = RunKey(["x"])
    way.switch_on()
    assert not way.status().is_on
    way.switch_off()
