"""Opening folders, files and pages in the person's own programs."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from trayquota.system import open as opening
from trayquota.system.open import open_file, open_folder, open_page

if TYPE_CHECKING:
    from pathlib import Path

posix = pytest.mark.skipif(sys.platform == "win32", reason="programs as POSIX has them")
PATIENCE_S = 10.0
pytestmark = pytest.mark.usefixtures("no_thread_is_left")


@pytest.fixture
def targets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened."""
    found: list[str] = []
    monkeypatch.setattr(opening, "_open", lambda target, _wait_s: found.append(target))
    return found


def test_a_folder_is_opened(tmp_path: Path, targets: list[str]) -> None:
    open_folder(tmp_path)
    assert targets == [str(tmp_path)]


def test_a_folder_that_is_not_there_yet_opens_its_nearest_parent(tmp_path: Path, targets: list[str]) -> None:
    open_folder(tmp_path / "a" / "b")
    assert targets == [str(tmp_path)]


def test_a_folder_without_permission_raises_nothing(
    tmp_path: Path, targets: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = tmp_path / "locked"
    real = os.stat

    def stat(path: Any, *args: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(str(locked)):
            raise PermissionError
        return real(path, *args, **more)

    monkeypatch.setattr(os, "stat", stat)
    open_folder(locked / "accounts")
    assert targets == [str(tmp_path)]


def test_a_file_is_opened(tmp_path: Path, targets: list[str]) -> None:
    open_file(tmp_path / "config.toml")
    assert targets == [str(tmp_path / "config.toml")]


@pytest.mark.parametrize("address", ["https://claude.ai/settings/usage", "https://x"])
def test_a_page_is_opened(address: str, targets: list[str]) -> None:
    open_page(address)
    assert targets == [address]


@pytest.mark.parametrize(
    "address", ["", "http://example.com", "file:///etc/passwd", "javascript:alert(1)", "--help", " https://x", "HTTPS:"]
)
def test_only_https_addresses_are_opened_as_pages(address: str, targets: list[str]) -> None:
    open_page(address)
    assert targets == []


@posix
@pytest.mark.parametrize(("platform", "program"), [("linux", "xdg-open"), ("darwin", "open")])
def test_the_platform_s_own_program_is_started_without_a_shell(
    platform: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a folder; rm -rf $HOME"
    folder.mkdir()
    arguments = tmp_path / "arguments"
    script = tmp_path / program
    script.write_text(f'#!/bin/sh\nprintf "%s|%s" "$#" "$1" > {arguments}\n')
    script.chmod(0o755)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    open_folder(folder)
    for each in threading.enumerate():
        if each.name == "opened":
            each.join(PATIENCE_S)
    assert arguments.read_text() == f"1|{folder}"


@posix
@pytest.mark.parametrize(("code", "is_opened"), [(0, True), (3, False), (4, False)])
def test_a_system_that_finds_no_program_has_opened_nothing(
    code: int, is_opened: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "xdg-open"
    script.write_text(f"#!/bin/sh\nexit {code}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert open_page("https://example.com", PATIENCE_S) is is_opened


@posix
def test_a_program_that_stays_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end = tmp_path / "end"
    script = tmp_path / "xdg-open"
    script.write_text(f"#!/bin/sh\nuntil [ -e {end} ]; do sleep 0.01; done\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert open_page("https://example.com", 0.01)
    end.touch()


@posix
def test_a_missing_program_is_logged_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("PATH", str(tmp_path))
    with caplog.at_level(logging.WARNING, "trayquota"):
        open_folder(tmp_path)
    assert "nothing could be opened: No such file or directory" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_on_windows_startfile_opens_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "startfile", found.append, raising=False)
    open_folder(tmp_path)
    open_page("https://example.com")
    assert found == [str(tmp_path), "https://example.com"]


def test_what_windows_refuses_to_open_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_target: str) -> None:
        raise OSError(1, "no program for it")

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "startfile", refuse, raising=False)
    with caplog.at_level(logging.WARNING, "trayquota"):
        open_folder(tmp_path)
    assert "no program for it" in caplog.text
