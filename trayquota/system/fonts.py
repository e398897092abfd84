"""Which glyphs the fonts of this machine have, where that can be found out."""

from __future__ import annotations

import shutil
import subprocess
import sys

_BARS = ("▰▱", "█░")
_PLAIN = "#-"
_TIMEOUT_S = 5.0


def bar_glyphs() -> str:
    """Return a filled and an empty cell of a bar that fonts have; starts fontconfig's ``fc-list``.

    On Windows it is the font of menus that has to have them. Without ``fc-list``, as on macOS, the first choice.
    """
    program = shutil.which("fc-list") or ""
    if sys.platform == "win32":
        from trayquota.system.windows_fonts import menu_font_has as is_there
    else:

        def is_there(glyphs: str) -> bool:
            return not program or _have(program, glyphs)

    return next(filter(is_there, _BARS), _PLAIN)


def _have(program: str, glyphs: str) -> bool:
    """Return whether a font has all of ``glyphs``, or it cannot be found out."""
    pattern = ":charset=" + " ".join(f"{ord(glyph):x}" for glyph in glyphs)
    try:
        found = subprocess.run([program, pattern, "family"], capture_output=True, timeout=_TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return True
    return bool(found.stdout.strip())
