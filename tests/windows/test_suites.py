"""The unit and contract tests, run by CPython for Windows: those that are about it, and with ``--complete`` all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .wine import Wine

SUITE_S = 1800.0
ABOUT_WINDOWS = (
    "unit/test_windows_files.py",
    "unit/test_windows_fonts.py",
    "unit/test_windows_keyboard.py",
    "unit/test_windows_sharing.py",
    "unit/test_token_writer_races.py",
    "contract/test_windows_icon.py",
)


def test_what_is_about_windows_passes_there(wine: Wine, tmp_path: Path) -> None:
    run_pytest(wine, tmp_path, *ABOUT_WINDOWS)


@pytest.mark.parametrize("suite", ["unit", "contract"])
def test_the_whole_suite_passes_on_windows(
    wine: Wine, suite: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not request.config.getoption("--complete"):
        pytest.skip("ten minutes each: --complete runs them")
    run_pytest(wine, tmp_path, suite)


def run_pytest(wine: Wine, tmp_path: Path, *places: str) -> None:
    done = wine.run_python(
        *("-m", "pytest", *(f"tests/{place}" for place in places), "-q", "-p", "no:cacheprovider"),
        *("-o", "faulthandler_timeout=120", "-o", "faulthandler_exit_on_timeout=true"),
        timeout_s=SUITE_S,
        environment={"HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)},
    )
    assert done.code == 0, done.out[-6000:] + done.err[-2000:]
