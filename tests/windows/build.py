"""The program as one folder that needs no Python, made by PyInstaller under Wine: ``python -m tests.windows.build``."""

from __future__ import annotations

import sys
import tempfile
import zipfile
from pathlib import Path

from .needs import what_is_missing
from .screen import SIZE, virtual_screen
from .windows_python import pip
from .wine import ROOT, Wine, windows_path

SPEC = ROOT / ".packaging" / "trayquota.spec"
BUILD_S = 600.0


def build(wine: Wine, work: Path, target: Path) -> Path:
    """Make the folder ``trayquota`` in ``target``, of the wheel of this tree; return the path of the program.

    Raises:
        AssertionError: It could not be made; says what PyInstaller said.
    """
    pip("wheel", "--no-deps", "--wheel-dir", str(work), str(ROOT))
    (wheel,) = work.glob("trayquota-*.whl")
    with zipfile.ZipFile(wheel) as files:
        files.extractall(work / "installed")
    done = wine.run_python(
        *("-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", windows_path(target), "--workpath", windows_path(work / "work"), windows_path(SPEC)),
        timeout_s=BUILD_S,
        # The wheel, not the checkout that it is run in.
        environment={"PYTHONPATH": windows_path(work / "installed"), "PYTHONSAFEPATH": "1"},
    )
    program = target / "trayquota" / "trayquota.exe"
    assert done.code == 0, done.out + done.err
    assert program.exists(), done.out + done.err
    return program


def main(target: Path) -> int:
    """Build it into ``target``; return the exit code."""
    if missing := what_is_missing():
        print(missing, file=sys.stderr)
        return 1
    target.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as work,
        virtual_screen(SIZE) as display,
        Wine(Path(work) / "wine", display, SIZE) as wine,
    ):
        print(build(wine, Path(work), target.resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
