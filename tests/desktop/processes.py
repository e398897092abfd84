"""Programs started by a test: each a child known by its pid, with a log, and ended for certain."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

PATIENCE_S = 5.0
FAREWELL_S = 2.0


class Program:
    """One running program.

    Attributes:
        name: What it is called in messages.
        log_path: Its standard output and error.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        folder: Path,
        log_path: Path,
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log_path = log_path
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [str(word) for word in argv],
                env=dict(env),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=pass_fds,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def terminate(self) -> None:
        """Send SIGTERM, as a session manager does at logout."""
        self._process.terminate()

    def wait(self, deadline_s: float = PATIENCE_S) -> int:
        """The exit code, once it has ended by itself; negative: by that signal.

        Raises:
            AssertionError: It still runs.
        """
        try:
            return self._process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            message = f"{self.name} still runs after {deadline_s:g} s; its log:\n{self.log}"
            raise AssertionError(message) from error

    def end(self) -> None:
        """End it: politely, then for certain."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start_and_read(start: Callable[[int], Program]) -> tuple[Program, str]:
    """Start a program that writes one line to a file descriptor; give back both."""
    read_fd, write_fd = os.pipe()
    with os.fdopen(read_fd) as reader:
        try:
            program = start(write_fd)
        finally:
            os.close(write_fd)
        line = reader.readline().strip()
    if not line:
        message = f"{program.name} wrote nothing and ended with {program.wait()}; its log:\n{program.log}"
        raise AssertionError(message)
    return program, line


def having(variable: str, value: str) -> set[int]:
    """The living processes with that in their environment, however they were started."""
    wanted = f"{variable}={value}".encode()
    found = set()
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = environ.read_bytes().split(b"\0")  # empty when dead and not yet reaped
        except OSError:
            continue  # just ended, or not ours to look at
        if wanted in variables:
            found.add(int(environ.parent.name))
    return found


def named(name: str, variable: str, value: str) -> list[int]:
    """Those of them that run a program of that name."""
    found = []
    for pid in having(variable, value):
        with contextlib.suppress(OSError):  # just ended
            if Path(f"/proc/{pid}/comm").read_text() == f"{name}\n":
                found.append(pid)
    return found


def see_off(variable: str, value: str) -> set[int]:
    """Wait for the end of all processes with that in their environment.

    Returns:
        Those that had to be told to go.
    """

    def none_left() -> bool:
        return not having(variable, value)

    try:
        wait_until(none_left, "end of all processes", FAREWELL_S)
    except AssertionError:
        stubborn = having(variable, value)
        for pid in stubborn:
            os.kill(pid, signal.SIGTERM)
        wait_until(none_left, f"end of {stubborn} after SIGTERM", FAREWELL_S)
        return stubborn
    return set()
