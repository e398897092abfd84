"""The composition root: everything that the tray and ``status`` are both made of, put together."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.provider_clock import ProviderClock, with_local_resets
from trayquota.core.refresh_policy import Reason
from trayquota.core.translation import _
from trayquota.engine.alert_notifier import AlertNotifier
from trayquota.engine.engine import Engine
from trayquota.engine.fetch_pool import TOKEN_REFRESH_S
from trayquota.engine.fetcher import Fetcher
from trayquota.engine.history_recorder import HistoryRecorder
from trayquota.engine.scheduler import PollInterval
from trayquota.net.transport import Transport
from trayquota.settings.display import display_options
from trayquota.sources.configured import folder_source, native_source
from trayquota.sources.native import NativeSettings
from trayquota.sources.proxy_api import ProxySource
from trayquota.store.state import StateStore
from trayquota.system.clock import utc_now
from trayquota.system.shutdown import join_fetchers
from trayquota.system.watcher import Watcher
from trayquota.tokens.manager import TokenManager
from trayquota.tokens.restoring_source import TokenRestoringSource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.core.account_state import AccountRecord
    from trayquota.core.model import Snapshot
    from trayquota.engine.publisher import SnapshotSink
    from trayquota.settings.load import Config
    from trayquota.sources.folder import FolderSource
    from trayquota.sources.management_api import Clocks, ManagementApi
    from trayquota.sources.native import NativeSource
    from trayquota.sources.proxy_server import ProxyServer
    from trayquota.views.alert import Alert

_log = logging.getLogger(__name__)


def management_api(config: Config, address: str, find_key: Callable[[], str], transport: Transport) -> ManagementApi:
    """Return the management API of the proxy at ``address``."""
    from trayquota.sources.management_api import ManagementApi
    from trayquota.store.refused_keys import RefusedKeyFile

    refused = RefusedKeyFile(config.paths.refused_keys)
    return ManagementApi(address, find_key, transport.send_to_server, refused, _clocks())


def _clocks() -> Clocks:
    from trayquota.sources.management_api import Clocks

    return Clocks(utc_now, time.monotonic)


def _proxy_source(
    config: Config, records: Mapping[str, AccountRecord], transport: Transport, provider_clock: ProviderClock
) -> ProxySource:
    """Return the source of the accounts of all proxies that are connected; what it takes is loaded with the first."""
    last_known = [record.account for record in records.values()]

    def connect(address: str) -> ManagementApi:
        from trayquota.settings.management_keys import ManagementKeys

        keys = ManagementKeys(config.paths.management_key)
        return management_api(config, address, lambda: keys.find(address), transport)

    def server(address: str) -> ProxyServer:
        from trayquota.sources.proxy_server import ProxyServer

        return ProxyServer(address, connect, last_known, _clocks())

    switches = config.settings.provider_switches
    return ProxySource(config.settings.connected_proxies, server, switches, answered=provider_clock.observe)


class Applet(Protocol):
    """The tray applet, as the engine's thread calls it."""

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot."""

    def notify(self, alert: Alert) -> None:
        """Notify of what is new in it."""

    def tick(self) -> None:
        """A minute has passed."""


class Services(Struct, frozen=True):
    """What the tray and ``status`` are both made of."""

    engine: Engine
    folders: FolderSource
    proxies: ProxySource
    native: NativeSource
    watcher: Watcher
    fetcher: Fetcher
    transport: Transport
    token_manager: TokenManager
    provider_clock: ProviderClock
    store: StateStore
    notifier: AlertNotifier
    recorder: HistoryRecorder
    closing: threading.Event

    def configure(self, config: Config) -> None:
        """Go by these settings from now on. For the engine's thread."""
        self.fetcher.refreshes_tokens = config.settings.renew_logins
        self.recorder.is_on = config.settings.history
        self.recorder.draws_sparklines = config.settings.sparklines
        self.token_manager.files.folders = config.folders
        self.folders.configure(config.folders, config.settings.provider_switches)
        self.proxies.configure(config.settings.connected_proxies, config.settings.provider_switches)
        self.native.configure(NativeSettings.of(config.settings))
        self.transport.configure(gateway=config.settings.gateway, proxy=config.settings.proxy)
        self.notifier.options = display_options(config)

    def with_local_resets(self, snapshot: Snapshot) -> Snapshot:
        """Return a snapshot whose resets are on this machine's clock."""
        return _with_local_resets(snapshot, self.provider_clock)

    def finish_token_refreshes(self) -> None:
        """Wait for token refreshes under way, once no more can begin. They may take their time."""
        # A fetch that was about to begin one as it was cancelled has begun it by the end of this.
        join_fetchers()
        if not self.token_manager.wait_idle(0):
            _log.info("waiting for a token refresh")
            with contextlib.suppress(OSError, ValueError, AttributeError):
                sys.stderr.write(f"trayquota: {_('a login is being refreshed; ending once the new one is saved.')}\n")
            self.token_manager.wait_idle(TOKEN_REFRESH_S)
            self.store.save({}, utc_now())


