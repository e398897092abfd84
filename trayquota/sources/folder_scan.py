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

from trayquota.core.errors import UnreadableError
from trayquota.core.text import clean
from trayquota.providers.base import SIGN_IN
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
_SETTLED = timedelta(seconds=2)

_Signature = tuple[int, ...]


class Discovery(Struct, frozen=True):
    """What a look at the folder found.

    Attributes:
        accounts: Sorted by provider, then name.
        notice: What is wrong with the folder itself, for people.
        retry_s: Look again after so many seconds, because a file seems to be half written.
    """

    accounts: tuple[Credential, ...] = ()
    notice: str | None = None
    retry_s: float | None = None


class _Entry(Struct):
    signature: _Signature | None
    credential: Credential | None
    broken_since: datetime | None = None


class FolderScanner:
    """Reads a folder again and again, and each file only when it changed."""

    def __init__(self, folder: Path, remembered: Mapping[str, Account] | None = None) -> None:
        """Start without knowledge.

        Args:
            folder: The credentials folder; need not exist.
            remembered: Accounts by file name as last seen, to name one whose e-mail has gone from its file.
        """
        self.folder = folder
        self._entries: dict[str, _Entry] = {}
        self._remembered = dict(remembered or {})

    def scan(self, now: datetime) -> Discovery:
        """Return the accounts of the folder at ``now``. Raises nothing."""
        try:
            files = _account_files(self.folder)
        except FileNotFoundError:
            self._entries.clear()
            return Discovery(notice=f"No folder {display_path(self.folder)} yet. It is picked up when it appears.")
        except NotADirectoryError:
            self._entries.clear()
            return Discovery(
                notice=f"{display_path(self.folder)} is not a folder. Check the setting for the credentials folder."
            )
        except OSError as error:
            self._entries.clear()
            reason = os.strerror(error.errno) if error.errno else "unknown error"
            return Discovery(notice=f"{display_path(self.folder)} cannot be read ({reason}).")
        for gone in self._entries.keys() - files.keys():
            del self._entries[gone]
        for name, seen in files.items():
            self._look(name, seen, now)
        found = (entry.credential for entry in self._entries.values() if entry.credential is not None)
        waiting = any(
            entry.broken_since is not None and now - entry.broken_since < timedelta(seconds=PATIENCE_S)
            for entry in self._entries.values()
        )
        ordered = sorted(found, key=lambda each: each.account.sort_key)
        notice = None
        if not ordered and not waiting:
            notice = f"No accounts in {display_path(self.folder)} yet. They appear when your proxy has logged in."
        return Discovery(tuple(ordered), notice, _RETRY_S if waiting else None)

    def _look(self, name: str, seen: _Signature | None, now: datetime) -> None:
        entry = self._entries.setdefault(name, _Entry(None, None))
        if seen is not None and entry.signature == seen and entry.broken_since is None:
            return
        path = self.folder / name
        try:
            source = parse_fields(read_bytes(path))
        except FileNotFoundError:
            del self._entries[name]
            return
        except UnreadableError as error:
            self._keep_or_report(entry, path, str(error), now)
            return
        entry.credential = None if source is None else self._named(read_account(path, source))
        entry.broken_since = None
        # A file written a moment ago may be written again within the same tick of the file system's clock.
        settled = seen is not None and abs(now.timestamp() - seen[0] / 1e9) > _SETTLED.total_seconds()
        entry.signature = seen if settled else None

    def _keep_or_report(self, entry: _Entry, path: Path, message: str, now: datetime) -> None:
        if entry.broken_since is None or entry.broken_since > now:
            entry.broken_since = now
        if now - entry.broken_since < timedelta(seconds=PATIENCE_S):
            return
        if entry.credential is None:
            credential = unreadable_account(path, f"{message} {SIGN_IN}")
            known = self._remembered.get(credential.account.id)
            entry.credential = replace(credential, account=known) if known is not None else credential
        else:
            entry.credential = replace(entry.credential, problem=unreadable(f"{message} {SIGN_IN}"))

    def _named(self, credential: Credential) -> Credential:
        """Give an account its last known e-mail when a refresh has blanked it in the file."""
        account = credential.account
        known = self._remembered.get(account.id)
        if (
            account.name == clean(Path(credential.path).name)
            and known is not None
            and known.provider == account.provider
        ):
            plan = account.plan or known.plan
            return replace(credential, account=replace(account, name=known.name, plan=plan))
        self._remembered[account.id] = account
        return credential


def _account_files(folder: Path) -> dict[str, _Signature | None]:
    """Return the candidates with what tells a change; ``None`` for those that cannot be looked at."""
    found: dict[str, _Signature | None] = {}
    with os.scandir(folder) as entries:
        for each in entries:
            if each.name.startswith(".") or not each.name.lower().endswith(".json"):
                continue
            try:
                if each.is_dir():
                    continue
                found[each.name] = signature(each.stat())
            except OSError:
                found[each.name] = None
    return found


def display_path(folder: Path) -> str:
    """Return a folder's path for people, with ``~`` for the home folder."""
    try:
        return str(Path("~") / folder.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(folder)
