"""The person's home folder, which need not be known: a container may run under a user that nobody has entered."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trayquota.core.errors import ConfigError

UNKNOWN_HOME = "the home folder is not known. Set HOME to its absolute path."


def known_home() -> Path | None:
    """Return the home folder, ``None`` where it is not known."""
    try:
        return home_folder()
    except ConfigError:
        return None


def home_folder() -> Path:
    """Return the home folder: what ``HOME`` names, else what the system knows of the user.

    Raises:
        ConfigError: There is none.
    """
    home = Path(os.environ.get("HOME") or ".")
    try:
        if sys.platform == "win32":
            home = Path.home()
        elif not home.is_absolute():
            import pwd

            home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (RuntimeError, KeyError):
        home = Path()
    if not home.is_absolute():
        raise ConfigError(UNKNOWN_HOME)
    return home
