"""The programs that the tests of this folder need, and what is said where one is missing."""

from __future__ import annotations

import shutil

PACKAGES = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xwininfo": "x11-utils",
    "dbus-daemon": "dbus",
    "xfce4-panel": "xfce4-panel",
    "trayer": "trayer",
    "dunst": "dunst",
    "tesseract": "tesseract-ocr",
}
"""Program → Debian's package."""


def what_is_missing() -> str:
    """One line that says it, and how to get it; empty when all is there."""
    missing = [program for program in PACKAGES if shutil.which(program) is None]
    if not missing:
        return ""
    packages = " ".join(PACKAGES[program] for program in missing)
    return f"desktop tests need {', '.join(missing)}: apt-get install {packages}"
