"""Journals of versions up to 0.1, which were keyed by the credential file's path: 32 hexadecimal digits."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from trayquota.system.file_lock import lock_held
from trayquota.tokens.journal import PENDING, Journal, read_last

if TYPE_CHECKING:
    from pathlib import Path

_OLD_NAME = rf"[0-9a-f]{{32}}{re.escape(PENDING)}"  # compiled by the first who needs it


def convert_old_journals(journal: Journal) -> None:
    """Take over what an earlier version has kept; what cannot be read or written now stays. Raises nothing."""
    with contextlib.suppress(OSError):
        for path in sorted(journal.folder.iterdir()):
            if re.fullmatch(_OLD_NAME, path.name):
                # The earlier version may still run; it locks this file.
                with contextlib.suppress(OSError), lock_held(path.with_suffix(".lock")) as is_held:
                    if is_held:
                        _convert(journal, path)


def _convert(journal: Journal, path: Path) -> None:
    entry = read_last(path)
    if entry is not None and journal.newest(entry.base) is None:
        with journal.reserved(entry.base) as room:
            room.write(entry)
    path.unlink()
