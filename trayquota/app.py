"""The tray applet: one icon, shown what the engine publishes; a click is one more reason to refresh."""

from __future__ import annotations

import gc
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from trayquota.core.refresh_policy import Reason
from trayquota.core.translation import _, marked, shown
from trayquota.engine.icon_peek import IconPeek
from trayquota.engine.status_notification import StatusNotification
from trayquota.engine.tray_views import TrayViews
from trayquota.services import SessionEndGuard, build_services
from trayquota.settings.current import CurrentSettings
from trayquota.settings.display import display_options
from trayquota.settings.settings_actions import SettingsAction, SettingsActions
from trayquota.system.autostart_switch import AutostartSwitch
from trayquota.system.clock import reload_time_zone, utc_now
from trayquota.system.shutdown import on_shutdown
from trayquota.views.tray_view import AccountAction, OpenFolder, OpenHistory, OpenPage, Quit, Refresh, Snooze

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trayquota.core.model import Snapshot
    from trayquota.engine.account_actions import AccountActions
    from trayquota.engine.alert_outlets import AlertOutlets
    from trayquota.settings.load import Config
    from trayquota.system.instance_calls import Reply
    from trayquota.tray.backend_choice import BackendChoice
    from trayquota.views.alert import Alert
    from trayquota.views.labels import DisplayOptions
    from trayquota.views.tray_view import Action, TrayView

_GRACE_S, _REST_S = 0.8, 0.3  # the second is after the start: by then most providers have answered
_SETTLE_S = 0.2  # an editor writes a file in several steps
_log = logging.getLogger(__name__)


