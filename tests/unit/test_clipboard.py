"""What is put on the clipboard, and by which program; Linux' are stood in for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.system import clipboard
from trayquota.system.clipboard import copy

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = "cli-proxy-api --claude-login"
X11, WAYLAND = {"DISPLAY": ":1"}, {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":1"}
linux = pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="programs as Linux has them")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but for ``cat``."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def add(programs: Path, name: str, exit_code: int = 0) -> Path:
    """A program that keeps what it is given, and says with what it was called; return where."""
    kept = programs / f"{name}.kept"
    program = programs / name
    program.write_text(f'#!/bin/sh\n{{ echo "$*"; /bin/cat; }} > "{kept}"\nexit {exit_code}\n')
    program.chmod(0o755)
    return kept


@linux
@pytest.mark.parametrize(
    ("name", "environment", "arguments"),
    [
        ("wl-copy", WAYLAND, "--type text/plain"),
        ("xclip", X11, "-selection clipboard -in"),
        ("xclip", WAYLAND, "-selection clipboard -in"),
        ("xsel", X11, "--clipboard --input"),
    ],
)
def test_the_program_that_is_there_gets_the_text(
    name: str, environment: dict[str, str], arguments: str, programs: Path
) -> None:
    kept = add(programs, name)
    assert copy(COMMAND, environment=environment)
    assert kept.read_text() == f"{arguments}\n{COMMAND}"


@linux
def test_one_that_fails_is_no_copy_but_the_next_is_tried(programs: Path) -> None:
    add(programs, "xclip", exit_code=1)
    assert not copy(COMMAND, environment=X11)
    kept = add(programs, "xsel")
    assert copy(COMMAND, environment=X11)
    assert kept.exists()


@linux
@pytest.mark.parametrize(("name", "environment"), [("wl-copy", X11), ("xclip", {}), ("", WAYLAND)])
def test_without_a_program_for_the_display_nothing_is_copied(
    name: str, environment: dict[str, str], programs: Path
) -> None:
    if name:
        add(programs, name)
    assert not copy(COMMAND, environment=environment)


@linux
def test_one_that_hangs_is_waited_for_a_moment_only(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clipboard, "_LIMIT_S", 0.05)
    program = programs / "xclip"
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    program.chmod(0o755)
    assert not copy(COMMAND, environment=X11)
