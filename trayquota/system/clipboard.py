"""The clipboard, by means of the program that a system has for it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from trayquota.system.limited_command import NO_WINDOW

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LIMIT_S = 3.0


def copy(text: str, *, environment: Mapping[str, str] = os.environ) -> bool:
    """Put a text on the clipboard and return whether a program took it; blocks for some seconds at most.

    Args:
        text: ASCII, which each of the programs reads in the same way.
        environment: Says where Windows is, and which displays of Linux there are.
    """
    return any(_takes(command, text) for command in _commands(environment))


def _commands(environment: Mapping[str, str]) -> Iterator[Sequence[str]]:
    """Yield the programs that may be there; on Linux people have one of three, or none."""
    if sys.platform == "win32":
        windows = environment.get("SYSTEMROOT", "C:\\Windows")
        yield (f"{windows}\\System32\\clip.exe",)
    elif sys.platform == "darwin":
        yield ("/usr/bin/pbcopy",)
    else:
        if environment.get("WAYLAND_DISPLAY"):
            yield "wl-copy", "--type", "text/plain"
        if environment.get("DISPLAY"):
            yield "xclip", "-selection", "clipboard", "-in"
            yield "xsel", "--clipboard", "--input"


def _takes(command: Sequence[str], text: str) -> bool:
    try:
        done = subprocess.run(
            command,
            input=text.encode("ascii", "replace"),
            # One that stays to serve the clipboard would hold a pipe open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_LIMIT_S,
            check=False,
            creationflags=NO_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
