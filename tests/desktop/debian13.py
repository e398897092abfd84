"""A Debian 13 root with the desktops of today in it, for tests on a machine that has older ones, or none.

``python -m tests.desktop.debian13`` makes it, as root, or brings it up to date: about 3 GB and seven minutes, once.
It is kept outside of the checkout, in ``TRAYQUOTA_DEBIAN13`` or the cache folder. Nothing is mounted on the machine:
whatever enters has mounts of its own, which end with it. The program under test is in an environment of its own
there, on the root's Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import platformdirs
from filelock import FileLock

from .places import IS_ROOT, MissingError, Place

CHECKOUT = Path(__file__).parents[2]
ROOT = Path(os.environ.get("TRAYQUOTA_DEBIAN13") or platformdirs.user_cache_path("trayquota-debian-13"))
PACKAGES = {
    "for all": "dbus dbus-bin python3-venv fonts-dejavu-core fonts-noto-core adwaita-icon-theme",
    "Plasma": "plasma-workspace plasma-desktop kwin-x11 kwin-wayland kded6 breeze breeze-icon-theme",
    "GNOME": "gnome-shell gnome-shell-extension-appindicator gnome-settings-daemon dconf-gsettings-backend "
    "python3-dbusmock",
    "Xfce": "xfce4-panel xfconf",
    "LXQt": "lxqt-panel lxqt-themes",
    "Cinnamon": "cinnamon xapp-sn-watcher",
    "sway": "sway waybar",
    "XEmbed": "i3-wm polybar rofi suckless-tools",
}
VENV = "/opt/trayquota"
MADE = "made-of"
"""The last file written, with what the root was made of."""
HOW_TO = "python -m tests.desktop.debian13 makes it, as root (3 GB, seven minutes)"


def debian13() -> Place:
    """The root, with this checkout's program installed in it.

    Raises:
        MissingError: There is no root, or it cannot be entered.
    """
    if not IS_ROOT:
        message = "the Debian 13 root can only be entered as root"
        raise MissingError(message)
    if not _is_made():
        message = f"there is no Debian 13 root, or an old one: {HOW_TO}"
        raise MissingError(message)
    place = Place("debian-13", ROOT, f"{VENV}/bin/python")
    with FileLock(f"{ROOT}.lock"):
        _install_program(place)
    return place


def make() -> None:
    """Make the root, unless there is one of the same packages."""
    ROOT.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{ROOT}.lock"):
        if _is_made():
            return
        shutil.rmtree(ROOT, ignore_errors=True)
        _run("mmdebstrap", "--variant=minbase", "--include=ca-certificates", "trixie", ROOT)
        place = Place("debian-13", ROOT, "/usr/bin/python3")
        # Services must not be started by their packages.
        policy = ROOT / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        apt = ["env", "DEBIAN_FRONTEND=noninteractive", "LANG=C.UTF-8", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        apt += ["-o", "Acquire::Retries=3", "-o", "Dpkg::Options::=--force-unsafe-io"]
        packages = [name for names in PACKAGES.values() for name in names.split()]
        _run_in(place, *apt, "update")
        _run_in(place, *apt, "install", "--yes", "--no-install-recommends", *packages)
        _run_in(place, *apt, "clean")
        _run_in(place, place.python, "-m", "venv", VENV)
        (ROOT / MADE).write_text(_recipe())


def _is_made() -> bool:
    made = ROOT / MADE
    return made.exists() and made.read_text() == _recipe()


def _recipe() -> str:
    return json.dumps(PACKAGES, indent=1)


def _install_program(place: Place) -> None:
    """Install this checkout, unless it is what was installed last. Wheels are fetched outside, with its settings."""
    stamp = ROOT / f"{VENV.lstrip('/')}/installed"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="wheels-") as folder:
        # An environment need not have pip of its own.
        pip = [str(Path(sys.base_prefix) / "bin/python3"), "-m", "pip", "--quiet", "--quiet"]
        _run(*pip, "wheel", "--no-deps", "--wheel-dir", folder, CHECKOUT)
        [wheel] = Path(folder).glob("*.whl")
        machine = platform.machine()
        platforms = [f"--platform={kind}_{machine}" for kind in ("manylinux2014", "manylinux_2_28", "manylinux_2_34")]
        version = _run_in(place, place.python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
        only = ["--only-binary=:all:", f"--python-version={version}", *platforms]
        _run(*pip, "download", *only, "--dest", folder, wheel)
        install = [place.python, "-m", "pip", "-qq", "install", "--no-index", "--find-links", folder]
        _run_in(place, *install, "--force-reinstall", wheel)
    stamp.write_text(wanted)


def _fingerprint() -> str:
    found = hashlib.sha256()
    for part in ("pyproject.toml", "trayquota", "icons"):
        path = CHECKOUT / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc":
                found.update(str(file).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()


def _run(*argv: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in argv], check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if done.returncode:
        message = f"{argv[0]} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        raise RuntimeError(message)
    return done.stdout


def _run_in(place: Place, *argv: str | Path) -> str:
    return _run(*place.command(argv, Path("/tmp")))  # noqa: S108 - the same inside


def main() -> None:
    """Make it, and say where it is."""
    make()
    sys.stdout.write(f"{ROOT}\n")


if __name__ == "__main__":
    main()
