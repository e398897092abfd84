"""What the tray and ``status`` are both made of, put together."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.account_state import account_usage, restore
from trayquota.core.model import Snapshot
from trayquota.core.refresh_policy import Reason
from trayquota.engine.engine import Engine
from trayquota.engine.fetcher import Fetcher
from trayquota.providers import provider_title, usage_page
from trayquota.settings.locales import time_format
from trayquota.sources.folder import FolderSource
from trayquota.store.state import StateStore
from trayquota.system.shutdown import join_fetchers
from trayquota.system.watcher import Watcher
from trayquota.tokens.manager import TokenManager
from trayquota.views.labels import DisplayOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.engine.fetcher import Sender
    from trayquota.settings.config import Config

_RENEWAL_S = 60.0
_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def display_options(config: Config) -> DisplayOptions:
    """Return how things are to be shown."""
    settings = config.settings
    return DisplayOptions(
        provider_title=provider_title,
        usage_page=usage_page,
        low_percent=settings.low_percent,
        critical_percent=settings.critical_percent,
        style=settings.icon_style,
        ignored_windows=frozenset(settings.ignore_windows),
        hide_names=settings.hide_emails,
        clock_format=time_format(config.locale),
    )


class Services(Struct, frozen=True):
    """What the tray and ``status`` are both made of."""

    engine: Engine
    folders: FolderSource
    watcher: Watcher
    fetcher: Fetcher
    sender: _LateSender
    keeper: TokenManager
    store: StateStore
    known: Mapping[str, AccountRecord]
    closing: threading.Event

    def configure(self, config: Config) -> None:
        """Go by these settings from now on. For the engine's thread."""
        self.fetcher.renew_logins = config.settings.renew_logins
        self.folders.use(config.folders, config.settings.providers_off)
        self.sender.use(config)

    def finish_token_refreshes(self) -> None:
        """Wait for logins that are being renewed, once nothing new is asked. They may take their time."""
        # Who was about to begin one as the questions were withdrawn has begun it by the end of this.
        join_fetchers()
        if not self.keeper.wait_idle(0):
            _log.info("waiting for a login's renewal")
            self.keeper.wait_idle(_RENEWAL_S)
            self.store.save({}, utc_now())


def build_services(  # noqa: PLR0913 - the composition root's one call
    config: Config,
    *,
    publish: Callable[[Snapshot], None] = lambda _snapshot: None,
    on_folder_change: Callable[[], None] | None = None,
    on_tick: Callable[[], None] = lambda: None,
    interval_s: float | None = None,
    sends_rare_requests: bool = False,
) -> Services:
    """Return the parts, put together; nothing is started but what a crash has left is put in order."""
    settings, closing = config.settings, threading.Event()
    store = StateStore(config.paths.state)
    known = store.load()
    sender = _LateSender(config)
    keeper = TokenManager(
        config.paths.state_dir,
        lambda request, *, proxy_url: sender().send(request, proxy_url=proxy_url),
        store,
        utc_now,
        closing,
    )
    keeper.recover()
    watcher = Watcher()
    folders = _folders(config, known)
    if on_folder_change is not None:
        folders.be_watched(watcher, on_folder_change)
    fetcher = Fetcher(
        sender, keeper, utc_now, renew_logins=settings.renew_logins, sends_rare_requests=sends_rare_requests
    )
    engine = Engine(
        folder=folders,
        fetch=fetcher,
        memory=store,
        clock=utc_now,
        publish=publish,
        interval_s=interval_s if interval_s is not None else settings.interval_minutes * 60,
        known=known,
        on_tick=on_tick,
        get_ready=sender,
    )
    return Services(engine, folders, watcher, fetcher, sender, keeper, store, known, closing)


def _folders(config: Config, known: Mapping[str, AccountRecord]) -> FolderSource:
    accounts = {key: each.account for key, each in known.items()}
    return FolderSource(config.folders, accounts, providers_off=config.settings.providers_off)


class _LateSender:
    """Makes the transport when the first request is about to go: its imports take their time."""

    def __init__(self, config: Config) -> None:
        self._lock = threading.Lock()
        self._route = (config.settings.gateway, config.settings.proxy)
        self._made: Sender | None = None

    def use(self, config: Config) -> None:
        """Send by these settings from now on; what is under way ends as it began."""
        route = (config.settings.gateway, config.settings.proxy)
        with self._lock:
            if route != self._route:
                self._route, self._made = route, None

    def __call__(self) -> Sender:
        with self._lock:
            if self._made is None:
                from trayquota.net.transport import Transport

                gateway, proxy = self._route
                self._made = Transport(utc_now, gateway=gateway, proxy=proxy)
            return self._made


def refresh_once(config: Config) -> Snapshot:
    """Ask all accounts once and return what came of it; used by ``status``."""
    parts = build_services(config)
    try:
        parts.engine.refresh(Reason.START)
        # For saving what comes of it; imported while the answers are on their way, where no signal cuts it short.
        threading.Thread(target=import_module, args=("filelock",), name="import").start()
        return parts.engine.run_until_settled()
    finally:
        parts.closing.set()
        parts.engine.close()
        parts.finish_token_refreshes()


def cached_snapshot(config: Config) -> Snapshot:
    """Return the last known values; nothing is sent.

    Values count as fresh while they are younger than two intervals and the last try did not fail.
    """
    known = StateStore(config.paths.state).load()
    folders = _folders(config, known)
    scan = folders.scan(utc_now())
    while scan.retry_s is not None:
        # A file that seems half written is told of when it stays so.
        time.sleep(scan.retry_s)
        scan = folders.scan(utc_now())
    now = utc_now()
    young = now - timedelta(minutes=2 * config.settings.interval_minutes)
    usages = []
    for credential in scan.accounts:
        last = restore(known.get(credential.account.id), credential)
        is_young = last.updated_at is not None and young <= last.updated_at <= now
        usages.append(account_usage(credential, last, is_confirmed=is_young))
    return Snapshot(tuple(usages), notice=scan.notice)
