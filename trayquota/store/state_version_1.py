"""``state.json`` as version 1 wrote it, made into version 2: what has another name or place is moved, no more.

A record that makes no sense stays as it is, for the reader of version 2 to refuse and count.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from trayquota.core.person import person
from trayquota.store.account_records import VERSION, Document

if TYPE_CHECKING:
    from collections.abc import Callable


class _Document(Struct, frozen=True):
    """Accounts by their id, back-offs by fingerprint, alerts by account id and window, a line feed between."""

    accounts: dict[str, Raw] = {}
    refusals: dict[str, Raw] = {}
    told: dict[str, Raw] = {}


def upgrade(content: bytes) -> Document:
    """Return the document that says the same in version 2.

    Raises:
        msgspec.DecodeError: It is broken.
    """
    old = msgspec.json.decode(content, type=_Document)
    accounts = tuple(_converted(raw, partial(_account, account_id)) for account_id, raw in old.accounts.items())
    alerts = tuple(_converted(raw, partial(_alert, key)) for key, raw in old.told.items())
    return Document(VERSION, accounts, old.refusals, alerts)


def _converted(raw: Raw, convert: Callable[[dict[str, Any]], object]) -> Raw:
    try:
        return Raw(msgspec.json.encode(convert(msgspec.json.decode(raw, type=dict[str, Any]))))
    except (ValueError, RecursionError):
        return raw


def _account(account_id: str, record: dict[str, Any]) -> object:
    account: dict[str, Any] = {name: record.pop(name) for name in ("provider", "name", "plan") if name in record}
    account["person"] = _person(account_id, account.get("name"), record.pop("person", None))
    if "asked_at" in record:
        record["polled_at"] = record.pop("asked_at")
    gate = record.get("gate")
    if isinstance(gate, dict) and "step_s" in gate:
        gate["backoff_s"] = gate.pop("step_s")
    return {"account": {"id": account_id, **account}, **record}


def _person(account_id: str, name: object, account: object) -> object:
    """Return whose it was; version 1 had a fingerprint of the account's own id, and the name."""
    whose = person(name=name if isinstance(name, str) and name != account_id else None)
    return replace(whose, account=account) if isinstance(account, str) else whose


def _alert(key: str, record: dict[str, Any]) -> object:
    account_id, _, window = key.rpartition("\n")
    if "severity" in record:
        record["level"] = record.pop("severity")
    return {"key": {"account_id": account_id, "window": window or None}, "state": record}
