"""What the system has too little of, when that is why something failed."""

from __future__ import annotations

import errno

_BY_ERRNO = {
    errno.EMFILE: "open files",
    errno.ENFILE: "open files",
    errno.ENOBUFS: "memory",
    errno.ENOMEM: "memory",
}


def shortage(error: BaseException) -> str | None:
    """Return what there is too little of, if ``error`` says so: open files, memory or threads."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0)
    # Python has no class of its own for it.
    return "threads" if isinstance(error, RuntimeError) and "start new thread" in str(error) else None
