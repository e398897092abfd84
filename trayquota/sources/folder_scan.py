"""The folder's accounts: every file that may hold one, read again while it is half written."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.text import clean
from trayquota.core.translation import Message
from trayquota.providers.base import SIGN_IN
from trayquota.sources.base import Discovery
from trayquota.sources.credential_file import parse_fields, read_account, read_bytes, unreadable_account
from trayquota.sources.retrying_file import RetryingFile, retry_s
from trayquota.system.files import may_be_account, signature
from trayquota.system.home import known_home

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from trayquota.core.credential import Credential
    from trayquota.core.model import Account
    from trayquota.sources.retrying_file import Signature

_PATH_LIMIT = 300
"""Characters shown of a folder's path."""


class FolderScanner:
    """Reads a folder again and again, and each file only when it changed. For one thread at a time."""

    def __init__(self, folder: Path, last_known: Mapping[str, Account] | None = None) -> None:
        """Scan nothing yet.

        Args:
            folder: The credentials folder; need not exist.
            last_known: Accounts by file name, to name one whose e-mail has gone from its file.
        """
        self.folder = folder
        self._files: dict[str, RetryingFile] = {}
        self._last_known = dict(last_known or {})

    def scan(self, now: datetime) -> Discovery:
        """Return the accounts of the folder at ``now``, sorted by provider, then name. Raises nothing."""
        try:
            files = _account_files(self.folder)
        except OSError as error:
            self._files.clear()
            is_hint = isinstance(error, FileNotFoundError)
            return Discovery(notice=_folder_notice(self.folder, error), is_hint=is_hint)
        for gone in self._files.keys() - files.keys():
            del self._files[gone]
        for name, found in files.items():
            self._read(name, found, now)
        accounts = sorted(
            (file.credential for file in self._files.values() if file.credential is not None),
            key=lambda credential: credential.account.sort_key,
        )
        notice = None
        if not accounts and not any(file.is_waiting(now) for file in self._files.values()):
            notice = Message(
                "No accounts in {path} yet. They appear when your proxy has logged in.", path=display_path(self.folder)
            )
        return Discovery(tuple(accounts), notice, retry_s(self._files.values(), now), is_hint=notice is not None)

    def _read(self, name: str, found: Signature | None, now: datetime) -> None:
        path = self.folder / name
        file = self._files.setdefault(name, RetryingFile())
        try:
            file.read(found, now, partial(self._account, path), partial(self._stand_in, path), SIGN_IN)
        except FileNotFoundError:
            del self._files[name]

    def _account(self, path: Path) -> Credential | None:
        source = parse_fields(read_bytes(path))
        return None if source is None else self._with_last_name(read_account(path, source))

    def _stand_in(self, path: Path, message: str) -> Credential:
        credential = unreadable_account(path, message)
        last = self._last_known.get(credential.account.id)
        is_known = last is not None and last.place in {"", credential.account.place}
        return replace(credential, account=last) if is_known else credential

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
        return Message("No folder {path} yet. It is picked up when it appears.", path=display_path(folder))
    if isinstance(error, NotADirectoryError):
        return Message(
            "{path} is not a folder. Check the setting for the credentials folder.", path=display_path(folder)
        )
    reason = os.strerror(error.errno) if error.errno else Message("unknown error")
    return Message("{path} cannot be read ({reason}).", path=display_path(folder), reason=reason)


def _account_files(folder: Path) -> dict[str, Signature | None]:
    """Return the signatures of the files that may hold accounts; ``None`` for those that cannot be looked at."""
    found: dict[str, Signature | None] = {}
    with os.scandir(folder) as entries:
        for file in entries:
            if not may_be_account(file.name):
                continue
            try:
                if not file.is_dir():
                    found[file.name] = signature(file.stat())
            except OSError:
                found[file.name] = None
    return found


def display_path(folder: Path) -> str:
    """Return a folder's path for people, with ``~`` for the home folder."""
    home = known_home()
    if home is not None and folder.is_relative_to(home):
        folder = Path("~") / folder.relative_to(home)
    return clean(str(folder), _PATH_LIMIT)
