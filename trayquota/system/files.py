"""Private folders and files, bounded reads, the atomic write, and signatures of a file's state.

Whatever is made here gets its mode set, for the umask may deny its owner what is needed or grant others what is not.
Nothing here waits for a pipe, reads a device or fills the memory.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import UnusableFileError
from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PRIVATE_FILE = 0o600
# On Windows a folder inherits the access list of the one above; of 0o700 newer Pythons would make a list of its own.
_PRIVATE_FOLDER = 0o700 if sys.platform != "win32" else 0o777
_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_MIB = 1 << 20
# What a folder answers that cannot be synced at all: there is nothing to wait for then.
_UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES, errno.EPERM, errno.EROFS}


def signature(status: os.stat_result) -> tuple[int, ...]:
    """Return what differs between two states of a file; first of all when it was modified, in nanoseconds."""
    return (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev)


def may_be_account(name: str) -> bool:
    """Whether a file of this name in a credentials folder can be an account's."""
    return name.lower().endswith(".json") and not name.startswith(".")


def real_path(path: str | os.PathLike[str]) -> Path:
    """Return where a path leads through links; the absolute path itself where the system cannot say."""
    try:
        return Path(os.path.realpath(path))
    except OSError:
        # Of Windows: for a redirector that knows no final paths, or a path longer than its buffer.
        return Path(path).absolute()


def private_folder(folder: Path) -> None:
    """Make ``folder`` for its owner alone, with whatever is missing above it.

    Raises:
        OSError: It cannot be made.
    """
    # ``mkdir(parents=True)`` would give the parents everybody's mode.
    missing = [parent for parent in folder.parents if not parent.is_dir()]
    for path in (*reversed(missing), folder):
        try:
            path.mkdir(_PRIVATE_FOLDER)
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            path.chmod(_PRIVATE_FOLDER)
    if sys.platform != "win32" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        with contextlib.suppress(OSError):
            folder.chmod(_PRIVATE_FOLDER)


def open_regular(path: Path, flags: int) -> int:
    """Open a regular file, through links, and return its descriptor; one that is made here is for its owner alone.

    Args:
        path: The file.
        flags: As for ``os.open``.

    Raises:
        UnusableFileError: There is something else at ``path``.
        OSError: It cannot be opened or made.
    """
    # Looked at before it is opened: opening a device or a pipe can have effects of its own.
    is_new = False
    try:
        _require_regular(path.stat())
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
        is_new = True
    # Should a pipe have come there meanwhile, nobody waits for its other end.
    handle = open_file(path, flags)
    try:
        _require_regular(os.fstat(handle))
        if is_new:
            _set_mode(handle, _PRIVATE_FILE)
    except BaseException:
        os.close(handle)
        raise
    return handle


def is_in_use(error: OSError) -> bool:
    """Whether something was refused because another program has the file open, as only Windows does."""
    found = False
    if sys.platform == "win32":
        from trayquota.system import windows_files

        found = windows_files.is_in_use(error)
    return found


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the content of a regular file of at most ``limit`` bytes, through links.

    Raises:
        UnusableFileError: It is no regular file, or larger.
        OSError: It cannot be read, or is not there.
    """
    handle = open_regular(path, os.O_RDONLY)
    with open(handle, "rb", buffering=0) as file:
        size = os.fstat(handle).st_size
        pieces: list[bytes] = []
        if size <= limit:
            size = 0
            while size <= limit and (piece := file.read(limit + 1 - size)):
                pieces.append(piece)
                size += len(piece)
    if size > limit:
        reason = Message("larger than {size} MiB", size=f"{limit / _MIB:g}")
        raise UnusableFileError(errno.EFBIG, reason)
    return b"".join(pieces)


def write_atomic(path: Path, content: bytes, *, keep_mode: bool = False) -> None:
    """Put a file with ``content`` at ``path``, in place of whatever is there: a reader sees the old or the new one.

    Args:
        path: In a folder that is there; a link is replaced, so resolve one that is to stay.
        content: All of it.
        keep_mode: Give it the mode of the file that is there already; else, and without one, it is private.

    Raises:
        OSError: It cannot be written; what was there is as it was.
    """
    mode = _PRIVATE_FILE
    if keep_mode:
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(path.stat().st_mode)
    with temporary_file(path, content, finish=lambda handle: _set_mode(handle, mode)) as temporary:
        temporary.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def temporary_file(
    path: Path, content: bytes, *, name: str | None = None, finish: Callable[[int], None] = lambda _handle: None
) -> Iterator[Path]:
    """Write ``content`` beside ``path`` and onto the disk; what is still there at the end is removed.

    Args:
        path: What it is to replace.
        content: All of it.
        name: The temporary file's own; it must be a new one.
        finish: Given the descriptor of what was written, to set its owner and mode before it goes to the disk.

    Raises:
        OSError: It cannot be written.
    """
    temporary = path.with_name(name if name is not None else f".trayquota-{os.urandom(8).hex()}.tmp")
    try:
        with open(create_file(temporary), "wb") as file:
            file.write(content)
            file.flush()
            finish(file.fileno())
            os.fsync(file.fileno())
        yield temporary
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def create_file(path: Path) -> int:
    """Make a file for its owner alone, to be written; return its descriptor.

    Raises:
        FileExistsError: There is something at ``path``, be it a link to nothing.
        OSError: It cannot be made.
    """
    handle = open_file(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        _set_mode(handle, _PRIVATE_FILE)
    except BaseException:
        os.close(handle)
        raise
    return handle


def sync_folder(folder: Path) -> None:
    """Have the disk remember a folder's names, where the platform can say so.

    Raises:
        OSError: The disk fails.
    """
    if sys.platform != "win32":
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            if error.errno not in _UNSYNCABLE:
                raise


def open_file(path: Path, flags: int = os.O_RDONLY) -> int:
    """Open a file and return its descriptor; others may read, write, rename and remove it meanwhile on every system.

    Raises:
        OSError: It cannot be opened or made.
    """
    if sys.platform == "win32":
        from trayquota.system import windows_files

        handle = windows_files.open_shared(path, flags | _FLAGS)
    else:
        handle = os.open(path, flags | _FLAGS | _NO_WAIT, _PRIVATE_FILE)
    return handle


def _require_regular(status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise UnusableFileError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFileError(errno.ENOTSUP, Message("not a regular file"))


def _set_mode(handle: int, mode: int) -> None:
    """Set the mode of an open file, where the file system has modes."""
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.fchmod(handle, mode)
