"""The folder's accounts, with patience for a writer that truncates files in place.

A file that cannot be read keeps its account's last state and is read again within a second; only what stays
broken is reported.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.errors import FileInUseError, UnreadableError
from trayquota.core.text import clean
from trayquota.providers.base import SIGN_IN
from trayquota.sources.base import Discovery
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes, unreadable, unreadable_account
from trayquota.system.files import signature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Credential
    from trayquota.core.model import Account

PATIENCE_S = 1.0
"""How long a broken file may be one that is being written."""
_RETRY_S = 0.25
_IN_USE_RETRY_S = 2.0
_PATH_LIMIT = 300
"""Characters shown of a folder's path."""
_SETTLED = timedelta(seconds=2)

_Signature = tuple[int, ...]


class _Entry(Struct):
    signature: _Signature | None
    credential: Credential | None
    broken_since: datetime | None = None
    is_in_use: bool = False


class FolderScanner:
    """Reads a folder again and again, and each file only when it changed. For one thread at a time."""

    def __init__(self, folder: Path, last_known: Mapping[str, Account] | None = None) -> None:
        """Scan nothing yet.

        Args:
            folder: The credentials folder; need not exist.
            last_known: Accounts by file name, to name one whose e-mail has gone from its file.
        """
        self.folder = folder
        self._entries: dict[str, _Entry] = {}
        self._last_known = dict(last_known or {})

    def scan(self, now: datetime) -> Discovery:
        """Return the accounts of the folder at ``now``, sorted by provider, then name. Raises nothing."""
        try:
            files = _account_files(self.folder)
        except OSError as error:
            self._entries.clear()
            is_hint = isinstance(error, FileNotFoundError)
            return Discovery(notice=_folder_notice(self.folder, error), is_hint=is_hint)
        for gone in self._entries.keys() - files.keys():
            del self._entries[gone]
        for name, found in files.items():
            self._read(name, found, now)
        accounts = sorted(
            (entry.credential for entry in self._entries.values() if entry.credential is not None),
            key=lambda credential: credential.account.sort_key,
        )
        is_waiting = any(
            entry.broken_since is not None and now - entry.broken_since < timedelta(seconds=PATIENCE_S)
            for entry in self._entries.values()
        )
        notice = None
        if not accounts and not is_waiting:
            notice = f"No accounts in {display_path(self.folder)} yet. They appear when your proxy has logged in."
        retry_s = _RETRY_S if is_waiting else None
        if retry_s is None and any(entry.is_in_use for entry in self._entries.values()):
            retry_s = _IN_USE_RETRY_S
        return Discovery(tuple(accounts), notice, retry_s, is_hint=notice is not None)

    def _read(self, name: str, found: _Signature | None, now: datetime) -> None:
        """Read a file, unless it is as it was."""
        entry = self._entries.setdefault(name, _Entry(None, None))
        is_read = entry.broken_since is None and not entry.is_in_use
        if found is not None and entry.signature == found and is_read:
            return
        path = self.folder / name
        try:
            source = parse_fields(read_bytes(path))
        except FileNotFoundError:
            del self._entries[name]
            return
        except FileInUseError as error:
            # Nothing is wrong with it: what is known of it holds.
            entry.is_in_use = True
            if entry.credential is None:
                self._keep_or_report(entry, path, str(error), now)
            return
        except UnreadableError as error:
            entry.is_in_use = False
            self._keep_or_report(entry, path, f"{error} {SIGN_IN}", now)
            return
        entry.credential = None if source is None else self._with_last_name(read_account(path, source))
        entry.broken_since, entry.is_in_use = None, False
        # A file written a moment ago may be written again within the same tick of the file system's clock.
        is_settled = found is not None and abs(now.timestamp() - found[0] / 1e9) > _SETTLED.total_seconds()
        entry.signature = found if is_settled else None

    def _keep_or_report(self, entry: _Entry, path: Path, message: str, now: datetime) -> None:
        if entry.broken_since is None or entry.broken_since > now:
            entry.broken_since = now
        if now - entry.broken_since < timedelta(seconds=PATIENCE_S):
            return
        if entry.credential is None:
            credential = unreadable_account(path, message)
            last = self._last_known.get(credential.account.id)
            entry.credential = replace(credential, account=last) if last is not None else credential
        else:
            entry.credential = replace(entry.credential, problem=unreadable(message))

    def _with_last_name(self, credential: Credential) -> Credential:
        """Return an account with its last known e-mail, when a token refresh has blanked it in the file."""
        account = credential.account
        last = self._last_known.get(account.id)
        is_nameless = account.name == clean(Path(credential.path).name)
        if is_nameless and last is not None and last.is_same_person(account):
            return replace(credential, account=replace(account.completed(last), name=last.name))
        self._last_known[account.id] = account
        return credential


def _folder_notice(folder: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"No folder {display_path(folder)} yet. It is picked up when it appears."
    if isinstance(error, NotADirectoryError):
        return f"{display_path(folder)} is not a folder. Check the setting for the credentials folder."
    reason = os.strerror(error.errno) if error.errno else "unknown error"
    return f"{display_path(folder)} cannot be read ({reason})."


def _account_files(folder: Path) -> dict[str, _Signature | None]:
    """Return the signatures of the files that may hold accounts; ``None`` for those that cannot be looked at."""
    found: dict[str, _Signature | None] = {}
    with os.scandir(folder) as entries:
        for file in entries:
            if file.name.startswith(".") or not file.name.lower().endswith(".json"):
                continue
            try:
                if not file.is_dir():
                    found[file.name] = signature(file.stat())
            except OSError:
                found[file.name] = None
    return found


def display_path(folder: Path) -> str:
    """Return a folder's path for people, with ``~`` for the home folder."""
    try:
        shown = str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        shown = str(folder)
    return clean(shown, _PATH_LIMIT)
