"""What the system has too little of, when that is why something failed."""

from __future__ import annotations

import errno

from trayquota.core.translation import Message

_BY_ERRNO = {
    errno.EMFILE: Message("open files"),
    errno.ENFILE: Message("open files"),
    errno.ENOBUFS: Message("memory"),
    errno.ENOMEM: Message("memory"),
}


def shortage(error: BaseException) -> str | None:
    """Return what there is too little of, if ``error`` says so: open files, memory or threads."""
    if isinstance(error, MemoryError):
        return Message("memory")
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    # Python has no class of its own for it.
    return Message("threads") if isinstance(error, RuntimeError) and "start new thread" in str(error) else None
