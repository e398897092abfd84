"""Values out of another program's SQLite database, which is left as it is: nothing is made beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from trayquota.core.errors import FileInUseError, UnreadableError
from trayquota.core.translation import Message
from trayquota.sources.credential_file import LARGEST_BYTES
from trayquota.system.files import open_regular

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path, PurePath

_WAIT_S = 0.2


def read_values(path: Path, wanted: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
    """Return the values of keys in tables of ``key`` and ``value``; what there is not, is left out.

    Args:
        path: Of the database.
        wanted: By a name of the caller's choice, a table and a key.

    Raises:
        FileNotFoundError: It is gone.
        FileInUseError: Its owner is writing.
        UnreadableError: It is no such database.
    """
    _check(path)
    found: dict[str, bytes] = {}
    try:
        with contextlib.closing(sqlite3.connect(_address(path), uri=True, timeout=_WAIT_S)) as database:
            for name, (table, key) in wanted.items():
                # The tables' names are this program's own.
                query = f"SELECT value FROM {table} WHERE key = ? AND length(value) <= ?"  # noqa: S608 - see above
                row = database.execute(query, (key, LARGEST_BYTES)).fetchone()
                if row is not None and isinstance(row[0], str | bytes):
                    found[name] = row[0].encode() if isinstance(row[0], str) else row[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            message = Message("Its program is writing the file. It is read when it can be.")
            raise FileInUseError(message) from None
        message = Message("The file is not a database of the form that is known.")
        raise UnreadableError(message) from None
    except (sqlite3.Error, UnicodeError):
        message = Message("The file is not a database of the form that is known.")
        raise UnreadableError(message) from None
    return found


def _check(path: Path) -> None:
    """Raise for what is no regular file, as for any other login."""
    try:
        os.close(open_regular(path, os.O_RDONLY))
    except FileNotFoundError:
        raise
    except OSError as error:
        message = Message("The file cannot be read ({reason}).", reason=error.strerror)
        raise UnreadableError(message) from None


def _address(path: Path) -> str:
    """Return how to open it: together with a program that has it open, else as a file that nobody changes.

    Only so nothing is made beside it. What is not in the database itself yet, is in the two further files.
    """
    has_writer = all(path.with_name(path.name + suffix).exists() for suffix in ("-wal", "-shm"))
    return f"{database_uri(path)}?{'mode=ro' if has_writer else 'mode=ro&immutable=1'}"


def database_uri(path: PurePath) -> str:
    """Return what SQLite takes for an absolute path: of a share on Windows, no server where a server has its place."""
    uri = path.as_uri()
    return uri if uri.startswith("file:///") else f"file://{uri.removeprefix('file:')}"
