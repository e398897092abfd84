"""The composition root: builds the parts, starts and names every thread, owns the clock."""

from __future__ import annotations

import logging
import signal
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trayquota.core.cadence import Reason
from trayquota.core.compose import tooltip, view
from trayquota.core.model import Snapshot
from trayquota.core.view import Action, ActionKind
from trayquota.core.words import Look
from trayquota.credentials.login import LoginKeeper
from trayquota.credentials.scan import Scanner
from trayquota.fetch import Fetcher
from trayquota.knowledge import remembered, usage_of
from trayquota.leaving import end_signals, join_fetchers
from trayquota.providers import provider_title, usage_page
from trayquota.refresh import Engine
from trayquota.store.state import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from trayquota.config import Config
    from trayquota.credentials.scan import Scan
    from trayquota.credentials.watch import Watcher
    from trayquota.fetch import Sender
    from trayquota.store.state import Known
    from trayquota.tray._pystray import Icon
    from trayquota.tray.backend import Choice

NAME = "trayquota"
_GRACE_S = 0.8
_RENEWAL_S = 60.0
_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def look_of(config: Config) -> Look:
    """Return how things are to be shown."""
    return Look(provider_title=provider_title, usage_page=usage_page, locale=config.locale)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the tray and ``status`` are both made of."""

    engine: Engine
    keeper: LoginKeeper
    store: Store
    known: Mapping[str, Known]
    closing: threading.Event

    def finish_renewals(self) -> None:
        """Wait for logins that are being renewed, once nothing new is asked. They may take their time."""
        # Who was about to begin one as the questions were withdrawn has begun it by the end of this.
        join_fetchers()
        if not self.keeper.wait_idle(0):
            _log.info("waiting for a login's renewal")
            self.keeper.wait_idle(_RENEWAL_S)
            self.store.save({}, utc_now())


class _Folder:
    """The credentials folder, watched where somebody wants to know of changes."""

    def __init__(self, scanner: Scanner, ensure_watched: Callable[[], None]) -> None:
        self._scanner = scanner
        self._ensure_watched = ensure_watched

    def scan(self, now: datetime) -> Scan:
        # Watched first, so that nothing can change between the look and the watch.
        self._ensure_watched()
        return self._scanner.scan(now)


def build(
    config: Config,
    *,
    publish: Callable[[Snapshot], None] = lambda _snapshot: None,
    ensure_watched: Callable[[], None] = lambda: None,
    on_tick: Callable[[], None] = lambda: None,
    interval_s: float | None = None,
) -> Parts:
    """Return the parts, put together; nothing is started but what a crash has left is put in order."""
    settings, closing = config.settings, threading.Event()
    store = Store(config.places.state)
    known = store.load()
    sender = _late_sender(config)
    keeper = LoginKeeper(
        config.places.state_dir,
        lambda request, *, proxy_url: sender().send(request, proxy_url=proxy_url),
        store,
        utc_now,
        closing,
    )
    keeper.recover()
    scanner = Scanner(config.folder, {key: each.account for key, each in known.items()})
    engine = Engine(
        folder=_Folder(scanner, ensure_watched),
        fetch=Fetcher(sender, keeper, utc_now, renew_logins=settings.renew_logins),
        memory=store,
        clock=utc_now,
        publish=publish,
        interval_s=interval_s if interval_s is not None else settings.interval_minutes * 60,
        known=known,
        on_tick=on_tick,
    )
    return Parts(engine, keeper, store, known, closing)


def _late_sender(config: Config) -> Callable[[], Sender]:
    """Return what makes the transport when the first request is about to go: its imports take their time."""
    made: list[Sender] = []
    lock = threading.Lock()

    def sender() -> Sender:
        with lock:
            if not made:
                from trayquota.transport import Transport  # noqa: PLC0415 - heavy

                settings = config.settings
                made.append(Transport(utc_now, gateway=settings.gateway, proxy=settings.proxy))
            return made[0]

    return sender


def refresh_once(config: Config) -> Snapshot:
    """Ask all accounts once and return what came of it; used by ``status``."""
    parts = build(config)
    try:
        parts.engine.refresh(Reason.START)
        return parts.engine.run_until_settled()
    finally:
        parts.closing.set()
        parts.engine.close()
        parts.finish_renewals()


def cached_snapshot(config: Config) -> Snapshot:
    """Return the last known values; nothing is sent.

    Values count as fresh while they are younger than two intervals and the last try did not fail.
    """
    known, now = Store(config.places.state).load(), utc_now()
    scan = Scanner(config.folder, {key: each.account for key, each in known.items()}).scan(now)
    young = now - timedelta(minutes=2 * config.settings.interval_minutes)
    usages = []
    for credential in scan.credentials:
        last = remembered(known.get(credential.account.id), credential)
        is_young = last.updated_at is not None and young <= last.updated_at <= now
        usages.append(usage_of(credential, last, is_confirmed=is_young))
    return Snapshot(tuple(usages), notice=scan.notice)


class App:
    """The tray applet. Lives on the main thread, with the engine on another."""

    def __init__(self, config: Config, choice: Choice, *, interval_s: float | None = None) -> None:
        """Build everything; :meth:`run` starts it.

        Args:
            config: The settings in force.
            choice: The tray backend.
            interval_s: Between two questions to one account, where the settings do not decide.

        Raises:
            TrayUnavailable: The backend does not work here.
        """
        from trayquota.tray.backend import icon_class  # noqa: PLC0415 - `status` needs no tray
        from trayquota.tray.presenter import TRAITS, Presenter, Traits  # noqa: PLC0415

        self._config = config
        self._look = look_of(config)
        self._tells_on_click = choice.name == "xorg"
        self._icon: Icon = icon_class(choice)(NAME)
        self._presenter = Presenter(self._icon, TRAITS.get(choice.name, Traits()), self._act)
        self._watcher = _LateWatcher(config, self._folder_changed)
        self._parts = build(
            config,
            publish=self._show,
            ensure_watched=self._watcher.ensure,
            on_tick=self._show_again,
            interval_s=interval_s,
        )
        self._engine_thread = threading.Thread(target=self._parts.engine.run, name="engine")
        self._is_leaving = False

    def run(self) -> int:
        """Show the tray until it is quit; return the exit code.

        Raises:
            TrayUnavailable: No tray can be shown.
        """
        for each in end_signals():
            signal.signal(each, lambda _number, _frame: self._leave())
        engine = self._parts.engine
        engine.prepare()
        engine.request(Reason.START)
        try:
            if not self._is_leaving:
                self._icon.run(self._set_up)
        finally:
            self._close()
        return 0

    def _set_up(self, icon: Icon) -> None:
        try:
            icon.visible = True
        finally:
            if self._is_leaving:
                # The signal came before there was a loop to stop.
                icon.stop()
            else:
                self._engine_thread.start()

    def _leave(self) -> None:
        self._is_leaving = True
        self._icon.stop()

    def _close(self) -> None:
        """End everything. Only a login that is being renewed may take its time."""
        self._is_leaving = True
        engine = self._parts.engine
        self._parts.closing.set()
        if self._engine_thread.ident is None:
            engine.close()
        else:
            engine.post(engine.close)
            self._engine_thread.join(_GRACE_S)
        self._watcher.stop()
        self._parts.finish_renewals()

    def _show(self, snapshot: Snapshot) -> None:
        self._presenter.show(view(snapshot, utc_now(), self._look))

    def _show_again(self) -> None:
        self._show(self._parts.engine.snapshot)

    def _folder_changed(self) -> None:
        self._parts.engine.folder_changed()

    def _act(self, action: Action) -> None:
        from trayquota.desktop.opening import open_folder, open_page  # noqa: PLC0415 - most days nobody clicks

        match action.kind:
            case ActionKind.REFRESH:
                self._parts.engine.request(Reason.ASKED)
                if self._tells_on_click:
                    self._tell()
            case ActionKind.OPEN_FOLDER:
                open_folder(self._config.folder)
            case ActionKind.OPEN_PAGE:
                open_page(action.argument)
            case ActionKind.QUIT:
                self._leave()

    def _tell(self) -> None:
        """Show as a notification what other trays show on hover."""
        headline, _, rest = tooltip(view(self._parts.engine.snapshot, utc_now(), self._look)).partition("\n")
        self._icon.notify(rest, headline)


class _LateWatcher:
    """A watcher that is made on the engine's thread: the first picture does not wait for its imports."""

    def __init__(self, config: Config, on_change: Callable[[], None]) -> None:
        self._config = config
        self._on_change = on_change
        self._watcher: Watcher | None = None
        self._is_first = True

    def ensure(self) -> None:
        if self._is_first:
            # The very first look happens before the tray is up; the engine's own comes right after.
            self._is_first = False
            return
        if self._watcher is None:
            from trayquota.credentials.watch import Watcher  # noqa: PLC0415 - heavy

            self._watcher = Watcher(self._config.folder, self._on_change)
        self._watcher.ensure()

    def stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
