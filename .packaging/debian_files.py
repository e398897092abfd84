"""What the Debian package has beside the program: where a desktop, a shell and a reader look for it."""

from __future__ import annotations

import gzip
import shutil
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from checkout import ROOT, epoch, run_python

DEBIAN = ROOT / ".packaging" / "debian"
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
MAINTAINER = "The authors of trayquota <trayquota@users.noreply.github.com>"


def install_files(tree: Path, library: Path) -> None:
    """Put the command, desktop entry, metainfo, icons, man page and completions of the program in ``library``."""
    share = tree / "usr/share"
    places = {
        "trayquota": tree / "usr/bin",
        "trayquota.desktop": share / "applications",
        "io.github.trayquota.metainfo.xml": share / "metainfo",
    }
    for name, folder in places.items():
        _copy(DEBIAN / name, folder / name)
    icons = library / "trayquota/icons"
    for size in SIZES:
        _copy(icons / f"trayquota-{size}.png", share / f"icons/hicolor/{size}x{size}/apps/trayquota.png")
    _copy(icons / "trayquota.svg", share / "icons/hicolor/scalable/apps/trayquota.svg")
    with TemporaryDirectory() as work:
        _install_command_line(share, library, Path(work))


def _install_command_line(share: Path, library: Path, work: Path) -> None:
    """Put man page and completions there, made by this Python of the program's modules alone."""
    modules = work / "modules"
    modules.mkdir()
    # Beside it in the library is what another Python's extension modules are compiled for.
    (modules / "trayquota").symlink_to(library / "trayquota")
    of_the_commit = {"PYTHONPATH": str(modules), "PYTHONDONTWRITEBYTECODE": "1"}
    page = run_python(ROOT / ".packaging/manual.py", environment=of_the_commit)
    _write_compressed(share / "man/man1/trayquota.1.gz", page)
    run_python(ROOT / ".packaging/completions.py", work, environment=of_the_commit)
    _copy(work / "trayquota.bash", share / "bash-completion/completions/trayquota")
    _copy(work / "_trayquota", share / "zsh/vendor-completions/_trayquota")
    _copy(work / "trayquota.fish", share / "fish/vendor_completions.d/trayquota.fish")


def install_documents(tree: Path, version: str) -> None:
    """Put the licences and both changelogs where Debian has them."""
    folder = tree / "usr/share/doc/trayquota"
    _copy(DEBIAN / "copyright", folder / "copyright")
    _write_compressed(folder / "changelog.gz", (ROOT / "CHANGELOG.md").read_text("utf-8"))
    made = format_datetime(datetime.fromtimestamp(epoch(), UTC))
    entry = f"trayquota ({version}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- {MAINTAINER}  {made}\n"
    _write_compressed(folder / "changelog.Debian.gz", entry)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _write_compressed(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
