"""The packages of the last commit, built once for all tests of this folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .tools import PACKAGING, need_modules, run_python

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist."""
    need_modules("build", "twine", "check_wheel_contents")
    folder = tmp_path_factory.mktemp("wheels")
    run_python(PACKAGING / "build_wheel.py", folder)
    return folder
