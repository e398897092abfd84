"""Standard output that takes any text, an end that nobody reads to, and messages that never stray into it."""

from __future__ import annotations

import codecs
import errno
import os
import sys
from io import TextIOWrapper

_PLAIN = str.maketrans(
    {"▰": "#", "▱": "-", "·": "-", "–": "-", "…": "...", "\u2007": " ", "\u202f": " ", "\u00a0": " "}
)
_NAME = "trayquota.plain"
_STANDARD_OUTPUT = 1
_NO_ROOM = {errno.ENOSPC, errno.EIO, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}


def replace_unencodable() -> None:
    """Have standard output write in plain characters what its encoding does not know, instead of failing."""
    codecs.register_error(_NAME, _in_plain_characters)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors=_NAME)


def ignore_empty_terminal() -> None:
    """Have a terminal's size found out where COLUMNS or LINES is 0: rich would print nothing at all, and not fail."""
    for name in ("COLUMNS", "LINES"):
        if not os.environ.get(name, "1").strip("0"):
            del os.environ[name]


def replace_closed_stderr() -> None:
    """Send messages nowhere when standard error is closed: Python would print them to standard output."""
    if sys.stderr is not None:
        return
    # The first free descriptors are the standard ones that are closed; no other file may get these.
    while (handle := os.open(os.devnull, os.O_RDWR)) < 2:  # type: ignore[unreachable, unused-ignore]
        pass
    sys.stderr = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")


def print_text(text: str) -> None:
    """Print a text of any length; a reader that has seen enough and left is no error."""
    try:
        if sys.stdout is not None:
            sys.stdout.write(text)
    except BrokenPipeError:
        silence_stdout()
    flush_stdout()


def flush_stdout() -> bool:
    """Send what was printed on its way; return whether somebody was there to read it."""
    if sys.stdout is None:  # type: ignore[unreachable, unused-ignore] # windowed programs on Windows have none
        return True
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
        return False
    return True


def wait_unread(timeout_s: float | None = None) -> bool:
    """Wait until nobody reads standard output any more; return whether that is so, and not where it cannot be seen."""
    is_unread = False
    if sys.platform != "win32":
        import select

        output = select.poll()
        output.register(_STANDARD_OUTPUT, 0)  # its end is always reported
        found = output.poll(None if timeout_s is None else 1000 * timeout_s)
        is_unread = any(event & (select.POLLERR | select.POLLHUP) for _, event in found)
    return is_unread


def disk_full_reason(error: Exception) -> str | None:
    """Return why what was printed could not be written, when that is what ``error`` says."""
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number) if number is not None and number in _NO_ROOM else None


def silence_stdout() -> None:
    """Send the rest of standard output nowhere: whoever read it has seen enough, and Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _in_plain_characters(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "replace").decode("ascii"), error.end
