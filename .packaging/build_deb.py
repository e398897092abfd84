"""The Debian package of the last commit: ``python .packaging/build_deb.py FOLDER``; for Debian 13 on amd64.

Debian's own packages are used where they are new enough and need no GTK, so that its security updates reach the
program; ``bundled.txt`` has the others, which are compiled for Debian 13's Python.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

from build_wheel import build_wheel
from checkout import ROOT, run, run_python
from debian_files import DEBIAN, MAINTAINER, install_documents, install_files
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

BUNDLED = ROOT / ".packaging" / "bundled.txt"
LIBRARY = "usr/lib/trayquota"
ARCHITECTURE = "amd64"
PYTHON = ("3.13", "3.14")
"""What the bundled wheels are compiled for, and the first that they are not for."""
PLATFORMS = ("manylinux_2_28_x86_64", "manylinux2014_x86_64", "any")
DEBIAN_NAMES = {"pillow": "python3-pil"}
"""Debian's names that are not ``python3-`` and the project's."""
OF_BUNDLED = ("libc6 (>= 2.28)", "python3-six", "python3-xlib")
"""What the bundled wheels need: pystray the last two."""
OF_EXTRAS = {"socks": "python3-socks"}


def build_deb(wheel: Path, target: Path) -> Path:
    """Build the package of the program in ``wheel`` into ``target``; return its path."""
    with TemporaryDirectory(prefix="trayquota-") as work:
        tree = Path(work) / "tree"
        version = f"{wheel.name.split('-')[1]}-1"
        install_modules(wheel, tree / LIBRARY)
        install_files(tree, tree / LIBRARY)
        install_documents(tree, version)
        install_control(tree, version)
        _set_modes(tree)
        package = target / f"trayquota_{version}_{ARCHITECTURE}.deb"
        run("dpkg-deb", "--build", "--root-owner-group", "-Zxz", tree, package)
    return package


def bundled() -> dict[str, str]:
    """Return the version of each library that the package brings along, by name."""
    pins = re.findall(r"^([\w-]+)==(\S+)", BUNDLED.read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in pins}


def depends() -> list[str]:
    """Return the Debian packages that the program needs, with the versions that its metadata asks for.

    Raises:
        SystemExit: What is bundled is older than that.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    found = [f"python3 (>= {PYTHON[0]})", f"python3 (<< {PYTHON[1]})"]
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.marker and not requirement.marker.evaluate({"sys_platform": "linux"}):
            continue
        name = canonicalize_name(requirement.name)
        if name not in bundled():
            [bound] = requirement.specifier
            found.append(f"{DEBIAN_NAMES.get(name, f'python3-{name}')} (>= {bound.version})")
        elif bundled()[name] not in requirement.specifier:
            message = f"bundled.txt has {name} {bundled()[name]}, but {requirement} is needed"
            raise SystemExit(message)
        found += [OF_EXTRAS[extra] for extra in sorted(requirement.extras)]
    return [*found, *OF_BUNDLED]


def install_modules(wheel: Path, library: Path) -> None:
    """Put the program and what it brings along into ``library``, as plain modules with the metadata of each."""
    pip = ("-m", "pip", "--quiet", "install", "--no-deps", "--no-compile", "--target", library)
    compiled = ("--only-binary=:all:", "--implementation=cp", f"--python-version={PYTHON[0]}")
    platforms = [f"--platform={name}" for name in PLATFORMS]
    run_python(*pip, *compiled, *platforms, "--require-hashes", "--requirement", BUNDLED)
    run_python(*pip, wheel)
    shutil.rmtree(library / "bin")
    # Where files came from, and lists of all of them, tell of the machine that it was built on.
    unneeded = [*library.glob("*.dist-info/RECORD"), *library.glob("*.dist-info/direct_url.json")]
    # Sources of what is compiled are for those who compile.
    unneeded += [*library.glob("*.dist-info/REQUESTED"), *library.glob("dbus_fast/**/*.pxd")]
    for path in unneeded:
        path.unlink()
    for path in sorted(library.rglob("*.so")):
        run("strip", "--strip-unneeded", path)


def install_control(tree: Path, version: str) -> None:
    """Write what dpkg reads: what the package is and needs, the scripts, and the sums of its files."""
    folder = tree / "DEBIAN"
    files = sorted(path for path in tree.rglob("*") if path.is_file())
    sums = [f"{_md5(path)}  {path.relative_to(tree)}\n" for path in files]
    fields = {
        "Package": "trayquota",
        "Version": version,
        "Architecture": ARCHITECTURE,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(sum(path.stat().st_size for path in files) // 1024),
        "Depends": ", ".join(depends()),
        "Recommends": "python3-jinja2",
        "Suggests": "python3-keyring, gnome-shell-extension-appindicator",
        "Section": "utils",
        "Priority": "optional",
        "Description": "quota that is left on AI-coding accounts, in the tray\n"
        " One icon shows the lowest remaining percent of all quotas of Claude, Codex and\n"
        " other AI-coding accounts. The tooltip has a line per account, the menu every\n"
        " window with its bar and the time of its reset.",
    }
    folder.mkdir()
    (folder / "control").write_text("".join(f"{name}: {value}\n" for name, value in fields.items()), "utf-8")
    (folder / "md5sums").write_text("".join(sums), "utf-8")
    for name in ("postinst", "prerm"):
        shutil.copyfile(DEBIAN / name, folder / name)


def _md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _set_modes(tree: Path) -> None:
    """Give every file the mode of its kind, whatever the umask of who builds."""
    programs = {tree / "usr/bin/trayquota", tree / "DEBIAN/postinst", tree / "DEBIAN/prerm"}
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path in programs else 0o644)


def main(target: Path) -> None:
    """Build it into ``target``, of a wheel of the last commit."""
    target.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="trayquota-") as work:
        wheel, _ = build_wheel(Path(work))
        print(build_deb(wheel, target))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
