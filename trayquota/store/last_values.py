"""The last known values of all accounts for those in a hurry: the state's file, and which credential files are there.

No credential file is understood here, no provider's module imported. What has come since the state was written is
missing until it is written again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from trayquota.core.account_state import recorded_usage
from trayquota.core.model import AccountState, AccountUsage, Snapshot
from trayquota.core.provider_clock import ProviderClock, with_local_resets
from trayquota.store.account_records import MAX_BYTES, account_records, clock_offset, read_document
from trayquota.system.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from trayquota.store.account_records import Document

_MAX_FILE_BYTES = 1 << 20


class LastValues(Struct, frozen=True):
    """What is known.

    Attributes:
        snapshot: The accounts, resets on this machine's clock.
        has_accounts: There are credential files, known or not.
    """

    snapshot: Snapshot
    has_accounts: bool


class _Switch(Struct, frozen=True):
    """What switches an account off in its file."""

    disabled: bool | float | str | None = None


def last_values(
    state: Path, folders: Sequence[Path], now: datetime, patience: timedelta, providers_off: Collection[str] = ()
) -> LastValues:
    """Return the last known values.

    Args:
        state: The state's file.
        folders: The credentials folders.
        now: The moment.
        patience: Values are fresh for so long, if the last fetch did not fail.
        providers_off: Their accounts count as disabled.
    """
    names = {folder: _account_names(folder) for folder in folders}
    document = _document(state)
    usages = []
    for record in account_records(document) if document else ():
        path = None if record is None else _path(record.account.id, names)
        if record is None or path is None:
            continue
        if record.account.provider in providers_off or _is_disabled(path):
            usages.append(AccountUsage(record.account, AccountState.DISABLED))
            continue
        is_fresh = record.updated_at is not None and now - patience <= record.updated_at <= now
        usages.append(recorded_usage(record, is_fresh=is_fresh))
    usages.sort(key=lambda usage: usage.account.sort_key)
    known = clock_offset(document) if document else None
    offset = ProviderClock(lambda: now, time.monotonic, known=known).offset
    snapshot = with_local_resets(Snapshot(tuple(usages), clock_offset=offset))
    return LastValues(snapshot, any(names.values()))


def _document(state: Path) -> Document | None:
    try:
        return read_document(read_bounded(state, MAX_BYTES))
    except (OSError, ValueError):
        return None


def _account_names(folder: Path) -> set[str]:
    try:
        return {name for name in os.listdir(folder) if name.lower().endswith(".json") and not name.startswith(".")}  # noqa: PTH208 - pathlib's makes a path of each
    except OSError:
        return set()


def _path(account_id: str, names: dict[Path, set[str]]) -> Path | None:
    """Return an account's file; the id of one whose name was taken has its folder's before it."""
    place, _, name = account_id.rpartition("/")
    for folder, found in names.items():
        if name in found and (not place or place.startswith(folder.name)):
            return folder / name
    return None


def _is_disabled(path: Path) -> bool:
    try:
        value = msgspec.json.decode(read_bounded(path, _MAX_FILE_BYTES), type=_Switch).disabled
    except (OSError, ValueError):
        return False
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)
