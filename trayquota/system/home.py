"""The person's home folder, which need not be known: a container may run under a user that nobody has entered."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

UNKNOWN_HOME = Message("the home folder is not known. Set HOME to its absolute path.")
_XDG = {"XDG_CONFIG_HOME": ".config", "XDG_STATE_HOME": ".local/state", "XDG_DATA_HOME": ".local/share"}
"""The usual folders of the XDG Base Directory Specification, within the home folder."""


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


def xdg_folder(variable: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that ``variable`` names; a relative one is ignored, as the specification says.

    Raises:
        ConfigError: The home folder that it is in is not known.
    """
    stated = Path(environment.get(variable) or "")
    return stated if stated.is_absolute() else home_folder() / _XDG[variable]
