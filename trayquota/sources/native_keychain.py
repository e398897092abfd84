"""Claude Code's login in the macOS keychain. To read it asks the person for permission, so it is read seldom."""

from __future__ import annotations

import getpass
import hashlib
import subprocess
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from trayquota.core.errors import UnreadableError
from trayquota.sources.native_places import claude_folder
from trayquota.sources.native_readers import read_native

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.credential import Credential
    from trayquota.sources.native_places import NativePlace

_SERVICE = "Claude Code-credentials"
_REST = timedelta(minutes=15)
"""Between two readings, which is often enough to see that Claude Code has refreshed a login that has ended."""
_TIMEOUT_S = 60.0
"""For the person who is asked."""
_VARIABLES = ("CLAUDE_SECURESTORAGE_CONFIG_DIR", "CLAUDE_CONFIG_DIR")


class ClaudeKeychain:
    """The login, as it was read last. For one thread at a time."""

    def __init__(self, run: Callable[[Sequence[str]], bytes | None] | None = None) -> None:
        """Read nothing yet; ``run`` runs a command and returns its output, ``None`` when it failed."""
        self._run = run or run_command
        self._read_at: datetime | None = None
        self._credential: Credential | None = None

    def read(self, place: NativePlace, environment: Mapping[str, str], home: Path, now: datetime) -> Credential | None:
        """Return the account, with the login as of the last reading; read again once that has ended.

        Args:
            place: Of the same login as a file, under whose name it is shown.
            environment: Where its folder is named, on which the entry's name depends.
            home: The home folder.
            now: The time.
        """
        known, read_at = self._credential, self._read_at
        is_good = known is not None and not known.login.is_expired(now)
        if read_at is not None and (is_good or timedelta() <= now - read_at < _REST):
            return known
        self._read_at = now
        content = self._run(command(environment, home))
        try:
            self._credential = read_native(place, content) if content else None
        except (OSError, UnreadableError):
            self._credential = None
        return self._credential


def command(environment: Mapping[str, str], home: Path) -> list[str]:
    """Return the system's own command that prints the entry."""
    service = _SERVICE
    if any(environment.get(name) for name in _VARIABLES):
        folder = unicodedata.normalize("NFC", str(claude_folder(environment, home)))
        service += f"-{hashlib.sha256(folder.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
    user = environment.get("USER") or getpass.getuser()
    return ["/usr/bin/security", "find-generic-password", "-s", service, "-a", user, "-w"]


def run_command(arguments: Sequence[str]) -> bytes | None:
    """Return the output of a command, ``None`` when it fails or takes longer than a person."""
    try:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=_TIMEOUT_S)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
