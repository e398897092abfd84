"""The programs that the tests of this folder need, and what is said where one is missing."""

from __future__ import annotations

import shutil

PACKAGES = {"wine": "wine wine64", "wineserver": "wine64", "Xvfb": "xvfb", "xdotool": "xdotool"}
"""Program → Debian's packages."""


def what_is_missing() -> str:
    """Return one line that says it, and how to get it; empty when all is there."""
    missing = [program for program in PACKAGES if shutil.which(program) is None]
    if not missing:
        return ""
    packages = " ".join(sorted({word for program in missing for word in PACKAGES[program].split()}))
    return f"tests of Windows need {', '.join(missing)}: apt-get install {packages}"
