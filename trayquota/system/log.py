"""The log: a small rotating file, and the terminal with ``--verbose``. No token, e-mail or body ever goes in."""

from __future__ import annotations

import copy
import logging
import os
import re
import sys
import threading
import traceback
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Self

from trayquota.system.files import open_regular, private_folder

if TYPE_CHECKING:
    from types import TracebackType

_OWN = "trayquota"
_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
_LARGEST_BYTES = 256 << 10
_LONGEST = 200
_PRIVATE = r"\S*@\S*|\S*://\S*|[\w+/=.~-]{24,}"  # compiled by the first who needs it
_INNERMOST = 4
_handlers: list[logging.Handler] = []


def set_up_logging(path: Path | None, *, verbose: bool) -> None:
    """Send the program's messages and the libraries' warnings to ``path`` and, when ``verbose``, to standard error.

    A log that cannot be written is done without. A library's message may hold an address or a login, so only its
    constant part is kept, and of an error that ends a thread nothing but its kind and place.
    """
    own, others = logging.getLogger(_OWN), logging.getLogger()
    while _handlers:
        handler = _handlers.pop()
        own.removeHandler(handler)
        others.removeHandler(handler)
        handler.close()
    # Without it Python itself would print the libraries' warnings as they come.
    _handlers.append(logging.NullHandler())
    if verbose:
        _handlers.append(logging.StreamHandler(sys.stderr))
    problem = _add_file(path) if path is not None else None
    for handler in _handlers:
        handler.setFormatter(_RedactingFormatter(_FORMAT))
        own.addHandler(handler)
        others.addHandler(handler)
    own.setLevel(logging.INFO)
    own.propagate = False
    logging.raiseExceptions = False
    threading.excepthook = _log_thread_error
    if problem is not None:
        own.warning("there is no log file: %s", problem)


def error_location(error: BaseException) -> str:
    """Return an error's kind and place, without its text, which may hold an address or a login."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    places = " > ".join(f"{Path(file).name}:{line}" for file, line in frames[-_INNERMOST:])
    return f"{type(error).__name__} at {places}" if places else type(error).__name__


def redacted(text: str) -> str:
    """Return ``text`` without what may be an address, an e-mail or a token."""
    return re.sub(_PRIVATE, "…", text)


class LoggedErrors:
    """A ``with`` block whose errors end in the log, by kind and place, so that what comes after it goes on.

    For the few places where nobody above could do better: one account, source or callback must not stop the others.

    Attributes:
        error: What the block raised; ``None`` when it raised nothing.
    """

    def __init__(self, log: logging.Logger, what: str, level: int = logging.ERROR) -> None:
        """Log to ``log`` that ``what`` failed."""
        self._log = log
        self._what = what
        self._level = level
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        """Begin the block."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> bool:
        """Log an error of the block; what ends the process passes."""
        if not isinstance(error, Exception):
            return False
        self.error = error
        self._log.log(self._level, "%s failed: %s", self._what, error_location(error))
        return True


def _add_file(path: Path) -> str | None:
    """Log to ``path`` from now on; return why that is not possible, if so."""
    try:
        private_folder(path.parent)
        _handlers.append(_PrivateFile(path))
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _log_thread_error(arguments: threading.ExceptHookArgs) -> None:
    name = arguments.thread.name if arguments.thread is not None else "?"
    what = error_location(arguments.exc_value) if arguments.exc_value is not None else arguments.exc_type.__name__
    logging.getLogger(_OWN).error("thread %s ended: %s", name, what)


class _PrivateFile(logging.FileHandler):
    """A file that only its owner can read, and the one before it.

    The rotating one of ``logging.handlers`` comes with half a MiB of what sends records elsewhere.
    """

    is_full = False
    """It has reached its size and cannot be put aside, so nothing more is written in this run."""

    def emit(self, record: logging.LogRecord) -> None:
        if self.is_full:
            return
        try:
            super().emit(record)
            if self.stream is not None and self.stream.tell() >= _LARGEST_BYTES:
                # The next record opens it anew.
                self.close()
                self.is_full = True
                Path(self.baseFilename).replace(f"{self.baseFilename}.1")
                self.is_full = False
        except (OSError, ValueError):
            self.handleError(record)

    def _open(self) -> TextIOWrapper:
        handle = open_regular(Path(self.baseFilename), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        return TextIOWrapper(os.fdopen(handle, "ab"), encoding="utf-8", errors="backslashreplace")


class _RedactingFormatter(logging.Formatter):
    """Writes the program's own messages as they are, and of the libraries' what is constant in them."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.partition(".")[0] == _OWN:
            return super().format(record)
        template = str(record.msg).strip().partition("\n")[0][:_LONGEST]
        bare = copy.copy(record)
        bare.msg, bare.args = redacted(template), None
        bare.exc_info = bare.exc_text = bare.stack_info = None
        return super().format(bare)
