"""What endangers logins: files that several programs or people can use, and folders that take no new login.

For ``doctor``: sentences without a file's name, which people choose after accounts.
"""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

from trayquota.core.text import format_duration
from trayquota.core.translation import Message
from trayquota.sources.credential_file import read_refresh_token
from trayquota.system.files import real_path
from trayquota.tokens.pending_tokens import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import timedelta
    from pathlib import Path

_READ, _WRITE = 0o044, 0o022


def login_warnings(folders: Sequence[Path]) -> Iterator[str]:
    """Yield what is wrong with the credential files of ``folders``, and with the folders themselves."""
    files = [
        (Message("credential file {number}", number=number), path)
        for number, path in enumerate(_credential_files(folders), start=1)
    ]
    for folder in dict.fromkeys(folders):
        yield from _folder_warnings(folder)
    holders: dict[str, list[str]] = {}
    for name, path in files:
        yield from _file_warnings(name, path)
        if token := read_refresh_token(path):
            holders.setdefault(fingerprint(token), []).append(name)
    for names in holders.values():
        if len(names) > 1:
            yield Message(
                "{files} hold the same login: whoever refreshes one of them ends the others", files=_listed(names)
            )


def _listed(names: Sequence[str]) -> str:
    first, *rest = names
    return Message("{first} and {rest}", first=first, rest=_listed(rest)) if rest else first


def access_warnings(paths: Iterable[tuple[str, Path]], *, is_secret: bool = True) -> Iterator[str]:
    """Yield who else can get at files or folders, and at what is above them.

    Args:
        paths: Each with what it is to be called; need not exist.
        is_secret: Others must not read them either.
    """
    for name, path in paths:
        bits = _others(path) & (_WRITE | _READ if is_secret else _WRITE)
        if bits:
            yield _access_warning(name, path, bits)
        yield from _parent_warnings(name, path)


def _parent_warnings(name: str, path: Path) -> Iterator[str]:
    for parent in real_path(path).parents:
        # In a sticky folder nobody replaces what is somebody else's.
        if _others(parent) & _WRITE and not _mode(parent) & stat.S_ISVTX:
            yield Message(
                "a folder above {name}: mode {mode}, others can replace what is in it",
                name=name,
                mode=f"{_mode(parent):04o}",
            )


def clock_warning(offset: timedelta) -> str | None:
    """Return how far this machine's clock is off, if it is."""
    if not offset:
        return None
    how_far = format_duration(abs(offset.total_seconds()))
    if offset.total_seconds() > 0:
        return Message(
            "this machine's clock is {time} behind the providers'; expiry and resets are reckoned by theirs",
            time=how_far,
        )
    return Message(
        "this machine's clock is {time} ahead of the providers'; expiry and resets are reckoned by theirs", time=how_far
    )


def _folder_warnings(folder: Path) -> Iterator[str]:
    if not folder.is_dir():
        return
    bits = _others(folder) & (_READ | _WRITE | 0o011)
    if bits:
        yield Message(
            "mode {mode}: other people on this machine can enter it; chmod 700 closes it", mode=f"{_mode(folder):04o}"
        )
    yield from _parent_warnings(Message("the credentials folder"), folder)
    if not os.access(folder, os.W_OK):
        yield Message(
            "the folder can be read, but not written: logins in it are not refreshed here, your proxy has to do that"
        )


def _file_warnings(name: str, path: Path) -> Iterator[str]:
    try:
        status = path.stat()
    except OSError:
        return
    if bits := _others(path) & (_READ | _WRITE):
        yield _access_warning(name, path, bits)
    if sys.platform != "win32" and status.st_uid != os.geteuid():
        yield Message("{name} belongs to another user: only that user's programs refresh it", name=name)
    if status.st_nlink > 1:
        yield Message(
            "{name} has {st_nlink} names (hard links): it is refreshed in place, which is less safe",
            name=name,
            st_nlink=status.st_nlink,
        )


def _access_warning(name: str, path: Path, bits: int) -> str:
    mode, closed = f"{_mode(path):04o}", "700" if path.is_dir() else "600"
    if bits & _WRITE:
        return Message(
            "{name}: mode {mode}, writable by others; chmod {closed} closes it", name=name, mode=mode, closed=closed
        )
    return Message(
        "{name}: mode {mode}, readable by others; chmod {closed} closes it", name=name, mode=mode, closed=closed
    )


def _credential_files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in dict.fromkeys(folders):
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            continue
        for path in paths:
            if path.name.lower().endswith(".json") and not path.name.startswith(".") and path.is_file():
                yield path


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0


if sys.platform == "win32":

    def _others(_path: Path) -> int:
        return 0

else:

    def _others(path: Path) -> int:
        """Return the bits of a mode that are for anybody but its owner; a group of its owner alone is nobody else."""
        mode = _mode(path)
        return mode & 0o007 if mode & 0o070 and _is_own_group(path) else mode & 0o077

    def _is_own_group(path: Path) -> bool:
        import grp
        import pwd

        try:
            status = path.stat()
            group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
        except (OSError, KeyError):
            return False
        return group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
