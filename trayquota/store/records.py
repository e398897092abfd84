"""The state and its file's content: read with tolerance, record by record, and written strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct, field
from msgspec.structs import replace

from trayquota.core.model import Instant
from trayquota.store.account_records import VERSION, Document, account_records, clock_offset, decoded, read_document
from trayquota.tokens.refresher import RefreshBackoff
from trayquota.views.alert_state import AlertKey, AlertState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.provider_clock import ClockOffset


class StoredState(Struct, frozen=True):
    """All that survives a restart.

    Attributes:
        accounts: What is known of each account, by its id.
        refresh_backoffs: When refresh tokens may be tried again, by their fingerprint.
        alert_states: What the person was notified of.
        unreadable: How many records made no sense and are left out.
        clock_offset: How far the clock was off, and which clock that was.
        snoozed_until: Until when the person wants no notification; ``None`` for no such time.
    """

    accounts: Mapping[str, AccountRecord] = field(default_factory=dict)
    refresh_backoffs: Mapping[str, RefreshBackoff] = field(default_factory=dict)
    alert_states: Mapping[AlertKey, AlertState] = field(default_factory=dict)
    unreadable: int = 0
    clock_offset: ClockOffset | None = None
    snoozed_until: Instant | None = None


class Snooze(Struct, frozen=True):
    """Notifications are held back.

    Attributes:
        until: The end of that.
    """

    until: Instant


class _AlertRecord(Struct, frozen=True):
    key: AlertKey
    state: AlertState


def decode(content: bytes) -> StoredState:
    """Return the state in ``content``, be it of this version or of an earlier one.

    Raises:
        ForeignError: It was written by another version.
        ValueError: It is broken.
    """
    document = read_document(content)
    records = account_records(document)
    accounts = {record.account.id: record for record in records if record is not None}
    by_token = {token: decoded(raw, RefreshBackoff) for token, raw in document.refresh_backoffs.items()}
    backoffs = {token: backoff for token, backoff in by_token.items() if backoff is not None}
    alerts = [decoded(raw, _AlertRecord) for raw in document.alerts]
    # Of an account that is gone nothing needs to be known.
    states = {alert.key: alert.state for alert in alerts if alert is not None and alert.key.account_id in accounts}
    unreadable = records.count(None) + len(by_token) - len(backoffs)
    snooze = decoded(document.snooze, Snooze)
    snoozed_until = snooze.until if snooze else None
    return StoredState(accounts, backoffs, states, unreadable, clock_offset(document), snoozed_until)


def encode(state: StoredState) -> bytes:
    """Return the content of a file that holds ``state``; a record that no file can hold is left out."""
    # Which folder a file is in is found out at each start.
    accounts = (replace(record, account=replace(record.account, folder="")) for record in state.accounts.values())
    alerts = (_AlertRecord(key, alert) for key, alert in state.alert_states.items())
    backoffs = {token: raw for token, backoff in state.refresh_backoffs.items() for raw in _encoded(backoff, token)}
    document = Document(
        VERSION,
        tuple(raw for record in accounts for raw in _encoded(record)),
        backoffs,
        tuple(raw for alert in alerts for raw in _encoded(alert)),
        Raw(msgspec.json.encode(state.clock_offset)),
        Raw(msgspec.json.encode(state.snoozed_until and Snooze(state.snoozed_until))),
    )
    return msgspec.json.encode(document)


def _encoded(record: Struct, key: str = "") -> tuple[Raw, ...]:
    """Return the record as JSON; nothing when it, or the key it stands under, has text that no file can hold."""
    try:
        key.encode()
        return (Raw(msgspec.json.encode(record, enc_hook=str)),)  # a message that can be translated is a text, too
    except (ValueError, TypeError):
        return ()
