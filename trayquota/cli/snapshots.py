"""Where a command that prints has its snapshot from: one refresh, or the files alone."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.account_merge import merge_accounts
from trayquota.core.account_state import account_usage, restore
from trayquota.core.model import Snapshot
from trayquota.core.refresh_policy import PollInput, Reason, next_poll
from trayquota.sources.configured import folder_source, native_source
from trayquota.store.state import StateStore
from trayquota.system.clock import utc_now

if TYPE_CHECKING:
    from datetime import datetime

    from trayquota.core.account_state import AccountRecord
    from trayquota.settings.load import Config

_APPLET_S = timedelta(seconds=20)
"""So long after its time an applet's poll may come, be answered and be written down."""


def refresh_once(config: Config, *needed_after: str) -> Snapshot:
    """Refresh all accounts once and return the snapshot.

    Args:
        config: The settings in force.
        needed_after: Modules that the caller needs for the snapshot; imported while answers are awaited.
    """
    # It brings all of the engine, which the last known values do without.
    from trayquota.services import build_services

    def import_needed() -> None:
        # What is wrong, their use says.
        with suppress(ImportError, OSError):
            services.store.load_lock()
            for module in needed_after:
                import_module(module)

    importing = threading.Thread(target=import_needed, name="import", daemon=True)

    def show(snapshot: Snapshot) -> None:
        # Not on this thread, which signals interrupt: what an import meets may be passed over.
        if snapshot.refreshing and importing.ident is None:
            with suppress(RuntimeError):
                importing.start()

    services = build_services(config, show=show)
    try:
        services.engine.refresh(Reason.START)
        snapshot = services.engine.run_until_settled()
        return replace(snapshot, clock_offset=services.provider_clock.offset)
    finally:
        services.closing.set()
        services.engine.close()
        services.finish_token_refreshes()


class LastKnown(Struct, frozen=True):
    """What is known of all accounts without a request.

    Attributes:
        snapshot: Values count as fresh while they are younger than two intervals and the last fetch did not fail.
        due_at: When the first account will have been left alone for two intervals, or for a moment more than a running
            applet waits after a reset; ``None`` where there is none to be polled.
    """

    snapshot: Snapshot
    due_at: datetime | None


def cached_snapshot(config: Config) -> Snapshot:
    """Return the last known values; nothing is sent."""
    return last_known(config).snapshot


def last_known(config: Config) -> LastKnown:
    """Return the last known values, and when they are too old; nothing is sent."""
    from trayquota.sources.proxy_server import last_known_credentials

    store = StateStore(config.paths.state)
    records = store.load()
    folders = folder_source(config, records)
    found = folders.discover()
    while found.retry_s is not None:
        # A file that seems half written is reported when it stays so.
        time.sleep(found.retry_s)
        found = folders.discover()
    now, max_age_s = utc_now(), 2 * config.settings.interval_minutes * 60
    fresh_from, offset = now - timedelta(seconds=max_age_s), store.provider_clock().offset
    usages, due = [], []
    known = (record.account for record in records.values())
    of_proxies = last_known_credentials(known, config.settings.connected_proxies)
    sources = (found.accounts, of_proxies, native_source(config).discover().accounts)
    for credential in chain.from_iterable(merge_accounts(sources)):
        record = restore(records.get(credential.account.id), credential)
        is_fresh = record.updated_at is not None and fresh_from <= record.updated_at <= now
        usages.append(account_usage(credential, record, is_confirmed=is_fresh))
        if not credential.disabled and credential.problem is None and credential.is_supported:
            due.append(_due_at(record, max(max_age_s, credential.min_interval_s), offset, now))
    notice = None if found.is_hint and usages else found.notice
    return LastKnown(Snapshot(tuple(usages), notice=notice, clock_offset=offset), min(due, default=None))


def _due_at(record: AccountRecord, max_age_s: float, offset: timedelta, now: datetime) -> datetime:
    """Return when an account's values are too old."""
    # A running applet polls half a minute after a reset, and writes down what comes in.
    resets = (window.resets_at - offset + _APPLET_S for window in record.windows if window.resets_at is not None)
    return next_poll(PollInput(record.polled_at, max_age_s, resets=tuple(resets), gate=record.gate), now).at
