"""Where the session bus is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping


def session_bus_address(environ: Mapping[str, str] | None = None) -> str | None:
    """The session bus as the environment tells it, or ``None``; nobody is asked whether it answers.

    ``DBUS_SESSION_BUS_ADDRESS`` decides; without it the socket that systemd's user bus has in
    ``XDG_RUNTIME_DIR`` is taken, if it is there.
    """
    environ = os.environ if environ is None else environ
    if address := environ.get("DBUS_SESSION_BUS_ADDRESS"):
        return address
    if folder := environ.get("XDG_RUNTIME_DIR"):
        socket = Path(folder, "bus")
        if socket.exists():
            # ~ is the one character that URLs leave alone and D-Bus addresses must not.
            return "unix:path=" + quote(str(socket), safe="/").replace("~", "%7E")
    return None
