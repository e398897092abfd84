"""A credential file made ready for a new pair of tokens, before the old one is spent.

All that the disk, the folder or the file's owner could refuse later is requested now: a file beside it, with the owner,
the group and the mode that it has to have, as large as the result and on the disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from typing import TYPE_CHECKING

from trayquota.core.errors import TokenWriteError
from trayquota.core.translation import Message
from trayquota.sources.credential_file import LARGEST_BYTES
from trayquota.system.file_lock import try_lock
from trayquota.system.files import create_file, is_in_use, open_file
from trayquota.system.mounts import mounts
from trayquota.system.native_files import exchange_files, keep_room
from trayquota.tokens.journal import ROOM_BYTES
from trayquota.tokens.lock import reason
from trayquota.tokens.pending_tokens import fingerprint

if sys.platform == "win32":
    from trayquota.system import windows_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_USE = Message("another program has it open")
TEMPORARY = ".trayquota-{}-{}.tmp"
_ACCESS_LIST = "system.posix_acl_access"
_LINK, _TOO_LARGE = Message("it has just become a link to another file"), Message("it is too large")
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


class PreparedFile:
    """A credential file that can take a new pair, with the file beside it. Closed by :meth:`close`.

    Attributes:
        path: Its real path.
        is_in_place: No other file can take its place: it can only be written itself.
        displaced: The descriptor of the file whose place was taken last, where it can still be looked at.
        has_displaced: That file has the temporary one's name now, and can go back.
    """

    def __init__(self, path: Path) -> None:
        """Make it ready.

        Raises:
            TokenWriteError: It is somebody else's, or its result would be too large.
            OSError: The disk or the folder refuses.
        """
        self.path = path
        self.displaced: int | None = None
        self.has_displaced = False
        self._temporary: Path | None = None
        self._handle: int | None = None
        try:
            self.is_in_place = self._prepare()
        except BaseException:
            self.close()
            raise

    def fill(self, content: bytes) -> None:
        """Have the temporary file hold ``content``, on the disk; a displaced one is let go for a new one.

        Raises:
            OSError: The disk fails.
        """
        if self._handle is None:
            self._remove_temporary()
            self._make_temporary(self.path.stat())
        _write(self._handle, content)

    def swap(self) -> None:
        """Have the temporary file take the place of the one at the path, in one step.

        Raises:
            TokenWriteError: Another program of this kind is at it, or there is a link at the path by now.
            OSError: It is refused, or there is no file any more.
        """
        temporary = self._temporary
        if temporary is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if sys.platform == "win32":
            # There an open file keeps others from replacing it, and is not put in the place of another.
            self._close_displaced()
            self._close_handle()
        else:
            self._look_at_file()
        if self.path.is_symlink():
            raise TokenWriteError(_LINK)
        try:
            exchange_files(temporary, self.path)
        except NotImplementedError:
            temporary.replace(self.path)
            self._temporary = None
        else:
            if temporary.is_symlink():
                exchange_files(temporary, self.path)
                raise TokenWriteError(_LINK)
            self.has_displaced = True
            with contextlib.suppress(OSError):
                self._look_at_other(temporary)
        # What is in place now is not ours to keep open.
        self._close_handle()

    def close(self) -> None:
        """Remove what is beside the file."""
        self._close_displaced()
        self._remove_temporary()

    def _prepare(self) -> bool:
        """Make the temporary file, as large as the result; return whether it can take the file's place."""
        status = self.path.stat()
        require_own(status)
        # Text is written with escapes, which take up to three times the bytes.
        size = 3 * status.st_size + ROOM_BYTES
        if size > LARGEST_BYTES:
            raise TokenWriteError(_TOO_LARGE)
        is_alike = self._make_temporary(status)
        # White space is no account, so nobody can take it for one.
        _write(self._handle, b" " * size)
        is_in_place = not is_alike or status.st_nlink > 1 or _is_mounted(self.path)
        _require_writable(self.path, size, is_in_place=is_in_place)
        return is_in_place

    def _make_temporary(self, status: os.stat_result) -> bool:
        self._temporary = self.path.with_name(TEMPORARY.format(temporary_mark(self.path), os.urandom(6).hex()))
        self._handle = create_file(self._temporary)
        # As long as it is locked, it is no leftover of a crash.
        with contextlib.suppress(OSError):
            try_lock(self._handle)
        is_alike = True
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                windows_files.copy_access_list(self.path, self._temporary)
        else:
            is_alike = _make_alike(self._handle, self.path, status)
        return is_alike

    def _look_at_file(self) -> None:
        """Keep hold of the file that is at the path now, and lock it against others of our kind."""
        self._close_displaced()
        self.displaced = open_file(self.path)
        with contextlib.suppress(OSError):
            if not try_lock(self.displaced):
                raise TokenWriteError(Message("another program is writing it"))

    def _look_at_other(self, temporary: Path) -> None:
        """Where yet another file has been displaced than the one looked at, keep hold of that one."""
        if self.displaced is None or not os.path.samestat(os.fstat(self.displaced), temporary.stat()):
            self._close_displaced()
            self.displaced = open_file(temporary)
            try_lock(self.displaced)

    def _close_displaced(self) -> None:
        if self.displaced is not None:
            os.close(self.displaced)
            self.displaced = None

    def _close_handle(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = None

    def _remove_temporary(self) -> None:
        if self._temporary is not None:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)
        self._temporary, self.has_displaced = None, False
        self._close_handle()


