"""A command of the person's own: run without a shell, with little time and little output."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

if sys.platform == "win32":
    NO_WINDOW = subprocess.CREATE_NO_WINDOW
else:
    NO_WINDOW = 0
"""The flag that has a command without a console of its own show none."""

_OUTPUT_BYTES = 4096
_PIECE_BYTES = 1 << 16
_GRACE_S = 0.5
"""How long the output is read after the end: what the command has left running may hold it open for ever."""


class LimitedCommand:
    """Runs once. :meth:`run` is for one thread, :meth:`kill` for any."""

    def __init__(self, arguments: Sequence[str], given: bytes) -> None:
        """Run nothing yet.

        Args:
            arguments: The program, and what it is called with.
            given: What it gets on its standard input.
        """
        self._arguments = tuple(arguments)
        self._given = given
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_killed = False
        self._output = bytearray()

    def run(self, limit_s: float) -> int | None:
        """Run it to its end; return its exit code, ``None`` when it was killed, by :meth:`kill` or after ``limit_s``.

        Raises:
            OSError: It cannot be started.
        """
        # From a file: whoever reads nothing keeps nobody waiting.
        with TemporaryFile() as given:
            given.write(self._given)
            given.seek(0)
            process = self._started(given)
        if process is None or process.stdout is None:
            return None
        reader = threading.Thread(target=self._read, args=(process.stdout,), name="command output", daemon=True)
        reader.start()
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self.kill()
            process.wait()
        reader.join(_GRACE_S)
        return None if self._is_killed else process.returncode

    @property
    def output(self) -> str:
        """The beginning of what it has written to standard output and standard error."""
        return bytes(self._output).decode(errors="replace").strip()

    def kill(self) -> None:
        """End it at once, with all that it has started in its group; without effect when it has ended."""
        with self._lock:
            self._is_killed = self._is_killed or self._process is None or self._process.poll() is None
            if self._process is not None and self._process.poll() is None:
                _kill(self._process)

    def _started(self, given: IO[bytes]) -> subprocess.Popen[bytes] | None:
        """Start it, unless it was killed before."""
        with self._lock:
            if self._is_killed:
                return None
            self._process = subprocess.Popen(
                self._arguments,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=NO_WINDOW,
            )
            return self._process

    def _read(self, stream: IO[bytes]) -> None:
        """Keep the beginning and throw away the rest, so that the command never waits for a reader."""
        with stream:
            while piece := os.read(stream.fileno(), _PIECE_BYTES):
                self._output += piece[: max(0, _OUTPUT_BYTES - len(self._output))]


def _kill(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        # Its group has its number: it began a session of its own.
        os.killpg(process.pid, signal.SIGKILL)
