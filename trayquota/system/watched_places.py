"""Which folders to watch for a folder of credential files, or for a single file, and which names in them matter.

For a folder: itself, for its files, and the one it is in, for it may be moved away or made anew; while there is none it
is the nearest parent that exists. Wherever links lead, from the folder or from a file in it, the folder of each link is
watched too, and that of the file in the end: dotfiles are exchanged there, and Kubernetes exchanges a link in between.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.system.files import may_be_account, real_path

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINKS = 40
"""On the way to one file; as many as Linux follows."""
_MOST_FOLDERS = 64
"""Watched for one folder's links. What lies in further ones is noticed by a scan, within five minutes."""


class Place(Struct, frozen=True):
    """A folder to watch.

    Attributes:
        path: The real path: links are not followed by all systems.
        has_accounts: Every file in it that may be an account matters.
        names: What else matters in it.
        is_written: What is written to those names matters, not only that they come and go.
        identity: Distinguishes the folder from a successor at the same path, and a readable one from one that was not.
    """

    path: str
    has_accounts: bool
    names: frozenset[str]
    is_written: bool
    identity: tuple[int, int, bool]

    def matters(self, path: str, *, is_folder: bool) -> bool:
        """Whether something that happened to ``path`` matters."""
        name = Path(path).name
        if path == self.path or name in self.names:
            return True
        return self.has_accounts and not is_folder and may_be_account(name)


def places(path: Path, *, is_file: bool) -> list[Place]:
    """Return where to watch for ``path``, the most important place first; nothing where nothing can be looked at.

    Args:
        path: Absolute; need not exist.
        is_file: It is a file, or would be one, instead of a folder with accounts.
    """
    found = _Places()
    links, real = _resolved(path)
    if not is_file:
        found.add_accounts(real)
    found.add(real, is_written=is_file)
    for link in links:
        found.add(link)
    for file in _linked_files(real) if not is_file else ():
        if len(found) > _MOST_FOLDERS:
            break
        links, target = _resolved(file)
        for link in links:
            if link != file:
                found.add(link)
        found.add(target, is_written=True)
    return list(found)


class _Places:
    """Gathers what matters in each folder: several watches of one folder would take a thread each."""

    def __init__(self) -> None:
        self._accounts: set[Path] = set()
        self._names: dict[Path, set[str]] = {}
        self._written: set[Path] = set()

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Place]:
        for folder, names in self._names.items():
            identity = _identity(folder)
            if identity is not None:
                has_accounts, is_written = folder in self._accounts, folder in self._written
                real = str(real_path(folder))
                yield Place(real, has_accounts, frozenset(names), is_written, identity)

    def add_accounts(self, folder: Path) -> None:
        """Add a folder for its files, if there is one."""
        if _identity(folder) is not None:
            self._accounts.add(folder)
            self._names.setdefault(folder, set())

    def add(self, path: Path, *, is_written: bool = False) -> None:
        """Add the folder that ``path`` is in, or the nearest parent that exists."""
        folder, name = path.parent, path.name
        if folder in self._accounts and may_be_account(name):
            return
        while _identity(folder) is None and folder != folder.parent:
            folder, name, is_written = folder.parent, folder.name, False
        self._names.setdefault(folder, set()).add(name)
        if is_written:
            self._written.add(folder)


def _resolved(path: Path) -> tuple[list[Path], Path]:
    """Return the links on the way to what ``path`` leads to, and its real path, whether or not there is anything."""
    links: list[Path] = []
    folder, pending = Path(path.anchor), list(reversed(path.parts[1:]))
    while pending:
        name = pending.pop()
        step = folder.parent if name == ".." else folder / name
        target = _target(step) if name != ".." and len(links) < _MOST_LINKS else None
        if target is None:
            folder = step
            continue
        # Those of the system itself, as /tmp on macOS, do not change, and to watch the root costs.
        if folder != folder.parent:
            links.append(step)
        if target.is_absolute():
            folder = Path(target.anchor)
        pending += reversed(target.parts[1:] if target.is_absolute() else target.parts)
    return links, folder


def _target(path: Path) -> Path | None:
    """Return what a link says; ``None`` for anything else."""
    try:
        return path.readlink()
    except (OSError, ValueError):
        return None


def _linked_files(folder: Path) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if may_be_account(entry.name) and entry.is_symlink()]
    except OSError:
        return
    for name in sorted(names):
        yield folder / name


def _identity(folder: Path) -> tuple[int, int, bool] | None:
    try:
        if not folder.is_dir():
            return None
        status = folder.stat()
        # A folder that may not be read is not watched by all systems, and none of them says so.
        return status.st_dev, status.st_ino, os.access(folder, os.R_OK)
    except OSError:
        return None
