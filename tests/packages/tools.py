"""What the tests of packages are made with: commands that have to succeed, and programs of an environment's own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
PACKAGING = ROOT / ".packaging"


def run(
    *argv: str | Path,
    codes: tuple[int, ...] = (0,),
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command that ends with one of these codes; return what it printed."""
    done = subprocess.run(
        [str(word) for word in argv],
        check=False,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert done.returncode in codes, f"{argv}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def run_python(*argv: str | Path, codes: tuple[int, ...] = (0,), environment: Mapping[str, str] | None = None) -> str:
    """Run this Python, as :func:`run` does."""
    return run(sys.executable, *argv, codes=codes, environment=environment)


def need_modules(*names: str) -> None:
    """Skip where what the extra "packaging" brings is not installed; fail where a desktop was promised."""
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if not missing:
        return
    reason = f"without {', '.join(missing)}: pip install -e '.[packaging]'"
    if os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
