"""The log: a small rotating file, and the terminal with ``--verbose``. No token, e-mail or body ever goes in."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


def set_up(path: Path | None, *, verbose: bool) -> None:
    """Send the program's own messages to ``path`` and, when ``verbose``, to standard error.

    A log that cannot be written is done without. The libraries' messages below warnings are left out: they name
    addresses.
    """
    own = logging.getLogger("trayquota")
    own.setLevel(logging.INFO)
    own.propagate = False
    for handler in list(own.handlers):
        own.removeHandler(handler)
        handler.close()
    own.addHandler(logging.NullHandler())
    if verbose:
        own.addHandler(logging.StreamHandler(sys.stderr))
    if path is not None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
            own.addHandler(logging.handlers.RotatingFileHandler(path, maxBytes=256 << 10, backupCount=1, delay=True))
        except OSError as error:
            own.warning("there is no log file: %s", error.strerror)
    for handler in own.handlers:
        handler.setFormatter(logging.Formatter(_FORMAT))
    logging.raiseExceptions = False
