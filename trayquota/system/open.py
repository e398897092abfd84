"""Opening a folder or a web page in the person's own programs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from trayquota.core.urls import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)


def open_folder(folder: Path) -> bool:
    """Show ``folder``, or its nearest parent that exists, in the file manager.

    Returns at once, raises nothing; returns whether there is a program for it, as do all here.
    """
    # Not pathlib's own test, which raises where nothing may be looked at.
    existing = next((path for path in (folder, *folder.parents) if os.path.isdir(path)), None)  # noqa: PTH112
    return existing is not None and _open(str(existing))


def open_file(path: Path) -> bool:
    """Open a file in the program that the person has for it. Returns at once, raises nothing."""
    return _open(str(path))


def open_page(address: str) -> bool:
    """Show a web page in the browser. Returns at once, raises nothing.

    Args:
        address: An ``https`` address, or one on this machine; anything else is ignored.
    """
    is_known = address.startswith("https://") or (address.startswith("http://") and is_loopback(address))
    return is_known and _open(address)


def _open(target: str) -> bool:
    try:
        if sys.platform == "win32":
            os.startfile(target)  # noqa: S606 - a folder or an https address
        else:
            _run("open" if sys.platform == "darwin" else "xdg-open", target)
    except OSError as error:
        _log.warning("nothing could be opened: %s", error.strerror)
        return False
    return True


def _run(program: str, target: str) -> None:
    process = subprocess.Popen(
        [program, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # The program may stay as long as the browser does; unless its end is waited for it stays a zombie.
    threading.Thread(target=process.wait, name="opened", daemon=True).start()
