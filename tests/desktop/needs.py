"""What a desktop test needs, and what happens where it is missing."""

from __future__ import annotations

import os
import shutil

import pytest

PACKAGES = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "xwininfo": "x11-utils",
    "tesseract": "tesseract-ocr",
    "dbus-daemon": "dbus",
    "xfce4-panel": "xfce4-panel",
    "trayer": "trayer",
    "dunst": "dunst",
}
"""Program → Debian's package."""

SCREEN = ("Xvfb", "openbox", "xdotool", "xwininfo", "tesseract")
"""What every desk needs."""


def require(*programs: str) -> None:
    """Skip the test where a program is missing; with ``TRAYQUOTA_REQUIRE_DESKTOP=1`` fail it."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = " ".join(PACKAGES[program] for program in missing)
        message = f"no {', '.join(missing)} here: apt-get install {packages}"
        if os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
