"""A Debian 13 with nothing in it but what every one has, for a package to be installed in."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from needs import need

from .tools import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IS_ROOT = sys.platform != "win32" and os.geteuid() == 0

APT = (
    "apt-get",
    *("-qq", "--yes", "--no-install-recommends"),
    *("-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-unsafe-io"),
    *("-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3"),
)
_ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "DEBIAN_FRONTEND": "noninteractive",
}


class DebianRoot:
    """Its folder, and commands that run inside with processes and mounts of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, inside: str) -> Path:
        """Where a file of it is on this machine."""
        return self._folder / inside.lstrip("/")

    def files(self) -> set[str]:
        """All files, as they are named inside."""
        return {f"/{path.relative_to(self._folder)}" for path in self._folder.rglob("*") if not path.is_dir()}

    def run(self, *argv: str, codes: tuple[int, ...] = (0,)) -> str:
        """Run a command to its end; return what it printed."""
        return run(*self._command(argv, {}), codes=codes)

    def start(self, *argv: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command; it is killed with what it was started by."""
        return subprocess.Popen(
            self._command(argv, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _command(self, argv: tuple[str, ...], environment: dict[str, str]) -> list[str]:
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", f"--mount-proc={self.path('/proc')}"]
        variables = [f"{name}={value}" for name, value in {**_ENVIRONMENT, **environment}.items()]
        return [*enter, "chroot", str(self._folder), "env", "-i", *variables, *argv]


@contextmanager
def debian_root(folder: Path) -> Iterator[DebianRoot]:
    """Have a new one in ``folder``; skips, or fails where a desktop was promised, without what makes one."""
    program = need("mmdebstrap")
    if not IS_ROOT:
        pytest.skip("a Debian root is made and entered as root")
    run(program, "--variant=minbase", "--include=ca-certificates", "trixie", folder)
    try:
        yield DebianRoot(folder)
    finally:
        run("rm", "-rf", "--one-file-system", folder)
