"""The last known values of all accounts for those in a hurry: the state's file, and which credential files are there.

No credential file is understood here, no provider's module imported. What has come since the state was written is
missing until it is written again.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from trayquota.core.account_state import recorded_usage
from trayquota.core.model import NATIVE, AccountState, AccountUsage, Snapshot
from trayquota.core.provider_clock import ProviderClock, with_local_resets
from trayquota.store.account_records import MAX_BYTES, account_records, clock_offset, read_document
from trayquota.system.files import may_be_account, read_bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.model import Account
    from trayquota.store.account_records import Document

_FOLDER, _PROXY = "folder", "proxy"
_DAY = timedelta(days=1)
_MAX_FILE_BYTES = 1 << 20


class LastValues(Struct, frozen=True):
    """What is known.

    Attributes:
        snapshot: The accounts, resets on this machine's clock.
        has_accounts: There are any, known or not.
    """

    snapshot: Snapshot
    has_accounts: bool


class _Switch(Struct, frozen=True):
    """What switches an account off in its file."""

    disabled: bool | float | str | None = None


class Shown(Struct, frozen=True):
    """The settings that decide whose values are shown.

    Attributes:
        folders: The credentials folders.
        proxies: The addresses of those that are connected.
        native_logins: ``auto``, ``on`` or ``off``: other programs' own logins.
        providers_off: Their accounts count as disabled.
    """

    folders: Sequence[Path]
    proxies: Collection[str] = ()
    native_logins: str = "off"
    providers_off: Collection[str] = ()


def last_values(state: Path, shown: Shown, now: datetime, max_age: timedelta) -> LastValues:
    """Return the last known values.

    Args:
        state: The state's file.
        shown: Whose.
        now: The moment.
        max_age: Values are fresh for so long, if the last fetch did not fail.
    """
    names = {folder: _account_names(folder) for folder in shown.folders}
    document = _document(state)
    records = [record for record in account_records(document) if record is not None] if document else []
    usages: list[AccountUsage] = []
    # In the order in which one account of several sources is shown.
    for source in (_FOLDER, _PROXY, NATIVE):
        others = [usage.account for usage in usages]
        for record in (record for record in records if record.account.source == source):
            path = _path(record.account, names) if source == _FOLDER else None
            if path is None and not _is_elsewhere(record, others, shown, now):
                continue
            is_off = record.account.provider in shown.providers_off
            if is_off or (_is_disabled(path) if path is not None else record.account.paused):
                usages.append(AccountUsage(record.account, AccountState.DISABLED))
                continue
            is_fresh = record.updated_at is not None and now - max_age <= record.updated_at <= now
            usages.append(recorded_usage(record, is_fresh=is_fresh))
    usages.sort(key=lambda usage: usage.account.sort_key)
    known = clock_offset(document) if document else None
    offset = ProviderClock(lambda: now, time.monotonic, known=known).offset
    snapshot = with_local_resets(Snapshot(tuple(usages), clock_offset=offset))
    return LastValues(snapshot, bool(usages) or any(names.values()))


def _is_elsewhere(record: AccountRecord, others: Sequence[Account], shown: Shown, now: datetime) -> bool:
    """Whether an account is still there, in no folder: at a connected proxy, or as another program's own login.

    No login is looked for here: one counts for a day after it was last seen.
    """
    account = record.account
    alike = [other for other in others if other.provider == account.provider and other.source != account.source]
    if any(account.person.is_known_same(other.person) for other in alike):
        return False
    if account.source == _PROXY:
        return account.server in shown.proxies
    is_recent = record.polled_at is not None and now - _DAY <= record.polled_at
    in_folder = any(other.source == _FOLDER for other in alike)
    mode = shown.native_logins
    return account.source == NATIVE and is_recent and (mode == "on" or (mode == "auto" and not in_folder))


def _document(state: Path) -> Document | None:
    try:
        return read_document(read_bounded(state, MAX_BYTES))
    except (OSError, ValueError):
        return None


def _account_names(folder: Path) -> set[str]:
    try:
        return {name for name in os.listdir(folder) if may_be_account(name)}  # noqa: PTH208 - pathlib's makes a path of each
    except OSError:
        return set()


def _path(account: Account, names: dict[Path, set[str]]) -> Path | None:
    """Return an account's file; the id of one whose name was taken has its folder's before it."""
    prefix, _, name = account.id.rpartition("/")
    for folder, found in names.items():
        is_place = account.place in {"", str(folder)} and (not prefix or prefix.startswith(folder.name))
        if is_place and name in found:
            return folder / name
    return None


def _is_disabled(path: Path) -> bool:
    try:
        value = msgspec.json.decode(read_bounded(path, _MAX_FILE_BYTES), type=_Switch).disabled
    except (OSError, ValueError):
        return False
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)
