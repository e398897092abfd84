"""What Windows has of its own for files: who has one open, and one put in the place of another with a backup.

A file that somebody has open without sharing its deletion, as most programs do, cannot be replaced. Scanners and sync
programs open every new file for a moment, so what is refused for that reason is tried again for a while.
"""

from __future__ import annotations

import contextlib
import ctypes
import msvcrt
import os
import stat
import sys
import time
from ctypes import wintypes
from typing import TYPE_CHECKING, TypeVar

assert sys.platform == "win32"

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
_READ, _WRITE, _DELETE = 0x80000000, 0x40000000, 0x00010000
_SHARE_READ, _SHARE_WRITE, _SHARE_DELETE = 1, 2, 4
_SHARE_ALL = _SHARE_READ | _SHARE_WRITE | _SHARE_DELETE
_CREATE_NEW, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 3, 4
_LOCKFILE_FAIL_IMMEDIATELY, _LOCKFILE_EXCLUSIVE_LOCK = 1, 2
_LOCK_HELD = {33, 997}
"""ERROR_LOCK_VIOLATION and, of some redirectors, ERROR_IO_PENDING."""
_FAR = 0x7FFFFFFF
_FILE_ATTRIBUTE_NORMAL = 0x80
_INVALID = ctypes.c_void_p(-1).value
_IN_USE = {32, 33, 1175, 1176, 1224}
"""ERROR_SHARING_VIOLATION, LOCK_VIOLATION, UNABLE_TO_REMOVE_REPLACED, UNABLE_TO_MOVE_REPLACEMENT, USER_MAPPED_FILE."""
_ERROR_ACCESS_DENIED = 5
_DACL = 4
_TIMEOUT_S = 2.0
_PAUSE_S = 0.05
BACKUP_MARK = "old"
"""At the end of the name of what was replaced; temporary files' own names end in hexadecimal digits."""


class _Overlapped(ctypes.Structure):
    _fields_ = (
        ("Internal", ctypes.c_void_p),
        ("InternalHigh", ctypes.c_void_p),
        ("Offset", wintypes.DWORD),
        ("OffsetHigh", wintypes.DWORD),
        ("hEvent", wintypes.HANDLE),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)
_advapi32.GetFileSecurityW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p, wintypes.DWORD),
    ctypes.POINTER(wintypes.DWORD),
)
_advapi32.SetFileSecurityW.argtypes = (wintypes.LPCWSTR, wintypes.DWORD, ctypes.c_void_p)
_kernel32.CreateFileW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.c_void_p),
    *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
)
_kernel32.CreateFileW.restype = ctypes.c_void_p
_kernel32.ReOpenFile.argtypes = (wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD)
_kernel32.ReOpenFile.restype = ctypes.c_void_p
_kernel32.LockFileEx.argtypes = (
    *(wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD),
    *(wintypes.DWORD, ctypes.POINTER(_Overlapped)),
)
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_kernel32.ReplaceFileW.argtypes = (
    *(wintypes.LPCWSTR, wintypes.LPCWSTR, wintypes.LPCWSTR),
    *(wintypes.DWORD, ctypes.c_void_p, ctypes.c_void_p),
)


def is_in_use(error: OSError) -> bool:
    """Whether something was refused because another program has the file open."""
    return error.winerror in _IN_USE


def open_shared(path: Path, flags: int) -> int:
    """Open a file so that others may do everything with it, as everywhere else, and return its descriptor.

    Args:
        path: The file.
        flags: As for ``os.open``.

    Raises:
        OSError: It is not there, or somebody keeps it to themselves.
    """
    access = {os.O_RDONLY: _READ, os.O_WRONLY: _WRITE, os.O_RDWR: _READ | _WRITE}[flags & (os.O_WRONLY | os.O_RDWR)]
    creation = _OPEN_EXISTING
    if flags & os.O_CREAT:
        creation = _CREATE_NEW if flags & os.O_EXCL else _OPEN_ALWAYS
    return msvcrt.open_osfhandle(_open(path, access, _SHARE_ALL, creation), flags | os.O_BINARY | os.O_NOINHERIT)