@contextlib.contextmanager
def ready_file(path: Path) -> Iterator[PreparedFile]:
    """Make the file at the real path ``path`` ready; what is beside it in the end is removed.

    Raises:
        TokenWriteError: It cannot take a new pair: nothing may be sent.
    """
    try:
        prepared = PreparedFile(path)
    except FileNotFoundError:
        raise TokenWriteError(Message("it cannot be read at the moment")) from None
    except OSError as error:
        raise write_error(error) from None
    try:
        yield prepared
    finally:
        prepared.close()


def write_error(error: OSError) -> TokenWriteError:
    """Return what the system says of a file that cannot be written, for people."""
    if is_in_use(error):
        return TokenWriteError(IN_USE, is_in_use=True)
    text = reason(error)
    return TokenWriteError(
        Message("it is read-only here: {reason}", reason=text) if error.errno in _READ_ONLY else text
    )


def require_own(status: os.stat_result) -> None:
    """Refuse a file of somebody else: only its owner's programs refresh it.

    Raises:
        TokenWriteError: It is one.
    """
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        raise TokenWriteError(Message("it belongs to another user"))


def temporary_mark(path: Path) -> str:
    """Return what the temporary files of one credential file have in common; its name would make theirs too long."""
    return fingerprint(path.name)[:16]


def _write(handle: int | None, content: bytes) -> None:
    if handle is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    os.lseek(handle, 0, os.SEEK_SET)
    os.ftruncate(handle, min(os.fstat(handle).st_size, len(content)))
    while content:
        content = content[os.write(handle, content) :]
    os.fsync(handle)


if sys.platform != "win32":

    def _make_alike(handle: int, path: Path, status: os.stat_result) -> bool:
        """Give a file the group, the attributes and the mode of another; return whether nobody loses or gains by it."""
        if os.fstat(handle).st_gid != status.st_gid:
            with contextlib.suppress(OSError):
                os.fchown(handle, -1, status.st_gid)
        has_same_list = _copy_attributes(handle, path)
        with contextlib.suppress(OSError):
            os.fchmod(handle, stat.S_IMODE(status.st_mode))
        mine = os.fstat(handle)
        is_same_group = mine.st_gid == status.st_gid or not status.st_mode & stat.S_IRWXG
        return has_same_list and is_same_group and (mine.st_uid, mine.st_mode) == (status.st_uid, status.st_mode)


if sys.platform == "linux":

    def _copy_attributes(handle: int, path: Path) -> bool:
        """Copy a file's attributes; return whether its access list, which a group's rights hang on, came along."""
        names, copied = set[str](), set[str]()
        with contextlib.suppress(OSError):
            names = set(os.listxattr(path))
            if _ACCESS_LIST not in names:
                # One that the folder gives to new files would let others in.
                os.removexattr(handle, _ACCESS_LIST)
        for name in names:
            with contextlib.suppress(OSError):
                os.setxattr(handle, name, os.getxattr(path, name))
                copied.add(name)
        return _ACCESS_LIST not in names or _ACCESS_LIST in copied

else:

    def _copy_attributes(_handle: int, _path: Path) -> bool:
        return True


def _is_mounted(path: Path) -> bool:
    """Whether a file is mounted by itself, as container tools do: no other can take its place then."""
    try:
        return any(mount.place == os.fsencode(path) for mount in mounts())
    except OSError:
        return False


def _require_writable(path: Path, size: int, *, is_in_place: bool) -> None:
    """Refuse a file that is immutable, on a read-only mount or kept by another program; have room where it is needed.

    Raises:
        OSError: It is one, or the disk is full.
    """
    if sys.platform == "win32" and not is_in_place:
        windows_files.require_replaceable(path)
        return
    try:
        handle = open_file(path, os.O_RDWR)
    except PermissionError as error:
        # A mode that forbids to write is no obstacle to putting another file in its place.
        if is_in_place or error.errno == errno.EPERM:
            raise
        return
    try:
        if is_in_place:
            keep_room(handle, size)
    finally:
        os.close(handle)
