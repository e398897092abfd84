"""What doctor says of files and folders that endanger logins."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from trayquota.tokens.login_warnings import access_warnings, clock_warning, login_warnings

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes and owners of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "auth"
    folder.mkdir(mode=0o700)
    return folder


def add(folder: Path, name: str, token: str = "") -> Path:
    path = folder / name
    path.write_text(json.dumps({"type": "claude", "refresh_token": token or name}))
    path.chmod(0o600)
    return path


def warning_of(*folders: Path) -> str:
    (warning,) = login_warnings(folders)
    return warning


def test_a_folder_that_is_well_is_complained_about(folder: Path) -> None:
    add(folder, "a.json")
    (folder / "notes.txt").write_text("")
    (folder / "notes.txt").chmod(0o666)
    assert list(login_warnings([folder, folder])) == []
    assert list(login_warnings([folder / "gone"])) == []


def test_one_login_in_several_files_is_not_found(folder: Path, tmp_path: Path) -> None:
    add(folder, "a.json", "same")
    add(folder, "b.json")
    other = tmp_path / "backup"
    other.mkdir(mode=0o700)
    add(other, "a.JSON", "same")
    assert warning_of(folder, other).startswith("credential file 1 and credential file 3 hold the same login")


def test_a_file_with_several_names_is_not_found(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").hardlink_to(add(folder, "a.json"))
    assert warning_of(folder).startswith("credential file 1 has 2 names")


@pytest.mark.parametrize(
    ("mode", "words"), [(0o640, "readable"), (0o604, "readable"), (0o602, "writable"), (0o666, "writable")]
)
@pytest.mark.parametrize("name", ["a.json", "A.JSON"])
def test_a_file_that_others_can_use_is_not_found(folder: Path, name: str, mode: int, words: str) -> None:
    path = add(folder, name)
    path.chmod(mode)
    if mode == 0o640:
        try:
            if sys.platform != "win32":
                os.chown(path, -1, 12345)
        except PermissionError:
            pytest.skip("may not give files away here")
    assert warning_of(folder) == f"credential file 1: mode {mode:04o}, {words} by others; chmod 600 closes it"


def test_a_folder_that_others_can_enter_is_not_found(folder: Path) -> None:
    folder.chmod(0o701)
    assert "mode 0701: other people" in warning_of(folder)


@pytest.mark.parametrize(("mode", "is_found"), [(0o777, True), (0o1777, False), (0o755, False)])
def test_a_folder_above_that_others_can_write_is_not_found(
    folder: Path, tmp_path: Path, mode: int, *, is_found: bool
) -> None:
    tmp_path.chmod(mode)
    found = [warning for warning in login_warnings([folder]) if "a folder above the credentials folder" in warning]
    assert bool(found) is is_found


def test_a_file_of_another_user_is_not_found(folder: Path) -> None:
    try:
        if sys.platform != "win32":
            os.chown(add(folder, "a.json"), 12345, -1)
    except PermissionError:
        pytest.skip("may not give files away here")
    assert "credential file 1 belongs to another user" in warning_of(folder)


def test_a_folder_that_takes_no_new_login_is_not_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.W_OK)
    assert "not refreshed here, your proxy has to do that" in warning_of(folder)


def test_a_setting_that_others_can_change_is_not_found(tmp_path: Path) -> None:
    config, entry = tmp_path / "config.toml", tmp_path / "trayquota.desktop"
    config.write_text("")
    config.chmod(0o644)
    entry.write_text("")
    entry.chmod(0o644)
    assert list(access_warnings([("config", config), ("gone", tmp_path / "gone")])) == [
        "config: mode 0644, readable by others; chmod 600 closes it"
    ]
    assert list(access_warnings([("entry", entry)], is_secret=False)) == []
    entry.chmod(0o646)
    assert list(access_warnings([("entry", entry)], is_secret=False)) == [
        "entry: mode 0646, writable by others; chmod 600 closes it"
    ]


@pytest.mark.parametrize(
    ("hours", "words"), [(-6, "6h ahead of the providers'"), (6, "6h behind the providers'"), (0, None)]
)
def test_a_clock_that_is_off_is_not_found(hours: int, words: str | None) -> None:
    warning = clock_warning(timedelta(hours=hours))
    assert (warning is None) if words is None else (warning is not None and words in warning)
