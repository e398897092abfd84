"""What is built: the last commit, whatever lies about in the checkout; and the tools that build it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]


def run(*argv: str | Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """Run a command; return what it printed.

    Raises:
        SystemExit: It failed; says how, with all that it printed.
    """
    done = subprocess.run(
        [str(word) for word in argv],
        check=False,
        cwd=folder,
        env={**os.environ, "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": str(epoch()), **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        message = f"{argv[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)
    return done.stdout


def run_python(*argv: str | Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> str:
    """Run this Python with these arguments, as :func:`run` does."""
    return run(sys.executable, *argv, folder=folder, environment=environment)


def version(source: Path = ROOT) -> str:
    """Return the program's version."""
    [stated] = re.findall(
        r'^__version__ = "(.*)"$', (source / "trayquota/__init__.py").read_text("utf-8"), re.MULTILINE
    )
    return str(stated)


def epoch() -> int:
    """Return when the last commit was made, in seconds: the time of all that is built of it."""
    return int(subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=ROOT, text=True))


@contextmanager
def last_commit() -> Iterator[Path]:
    """Have a folder with the files of the last commit and no others."""
    with TemporaryDirectory(prefix="trayquota-") as work:
        archive = Path(work) / "commit.tar"
        folder = Path(work) / "trayquota"
        folder.mkdir()
        run("git", "archive", "--output", archive, "HEAD")
        run("tar", "--extract", "--file", archive, folder=folder)
        yield folder
