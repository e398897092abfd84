"""The installer for Windows: ``python .packaging/build_installer.py FOLDER``.

NSIS puts it around the one-folder build, which is made under Wine unless ``--of`` names one that is there.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from checkout import ROOT, run, run_python, version
from PIL import Image

SCRIPT = ROOT / ".packaging/windows/trayquota.nsi"
SIZES = (16, 24, 32, 48, 256)


def build_folder(target: Path) -> Path:
    """Make the one-folder build in ``target``, as ``tests.windows`` does; return its path."""
    run_python("-m", "tests.windows.build", target)
    return target / "trayquota"


def build_installer(build: Path, target: Path, stated: str, *, quick: bool = False) -> Path:
    """Put the installer of a one-folder build of that version into ``target``; return its path."""
    target.mkdir(parents=True, exist_ok=True)
    installer = target / f"trayquota-{stated}-setup.exe"
    with TemporaryDirectory(prefix="trayquota-") as work:
        icon = Path(work) / "trayquota.ico"
        pictures = [Image.open(ROOT / f"icons/trayquota-{size}.png") for size in SIZES]
        pictures[-1].save(icon, sizes=[(size, size) for size in SIZES], append_images=pictures[:-1])
        values = {"VERSION": stated, "BUILD": build.resolve(), "ICON": icon, "OUTPUT": installer.resolve()}
        defined = [f"-D{name}={value}" for name, value in values.items()]
        if quick:
            defined.append("-DQUICK")
        run("makensis", "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defined, SCRIPT)
    return installer


def main() -> None:
    """Build what the arguments name, and print its path."""
    parser = argparse.ArgumentParser(description="Build the installer for Windows.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--of", type=Path, metavar="BUILD", help="a one-folder build, in place of a new one")
    parser.add_argument("--version", default=version(), help="what the installer says that it installs")
    parser.add_argument("--quick", action="store_true", help="compress less: seconds in place of minutes, for tests")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="trayquota-") as work:
        build = options.of or build_folder(Path(work))
        print(build_installer(build, options.folder, options.version, quick=options.quick))


if __name__ == "__main__":
    main()
