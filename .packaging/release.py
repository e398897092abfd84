"""A release: ``python .packaging/release.py VERSION FOLDER [--windows]``.

Writes the version and the changelog's section, commits both, builds into FOLDER and tags the commit: wheel, sdist,
Debian package and, with ``--windows``, the installer, which is made under Wine; a bill of what each of the two
bundles, the section as the release's notes, and the SHA-256 of all. Nothing is sent anywhere. When a step fails, the
commit is undone.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from build_deb import build_deb
from build_installer import build_folder, build_installer
from build_wheel import build_wheel
from checkout import ROOT, epoch, run
from packaging.version import Version
from sbom import sbom

VERSION_FILE = ROOT / "trayquota/__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
SUMS = "SHA256SUMS"
_UNRELEASED = "## [Unreleased]\n"
_NUMBER = "(0|[1-9][0-9]*)"
_VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}((a|b|rc){_NUMBER})?")


def release(version: str, target: Path, *, windows: bool) -> list[Path]:
    """Make the release of what is committed; return all files, the sums last.

    Raises:
        SystemExit: There are changes that are not committed, there is nothing new, the version is none that may follow,
            or a step failed.
    """
    if run("git", "status", "--porcelain"):
        message = "there are changes that are not committed"
        raise SystemExit(message)
    if f"v{version}" in run("git", "tag", "--list").split():
        message = f"{version} has been released"
        raise SystemExit(message)
    changelog = with_release(CHANGELOG.read_text("utf-8"), version, datetime.now(UTC).date())
    code = with_version(VERSION_FILE.read_text("utf-8"), version)
    CHANGELOG.write_text(changelog, "utf-8")
    VERSION_FILE.write_text(code, "utf-8")
    run("git", "commit", "--all", "--message", f"Release {version}")
    try:
        files = build_all(version, target, windows=windows)
    except BaseException:
        run("git", "reset", "--keep", "HEAD~1")
        raise
    run("git", "tag", "--annotate", f"v{version}", "--message", f"Release {version}")
    return files


def build_all(version: str, target: Path, *, windows: bool) -> list[Path]:
    """Build everything of the last commit; return all files, the sums last."""
    target.mkdir(parents=True, exist_ok=True)
    notes = target / f"trayquota-{version}-notes.md"
    notes.write_text(section(CHANGELOG.read_text("utf-8"), version), "utf-8")
    wheel, sdist = build_wheel(target)
    files = [notes, wheel, sdist]
    with TemporaryDirectory(prefix="trayquota-") as work:
        package = build_deb(wheel, target)
        run("dpkg-deb", "--extract", package, work)
        files += [package, _write_sbom(Path(work), package)]
    if windows:
        with TemporaryDirectory(prefix="trayquota-") as work:
            build = build_folder(Path(work))
            setup = build_installer(build, target, version)
            files += [setup, _write_sbom(build, setup)]
    sums = target / SUMS
    sums.write_text("".join(f"{_sha256(path)}  {path.name}\n" for path in files), "utf-8")
    return [*files, sums]


def with_release(changelog: str, version: str, day: date) -> str:
    """Return the changelog with what is unreleased as the section of ``version``.

    Raises:
        SystemExit: Nothing is unreleased.
    """
    head, found, rest = changelog.partition(_UNRELEASED)
    if not found or not rest.partition("\n## ")[0].strip():
        message = "the changelog has nothing unreleased"
        raise SystemExit(message)
    return f"{head}{_UNRELEASED}\n## [{version}] - {day.isoformat()}\n{rest}"


def section(changelog: str, version: str) -> str:
    """Return the section of a version, without its heading."""
    _, _, rest = changelog.partition(f"\n## [{version}]")
    return rest.partition("\n")[2].partition("\n## ")[0].strip() + "\n"


def with_version(code: str, version: str) -> str:
    """Return the module with that version in it.

    Raises:
        SystemExit: It is an earlier version than the one there, or none of three numbers as PEP 440 writes it.
    """
    pattern = re.compile(r'^__version__ = "(.*)"$', re.MULTILINE)
    [before] = pattern.findall(code)
    if not _VERSION.fullmatch(version) or Version(version) < Version(before):
        message = f"{version} is no version that may follow {before}"
        raise SystemExit(message)
    return pattern.sub(f'__version__ = "{version}"', code)


def _write_sbom(tree: Path, artefact: Path) -> Path:
    path = artefact.with_name(f"{artefact.name}.cdx.json")
    path.write_text(sbom(tree, epoch()), "utf-8")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Make the release that the arguments name, and print its files."""
    parser = argparse.ArgumentParser(description="Make a release.")
    parser.add_argument("version")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--windows", action="store_true", help="with the installer for Windows, which takes minutes")
    options = parser.parse_args()
    for path in release(options.version, options.folder.resolve(), windows=options.windows):
        print(path)


if __name__ == "__main__":
    main()
