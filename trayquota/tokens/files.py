"""The credential files of the known folders, kept at the newest pair of the chain that each of them holds."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import TokenWriteError
from trayquota.system.files import real_path, sync_folder
from trayquota.tokens.in_place import finish_writing, recorded_contents
from trayquota.tokens.leftovers import clear_leftover, leftovers
from trayquota.tokens.lock import reason
from trayquota.tokens.old_journals import convert_old_journals
from trayquota.tokens.pending_tokens import fingerprint
from trayquota.tokens.writer import write_disabled, write_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trayquota.tokens.journal import Journal
    from trayquota.tokens.pending_tokens import PendingTokens
    from trayquota.tokens.prepared_file import PreparedFile


class TokenFiles:
    """Writes pairs into every file that holds a spent token. For any thread; who calls it holds the pair's lock."""

    def __init__(self, journal: Journal) -> None:
        """Take the pairs that follow a spent token from ``journal``."""
        self._journal = journal
        self.folders: Sequence[Path] = ()
        """Where further files may hold the same login. May be set at any time."""
        self.on_in_use: Callable[[], None] = lambda: None
        """Called when another program keeps a file from being written: it is to be tried again soon."""

    def successor(self, refresh_token: str, access_token: str) -> PendingTokens | None:
        """Return the newest pair of the chain that a file's tokens are in; ``None`` when they are that, or in none.

        Raises:
            OSError: The journal cannot be read.
        """
        if not refresh_token:
            return None
        spent = fingerprint(refresh_token)
        entry = self._journal.newest(spent)
        # Where the refresh token stays the same, only the access token says whether somebody else has refreshed it.
        if entry is not None and entry.refresh_token == refresh_token and fingerprint(access_token) != entry.replaces:
            return None
        return entry

    def flush(self, entry: PendingTokens, path: Path, prepared: PreparedFile | None = None) -> str | None:
        """Write a pair into all files that hold a token it follows; return why the one at ``path`` cannot take it yet.

        Args:
            entry: The newest pair of its chain.
            path: The path of the file that counts.
            prepared: That file made ready, if it is.
        """
        problem, has_arrived = None, False
        # There may be a link by now where the file was.
        path = real_path(path)
        try:
            if not self._update(path, prepared if prepared is not None and prepared.path == path else None):
                # It may be this very pair, put there right before a crash.
                sync_folder(path.parent)
            has_arrived = True
        except TokenWriteError as error:
            problem = str(error)
        except OSError as error:
            problem = reason(error)
        for other in self._paths():
            if other != path:
                with contextlib.suppress(TokenWriteError):
                    has_arrived = self._update(other) or has_arrived
        self._journal.save_again(entry)
        if has_arrived:
            with contextlib.suppress(OSError):
                self._journal.mark_written(entry)
        return problem

    def recover(self) -> None:
        """See to what a crash, or an earlier version, has left. Raises nothing."""
        convert_old_journals(self._journal)
        placed = recorded_contents(self._journal.folder)
        finish_writing(self._journal.folder)
        for folder in self._real_folders():
            for path, temporary in leftovers(folder):
                clear_leftover(path, temporary, self._journal, placed.get(path))

    def write_disabled(self, path: Path, *, disabled: bool) -> bool:
        """Have the file at ``path`` say whether its account is ``disabled``; return whether it did not before.

        Raises:
            TokenWriteError: It cannot be read or written now; it is as it was.
        """
        return write_disabled(real_path(path), self._journal.folder, disabled=disabled)

    def _update(self, path: Path, prepared: PreparedFile | None = None) -> bool:
        try:
            return write_tokens(path, self.successor, self._journal.folder, prepared)
        except TokenWriteError as error:
            if error.is_in_use:
                self.on_in_use()
            raise

    def _paths(self) -> Iterator[Path]:
        """Yield the real paths of all files that may be accounts, each once."""
        seen = set[Path]()
        for folder in self.folders:
            with contextlib.suppress(OSError):
                for entry in os.scandir(folder):
                    if not entry.name.startswith(".") and entry.name.lower().endswith(".json"):
                        seen.add(real_path(entry.path))
        yield from sorted(seen)

    def _real_folders(self) -> set[Path]:
        pending = {Path(entry.path).parent for entry in self._journal.pending()}
        return {real_path(folder) for folder in self.folders} | pending
