"""What bars are made of where fonts lack glyphs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from trayquota.system.fonts import bar_glyphs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are scripts here")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def write_fc_list(programs: Path, script: str) -> None:
    program = programs / "fc-list"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


@pytest.mark.parametrize(
    ("has", "glyphs"),
    [(":charset=25b0 25b1|:charset=2588 2591", "▰▱"), (":charset=2588 2591", "█░"), ("nothing", "#-")],
)
def test_bars_are_made_of_glyphs_that_a_font_has(programs: Path, has: str, glyphs: str) -> None:
    names = has.replace("|", '"|"')
    write_fc_list(programs, f'case "$1" in "{names}") echo Some Font;; esac')
    assert bar_glyphs() == glyphs


def test_without_fontconfig_the_first_choice_is_taken(programs: Path) -> None:
    assert not list(programs.iterdir())
    assert bar_glyphs() == "▰▱"


def test_a_fontconfig_that_fails_changes_nothing(programs: Path) -> None:
    write_fc_list(programs, "exit 1")
    assert bar_glyphs() == "▰▱"
