"""A process that writes credential files at given moments: with a new pair, as this program does, or as others do.

Run as a script, with the folder of all tests in ``PYTHONPATH``: ``race_process.py tokens|others RECORDS``. Each line
on standard input is a JSON array of races, each ``[path, moment on the
monotonic clock, what to do]``; the answer is a line with an array of what came of them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from login_files import NEW, OLD, THEIRS

from trayquota.core.errors import TokenWriteError
from trayquota.tokens.pending_tokens import PendingTokens, fingerprint
from trayquota.tokens.writer import write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

THREADS = 48
BEFORE = {**OLD, "note": "x" * 40}
AFTER = {**THEIRS, "note": "y" * 30}
"""What the other program writes; shorter than what was there."""


def write_pair(path: Path, records: Path) -> str:
    entry = PendingTokens(str(path), fingerprint("old-refresh"), fingerprint("old-access"), **NEW)

    def successor(refresh: str, _access: str) -> PendingTokens | None:
        return entry if refresh == "old-refresh" else None

    try:
        return "written" if write_tokens(path, successor, records) else "superseded"
    except TokenWriteError as error:
        return f"not written: {error}"


def in_place(path: Path) -> None:
    """As CLIProxyAPI does: truncated as it is opened, then written."""
    path.write_text(json.dumps(AFTER))


def slowly(path: Path) -> None:
    """In two steps, through a handle that is open for a while."""
    data = json.dumps(AFTER).encode()
    with path.open("r+b", buffering=0) as file:
        time.sleep(0.003)
        file.truncate(0)
        file.write(data[:50])
        time.sleep(0.003)
        file.write(data[50:])


def moved(path: Path) -> None:
    """By a file that is moved to its place."""
    other = path.with_name(path.name + ".theirs")
    other.write_text(json.dumps(AFTER))
    other.replace(path)


def removed(path: Path) -> None:
    path.unlink(missing_ok=True)


WAYS: dict[str, Callable[[Path], None]] = {
    "in place": in_place,
    "slowly": slowly,
    "moved": moved,
    "removed": removed,
}


def main(who: str, records: Path) -> None:
    def race(path: str, moment: float, way: str) -> str:
        time.sleep(max(0.0, moment - time.monotonic()))
        if who == "tokens":
            return write_pair(Path(path), records)
        WAYS[way](Path(path))
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(list(pool.map(lambda each: race(*each), json.loads(line)))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    os.umask(0o077)
    main(sys.argv[1], Path(sys.argv[2]))