class App:
    """The tray applet. Lives on the main thread, with the engine on another."""

    _account_actions: AccountActions | None = None
    _outlets: AlertOutlets | None = None
    _is_quitting = False
    _start_error: RuntimeError | None = None

    def __init__(  # noqa: PLR0913 - what the two commands that show it differ in
        self,
        config: Config,
        choice: BackendChoice,
        *,
        reload: Callable[[], Config],
        interval_s: float | None = None,
        autostart_options: Sequence[str] | None = None,
        open_history: Callable[[], str | None] | None = None,
    ) -> None:
        """Put everything together; :meth:`run` starts it.

        Args:
            config: The settings in force.
            choice: The tray backend.
            reload: Reads the settings anew; raises ``ConfigError``.
            interval_s: Between two polls of an account, where the settings do not decide.
            autostart_options: The menu has a row to start at login, with these options; without them it has none.
            open_history: Shows the page of the history, or returns why it cannot; the menu has a row for it.

        Raises:
            TrayUnavailableError: The backend does not work here.
        """
        from trayquota.tray.tray import Tray

        self._fixed_interval_s, self._open_history = interval_s, open_history
        self._options = display_options(config)
        self._autostart = AutostartSwitch(autostart_options)
        self._tray = Tray("trayquota", choice, self.act)
        self._services = build_services(config, self, interval_s=interval_s)
        self._status_notification = StatusNotification(self._services.engine, self.notify_status)
        self._settings = CurrentSettings(config, reload, self._settings_changed, self._services.watcher)
        self._settings_actions = SettingsActions(self._settings, self._autostart, self)
        notifier, recorder = self._services.notifier, self._services.recorder
        peek, has_page = IconPeek(self._services.engine, self.show_anew), open_history is not None
        self._views = TrayViews(self._tray, self._settings, self._autostart, notifier, recorder, peek, has_page)
        self._engine_thread = threading.Thread(target=self._services.engine.run, name="engine")
        self._connect_tray()

    def run(self) -> int:
        """Show the tray until it is quit; return the exit code.

        Raises:
            TrayUnavailableError: No tray can be shown.
            RuntimeError: No thread is to be had.
        """
        engine = self._services.engine
        with on_shutdown(self._quit):
            engine.prepare()
            engine.post(engine.fetch_prepared)
            engine.call_later("rest of the start", _REST_S, self._finish_start)
            try:
                if not self._is_quitting:
                    self._tray.run(self._set_up)
            finally:
                self._close()
        if self._start_error is not None:
            raise self._start_error
        return 0

    def refresh_and_notify(self) -> None:
        """Refresh, then notify of all accounts: for a second start or a middle click. From any thread."""
        self._services.engine.request(Reason.MANUAL)
        self._services.engine.post(self._status_notification.await_answers)

    def answer(self, request: str) -> Reply:
        """Do what a second start or a command requests. From any thread."""
        from trayquota.engine.applet_requests import answer

        return answer(request, self, self._services.engine.post, utc_now)

    def _connect_tray(self) -> None:
        """Have what the tray notices done on the engine's thread."""
        tray, post = self._tray, self._services.engine.post
        tray.on_click = lambda: post(self.notify_status)
        tray.on_middle_click = self.refresh_and_notify
        tray.on_scroll = lambda icon, steps: post(
            lambda: self._views.scroll(self._services.engine.snapshot, self._options, icon, steps)
        )
        tray.on_change = lambda: post(self.show_anew)
        tray.session_end = SessionEndGuard(self._services)

    def _set_up(self) -> None:
        # What is there now stays: the collector need not go through it again and again.
        gc.freeze()
        gc.enable()
        if self._is_quitting:  # The signal came before there was a loop to stop.
            self._tray.stop()
            return
        try:
            self._engine_thread.start()
        except RuntimeError as error:
            # No thread is to be had. What runs the set-up on a thread of its own would pass over it.
            self._start_error = error
            self._tray.stop()

    def _quit(self) -> None:
        self._is_quitting = True
        self._tray.stop()

    def _close(self) -> None:
        """End everything. Only a token refresh under way may take its time."""
        self._is_quitting = True
        engine = self._services.engine
        self._services.closing.set()
        if self._engine_thread.ident is None:
            engine.close()
        else:
            engine.post(engine.close)
            self._engine_thread.join(_GRACE_S)
        self._services.watcher.stop()
        self._services.recorder.wait_idle(_GRACE_S)
        if self._outlets is not None:
            self._outlets.close(_GRACE_S)
        self._services.finish_token_refreshes()

    # On the engine's thread.

    def _finish_start(self) -> None:
        """Load and check what neither the first picture nor the first requests wait for."""
        from trayquota.system.fonts import bar_glyphs

        self._check_settings_file()
        self._autostart.check()
        self._options = replace(self._options, bar_glyphs=bar_glyphs())
        self._accounts()
        # The sources watch from their next discovery on.
        self._services.engine.refresh(Reason.CHANGED)
        self.show_anew()
        self._services.recorder.start()
        self._services.recorder(self._services.engine.snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show a snapshot, and notify of it when it was awaited."""
        self._show(snapshot)
        self._status_notification.published()

    def _show(self, snapshot: Snapshot) -> None:
        self._tray.show(*self._views.of_icons(self._services.with_local_resets(snapshot), self._options, utc_now()))
        if self._account_actions is not None:
            self._account_actions.check(snapshot)

    def notify(self, alert: Alert) -> None:
        """Notify of what is new; a click on that opens the provider's page."""
        settings = self._settings.config.settings
        if settings.notifications:
            self._tray.notify_of(alert, self._options.usage_page(alert.provider), has_sound=settings.sounds)
        if settings.notify_command or settings.ntfy:
            if self._outlets is None:
                from trayquota.engine.alert_outlets import AlertOutlets  # only some people have any

                self._outlets = AlertOutlets(self._services.transport, utc_now)
            self._outlets(alert, settings.notify_command, settings.ntfy)

    def tick(self) -> None:
        """Render what counts down anew, and in the time zone in force now."""
        reload_time_zone()
        self._check_settings_file()
        self._services.notifier.notify_held_back()
        self.show_anew()

    def show_anew(self) -> None:
        """Show the newest snapshot by what holds now."""
        self._show(self._services.engine.snapshot)

    def _check_settings_file(self) -> None:
        """Notice a change that no watcher has reported."""
        if self._settings.has_changed():
            self.apply_settings()

    def apply_settings(self) -> None:
        """Take over the settings in the file; an error in it is shown, and the settings in force stay."""
        self._settings.reload()
        config = self._settings.config
        self._options = display_options(config, self._options.bar_glyphs)
        self._services.configure(config)
        self._accounts()
        if self._fixed_interval_s is None:
            self._services.engine.configure(interval_s=config.settings.interval_minutes * 60)
        self.show_anew()

    def _accounts(self) -> AccountActions:
        """Return what is done with accounts; loaded once the first picture is shown."""
        from trayquota.engine.account_actions import AccountActions

        if self._account_actions is None:
            self._account_actions = AccountActions(self._services, self, self._settings.config.paths.pauses, utc_now)
        self._account_actions.configure(self._options, is_on=self._settings.config.settings.pause_exhausted)
        return self._account_actions

    def overview(self) -> tuple[Snapshot, DisplayOptions, TrayView]:
        """Return all accounts, how they are shown, and what an icon for all of them shows."""
        snapshot = replace(self._services.with_local_resets(self._services.engine.snapshot), refreshing=False)
        return snapshot, self._options, self._views.of_all(snapshot, self._options, utc_now())

    def notify_status(self) -> None:
        """Show as a notification what other trays show on hover, and how old it is."""
        view = self.overview()[-1]
        self._tray.notify(view.headline, "\n".join(filter(None, (view.advice, *view.lines))))

    # From any thread.

    def _settings_changed(self) -> None:
        self._services.engine.call_later("settings", _SETTLE_S, self.apply_settings)

    def act(self, action: Action) -> None:
        """Do what a click does."""
        from trayquota.system.open import open_folder, open_page

        match action:
            case Refresh():
                self._services.engine.request(Reason.MANUAL)
            case OpenFolder(path):
                open_folder(Path(path) if path else self._settings.config.folder)
            case OpenPage(url):
                open_page(url)
            case OpenHistory():
                threading.Thread(target=self._show_history, name="history page", daemon=True).start()
            case Quit():
                self._quit()
            case _:
                self._services.engine.post(lambda: self.change(action))

    def _show_history(self) -> None:
        """Make the page of the history, which takes a moment; on a thread of its own."""
        if self._open_history is not None and (problem := self._open_history()) is not None:
            self._services.engine.post(lambda: self.notify_problem(marked("There is no history to show"), problem))

    # On the engine's thread, after a click.

    def change(self, action: Action) -> None:
        """Do what a click does that changes something."""
        match action:
            case _ if isinstance(action, AccountAction):
                self._accounts().run(action)
            case Snooze():
                self._services.notifier.snooze(action)
                self.show_anew()
            case _ if isinstance(action, SettingsAction):
                self._settings_actions.run(action)

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of what came of a click; both texts are translated here."""
        _log.warning("%s", title)
        self._tray.notify(_(title), shown(message))