def lock(handle: int) -> bool:
    """Lock an open file until it is closed; return whether that came true, or somebody else holds it.

    What is locked is a byte far behind its end: others may still read and write what is in it.

    Raises:
        OSError: There are no locks here.
    """
    place = _Overlapped(Offset=0, OffsetHigh=_FAR)
    flags = _LOCKFILE_EXCLUSIVE_LOCK | _LOCKFILE_FAIL_IMMEDIATELY
    if _kernel32.LockFileEx(msvcrt.get_osfhandle(handle), flags, 0, 1, 0, ctypes.byref(place)):
        return True
    number = ctypes.get_last_error()
    if number in _LOCK_HELD:
        return False
    raise ctypes.WinError(number)


def has_writers(handle: int) -> bool:
    """Return whether anybody has an open file open for writing."""
    again = _kernel32.ReOpenFile(msvcrt.get_osfhandle(handle), _READ, _SHARE_READ | _SHARE_DELETE, 0)
    if again == _INVALID:
        return ctypes.get_last_error() in _IN_USE
    _kernel32.CloseHandle(again)
    return False


def require_replaceable(path: Path) -> None:
    """Refuse a file that another could not take the place of now.

    Raises:
        OSError: It is read-only, or another program has it open and goes on so.
    """
    if path.stat().st_file_attributes & stat.FILE_ATTRIBUTE_READONLY:
        raise ctypes.WinError(_ERROR_ACCESS_DENIED)
    _kernel32.CloseHandle(_patiently(lambda: _open(path, _WRITE | _DELETE, _SHARE_ALL)))


def exchange(first: Path, second: Path) -> None:
    """Have ``second`` stand for the file of ``first``, and the other way round; not in one step.

    Raises:
        OSError: It is refused; both are as they were.
    """
    backup = replace_with_backup(first, second)
    with contextlib.suppress(OSError):
        # Somebody who keeps it open leaves it where it is: beside, under a name of ours all the same.
        _patiently(lambda: backup.replace(first))


def replace_with_backup(replacement: Path, path: Path) -> Path:
    """Put a file in the place of another, whose access list it inherits; return where that one is now.

    Windows does it in two steps. When the second fails, ``path`` is as it was.

    Raises:
        OSError: It is refused, or another program has one of them open and goes on so.
    """
    backup = backup_path(replacement)
    try:
        _patiently(lambda: _replace(path, replacement, backup))
    except OSError:
        # ERROR_UNABLE_TO_MOVE_REPLACEMENT_2 (1177) says so, but it does no harm to look after every failure.
        restore_backup(backup, path)
        raise
    return backup


def backup_path(replacement: Path) -> Path:
    """Return where :func:`replace_with_backup` leaves what was replaced by that file."""
    return replacement.with_name(f"{replacement.stem}{BACKUP_MARK}{replacement.suffix}")


def restore_backup(backup: Path, path: Path) -> None:
    """Put a backup back where it was, unless there is a file."""
    with contextlib.suppress(OSError):
        # Unlike elsewhere, renaming replaces nothing.
        backup.rename(path)


def copy_access_list(source: Path, target: Path) -> None:
    """Let the same people do the same with ``target`` as with ``source``.

    Raises:
        OSError: The file system has no such lists, or this one may not be read or set.
    """
    size = wintypes.DWORD()
    _advapi32.GetFileSecurityW(str(source), _DACL, None, 0, ctypes.byref(size))
    descriptor = ctypes.create_string_buffer(size.value)
    if not (
        _advapi32.GetFileSecurityW(str(source), _DACL, descriptor, size, ctypes.byref(size))
        and _advapi32.SetFileSecurityW(str(target), _DACL, descriptor)
    ):
        raise ctypes.WinError(ctypes.get_last_error())


def _replace(path: Path, replacement: Path, backup: Path) -> None:
    if not _kernel32.ReplaceFileW(str(path), str(replacement), str(backup), 0, None, None):
        raise ctypes.WinError(ctypes.get_last_error())


def _open(path: Path, access: int, sharing: int, creation: int = _OPEN_EXISTING) -> int:
    handle = _kernel32.CreateFileW(str(path), access, sharing, None, creation, _FILE_ATTRIBUTE_NORMAL, None)
    if handle == _INVALID:
        raise ctypes.WinError(ctypes.get_last_error())
    return int(handle)


def _patiently(act: Callable[[], T]) -> T:
    """Do it, again for as long as somebody has the file open, but not forever."""
    end = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            return act()
        except OSError as error:
            if not is_in_use(error) or time.monotonic() >= end:
                raise
        time.sleep(_PAUSE_S)
