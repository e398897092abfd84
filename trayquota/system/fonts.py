"""Which glyphs the fonts of this machine have, where that can be found out."""

from __future__ import annotations

import shutil
import subprocess

_BARS = ("▰▱", "█░")
_PLAIN = "#-"
_TIMEOUT_S = 5.0


def bar_glyphs() -> str:
    """Return a filled and an empty cell of a bar that fonts have; starts fontconfig's ``fc-list``.

    Without ``fc-list``, as on Windows and macOS, the first choice: their fonts have it.
    """
    program = shutil.which("fc-list")
    if program is None:
        return _BARS[0]
    return next((glyphs for glyphs in _BARS if _have(program, glyphs)), _PLAIN)


def _have(program: str, glyphs: str) -> bool:
    """Return whether a font has all of ``glyphs``, or it cannot be found out."""
    pattern = ":charset=" + " ".join(f"{ord(glyph):x}" for glyph in glyphs)
    try:
        found = subprocess.run(  # noqa: S603 - a program of the path, without a shell
            [program, pattern, "family"], capture_output=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return True
    return bool(found.stdout.strip())