class SessionEndGuard:
    """Has the end of the person's session wait for token refreshes under way. For any thread."""

    def __init__(self, services: Services) -> None:
        """Guard those of ``services``."""
        self._services = services

    def hold(self) -> bool:
        """Begin no token refresh any more; return whether one is under way."""
        self._services.closing.set()
        return not self._services.token_manager.wait_idle(0)

    def resume(self) -> None:
        """Begin them again: the session goes on."""
        self._services.closing.clear()
        self._services.engine.request(Reason.WOKE)

    def finish(self) -> None:
        """Return once none is under way; the process may be ended right after."""
        self.hold()
        self._services.finish_token_refreshes()


def build_services(
    config: Config, applet: Applet | None = None, *, interval_s: float | None = None, show: SnapshotSink | None = None
) -> Services:
    """Return everything put together; nothing is started, but what a crash has left is put in order.

    Args:
        config: The settings in force.
        applet: Shows what is published; without it nothing but usage is requested, notified of or recorded.
        interval_s: Between two polls of an account, where the settings do not decide.
        show: Is given each snapshot in place of an applet.
    """
    settings, closing = config.settings, threading.Event()
    records = (store := StateStore(config.paths.state)).load()
    clock = store.provider_clock()
    transport = Transport(utc_now, gateway=settings.gateway, proxy=settings.proxy, answered=clock.observe)
    tokens = _token_manager(config, transport, store, clock, closing)
    recorder = _recorder(config, clock)
    notify = applet.notify if applet else lambda _alert: None
    notifier = AlertNotifier(store, notify, utc_now, display_options(config))
    folders = folder_source(config, records, watcher := Watcher())
    proxies, native = _proxy_source(config, records, transport, clock), native_source(config, watcher)
    fetcher = Fetcher(
        transport.send, tokens, clock.now, sends_rare_requests=applet is not None, senders={proxies.name: proxies.send}
    )
    fetcher.refreshes_tokens = settings.renew_logins
    engine = Engine(
        sources=[TokenRestoringSource(folders, tokens), proxies, native],
        fetch=fetcher,
        store=store,
        clock=utc_now,
        sinks=[show] if show else _sinks(applet, notifier, recorder, clock),
        interval=PollInterval(settings.interval_minutes * 60 if interval_s is None else interval_s),
        records=records,
        on_tick=applet.tick if applet else lambda: None,
    )
    _notify_early_resets(recorder, notifier, engine)
    return Services(
        engine, folders, proxies, native, watcher, fetcher, transport, tokens, clock, store, notifier, recorder, closing
    )


def _token_manager(
    config: Config, transport: Transport, store: StateStore, provider_clock: ProviderClock, closing: threading.Event
) -> TokenManager:
    """Return what refreshes tokens; what a crash has left is in order."""
    token_manager = TokenManager(config.paths.state_dir, transport.send, store, provider_clock.now, closing)
    token_manager.files.folders = config.folders
    token_manager.recover()
    return token_manager


def _sinks(
    applet: Applet | None, notifier: AlertNotifier, recorder: HistoryRecorder, provider_clock: ProviderClock
) -> list[SnapshotSink]:
    """Return what each snapshot is given to, in this order; nothing without an applet."""
    if applet is None:
        return []
    return [applet.show, lambda snapshot: notifier(_with_local_resets(snapshot, provider_clock)), recorder]


def _recorder(config: Config, provider_clock: ProviderClock) -> HistoryRecorder:
    is_on = config.settings.history
    recorder = HistoryRecorder(config.paths.history, utc_now, lambda: provider_clock.offset, is_on=is_on)
    recorder.draws_sparklines = config.settings.sparklines
    return recorder


def _notify_early_resets(recorder: HistoryRecorder, notifier: AlertNotifier, engine: Engine) -> None:
    """Have early resets that the recorder finds notified of, on the engine's thread."""
    recorder.on_early_resets = lambda resets: engine.post(
        partial(notifier.notify_early_resets, resets, engine.snapshot)
    )


def _with_local_resets(snapshot: Snapshot, provider_clock: ProviderClock) -> Snapshot:
    return with_local_resets(replace(snapshot, clock_offset=provider_clock.offset))
