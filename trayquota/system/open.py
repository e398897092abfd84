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


def open_folder(folder: Path, wait_s: float = 0.0) -> bool:
    """Show ``folder``, or its nearest parent that exists, in the file manager.

    Raises nothing; returns whether there is a program for it, as do all here.

    Args:
        folder: It need not be there.
        wait_s: So long at the most it is waited whether the system finds a program; by default not at all.
    """
    # Not pathlib's own test, which raises where nothing may be looked at.
    existing = next((path for path in (folder, *folder.parents) if os.path.isdir(path)), None)  # noqa: PTH112
    return existing is not None and _open(str(existing), wait_s)


def open_file(path: Path, wait_s: float = 0.0) -> bool:
    """Open a file in the program that the person has for it. Raises nothing; waits as :func:`open_folder` does."""
    return _open(str(path), wait_s)


def open_page(address: str, wait_s: float = 0.0) -> bool:
    """Show a web page in the browser. Raises nothing.

    Args:
        address: An ``https`` address, or one on this machine; anything else is ignored.
        wait_s: As of :func:`open_folder`.
    """
    is_known = address.startswith("https://") or (address.startswith("http://") and is_loopback(address))
    return is_known and _open(address, wait_s)


def _open(target: str, wait_s: float) -> bool:
    try:
        if sys.platform == "win32":
            os.startfile(target)  # noqa: S606 - a folder or an https address
            is_opened = True
        else:
            is_opened = _run("open" if sys.platform == "darwin" else "xdg-open", target, wait_s)
    except OSError as error:
        _log.warning("nothing could be opened: %s", error.strerror)
        return False
    return is_opened


def _run(program: str, target: str, wait_s: float) -> bool:
    """Return whether the program has opened it, or may still be at it."""
    process = subprocess.Popen(
        [program, target],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # The program may stay as long as the browser does; unless its end is waited for it stays a zombie.
    waiter = threading.Thread(target=process.wait, name="opened", daemon=True)
    waiter.start()
    waiter.join(wait_s)
    return process.returncode in {None, 0}
