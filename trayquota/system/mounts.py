"""The file systems that are mounted, as Linux names them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_MOUNTS = Path("/proc/self/mountinfo")


class Mount(NamedTuple):
    """One of them.

    Attributes:
        place: The path where it is mounted.
        kind: Its type, as in ``ext4``.
    """

    place: bytes
    kind: str


def mounts() -> list[Mount]:
    """Return all, in the order in which they were mounted: of two at the same place the last one is seen.

    The form is that of proc(5): the fifth field is the place, and the type stands behind a lone dash.

    Raises:
        OSError: Nothing names them, as on other systems.
    """
    lines = [line.partition(b" - ") for line in _MOUNTS.read_bytes().splitlines()]
    return [
        Mount(_plain(state.split(b" ", 5)[4]), source.partition(b" ")[0].decode("ascii", "replace"))
        for state, _dash, source in lines
    ]


def _plain(path: bytes) -> bytes:
    for code, char in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        path = path.replace(code, char)
    return path
