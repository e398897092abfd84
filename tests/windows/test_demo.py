"""The demo on Windows, which removes no folder that has an open file in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .actor import Actor, Program
from .waiting import wait_until
from .wine import windows_path

if TYPE_CHECKING:
    from pathlib import Path

    from .wine import Wine


def test_the_demo_that_is_quit_complains_or_leaves_its_folder(wine: Wine, tmp_path: Path) -> None:
    end_demo("choose_last", wine, tmp_path)


@pytest.mark.usefixtures("complete")
def test_the_demo_whose_windows_are_closed_complains_or_leaves_its_folder(wine: Wine, tmp_path: Path) -> None:
    end_demo("quit", wine, tmp_path)


def end_demo(way: str, wine: Wine, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with Actor(wine, "http://127.0.0.1:1") as actor:
        program = Program(actor, tmp_path, "", TEMP=windows_path(temporary), TMP=windows_path(temporary))
        program.start("demo")
        wait_until(lambda: program.do("has_windows"), "icon")
        wait_until(lambda: list(temporary.glob("*/log/trayquota.log")), "log")
        program.do(way)
        code, out, err = program.end()
    assert (code, err) == (0, "")
    assert "Sixteen sample accounts" in out
    assert list(temporary.iterdir()) == []
