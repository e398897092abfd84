"""The tray applet: starts and names every thread, passes news up and clicks down."""

from __future__ import annotations

import gc
import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.core.refresh_policy import Reason
from trayquota.services import build_services, display_options, utc_now
from trayquota.settings.config import decode
from trayquota.settings.file_watch import SettingsFileWatch
from trayquota.system.shutdown import on_shutdown
from trayquota.views.alerts import check_alerts
from trayquota.views.display_names import with_display_names
from trayquota.views.settings_menu import MenuSettings, settings_menu_item
from trayquota.views.tooltip import tooltip
from trayquota.views.tray import tray_view
from trayquota.views.tray_view import OpenFolder, OpenPage, OpenSettings, Quit, Refresh, SetAutostart, SetSetting

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trayquota.core.model import Snapshot
    from trayquota.settings.config import Config
    from trayquota.tray.backend_choice import BackendChoice
    from trayquota.tray.pystray_import import Icon
    from trayquota.views.tray_view import Action, TrayView

NAME = "trayquota"
_GRACE_S = 0.8
_SETTLE_S = 0.2
"""An editor writes a file in several steps."""
_log = logging.getLogger(__name__)


class App:
    """The tray applet. Lives on the main thread, with the engine on another."""

    def __init__(
        self,
        config: Config,
        choice: BackendChoice,
        *,
        reload: Callable[[], Config],
        interval_s: float | None = None,
        autostart_options: Sequence[str] | None = None,
    ) -> None:
        """Build everything; :meth:`run` starts it.

        Args:
            config: The settings in force.
            choice: The tray backend.
            reload: Reads the settings anew; raises ``ConfigError``.
            interval_s: Between two questions to one account, where the settings do not decide.
            autostart_options: The menu has a row to start at login, with these options; without them it has none.

        Raises:
            TrayUnavailable: The backend does not work here.
        """
        from trayquota.tray.backend_choice import icon_class
        from trayquota.tray.presenter import QUIRKS, BackendQuirks, TrayPresenter

        self._config = config
        self._reload = reload
        self._problem: str | None = None
        self._fixed_interval_s = interval_s
        self._autostart_options = autostart_options
        self._look = display_options(config)
        self._starts_at_login: bool | None = None
        self._tells_on_click = choice.name == "xorg"
        self._icon: Icon = icon_class(choice)(NAME)
        self._presenter = TrayPresenter(self._icon, QUIRKS.get(choice.name, BackendQuirks()), self._act)
        self._parts = build_services(
            config,
            publish=self._publish,
            on_folder_change=self._folder_changed,
            on_tick=self._tick,
            interval_s=interval_s,
            sends_rare_requests=True,
        )
        self._alert_states = self._parts.store.alert_states()
        self._settings_file = SettingsFileWatch(config.paths.config, self._settings_changed, self._parts.watcher)
        self._engine_thread = threading.Thread(target=self._parts.engine.run, name="engine")
        self._is_leaving = False

    def run(self) -> int:
        """Show the tray until it is quit; return the exit code.

        Raises:
            TrayUnavailable: No tray can be shown.
        """
        engine = self._parts.engine
        with on_shutdown(self._leave):
            engine.prepare()
            engine.request(Reason.START)
            engine.post(self._look_around)
            try:
                if not self._is_leaving:
                    self._icon.run(self._set_up)
            finally:
                self._close()
        return 0

    def show_yourself(self) -> None:
        """Refresh, and say where things stand: a second start asks for it. From any thread or signal handler."""
        self._parts.engine.request(Reason.MANUAL)
        self._parts.engine.post(self._tell)

    def _set_up(self, icon: Icon) -> None:
        try:
            icon.visible = True
        finally:
            # What is there now stays: there is no need to look through it again and again.
            gc.freeze()
            gc.enable()
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
        self._parts.watcher.stop()
        self._parts.finish_token_refreshes()

    # On the engine's thread.

    def _look_around(self) -> None:
        """See to what the first picture did not wait for."""
        self._look_at_settings()
        self._look_at_autostart()

    def _publish(self, snapshot: Snapshot) -> None:
        self._show(snapshot)
        shown = with_display_names(snapshot, self._look)
        states, alert = check_alerts(self._alert_states, shown, utc_now(), self._look)
        if states != self._alert_states:
            self._alert_states = states
            self._parts.store.set_alert_states(states)
        if alert is not None and self._config.settings.notifications:
            action = OpenPage(self._look.usage_page(alert.provider))
            self._presenter.notify(alert.title, alert.body, lambda: self._act(action))

    def _show(self, snapshot: Snapshot) -> None:
        self._presenter.show(self._view(snapshot))

    def _view(self, snapshot: Snapshot) -> TrayView:
        settings = self._config.settings
        choices = MenuSettings(
            interval_minutes=settings.interval_minutes,
            icon_style=settings.icon_style,
            notifications=settings.notifications,
            hide_emails=settings.hide_emails,
            starts_at_login=self._starts_at_login,
        )
        return tray_view(snapshot, utc_now(), self._look, settings=settings_menu_item(choices), problem=self._problem)

    def _show_again(self) -> None:
        self._show(self._parts.engine.snapshot)

    def _tick(self) -> None:
        self._parts.folders.ensure_watched()
        self._look_at_settings()
        self._show_again()

    def _look_at_settings(self) -> None:
        """Notice what no watcher has told."""
        self._settings_file.ensure()
        if self._settings_file.has_changed():
            self._apply_settings()

    def _apply_settings(self) -> None:
        """Take over what the file says now; what cannot be used is shown, and the settings in force stay."""
        before = self._config
        # The file, or the folder it is in, may be another one now.
        self._settings_file.ensure()
        self._settings_file.has_changed()
        try:
            self._config = self._reload()
            self._problem = None
        except ConfigError as error:
            self._problem = str(error)
            _log.warning("the settings were not taken over: the file has an error")
        settings = self._config.settings
        self._look = display_options(self._config)
        self._parts.configure(self._config)
        if self._fixed_interval_s is None:
            self._parts.engine.configure(interval_s=settings.interval_minutes * 60)
        self._show_again()
        if (before.folders, before.settings.providers_off) != (self._config.folders, settings.providers_off):
            self._parts.engine.folder_changed()

    def _look_at_autostart(self) -> None:
        if self._autostart_options is None:
            return
        from trayquota.system.autostart import autostart

        status = autostart().status()
        # What would not start is offered anew: switching on mends it.
        self._starts_at_login = status.is_on and status.problem is None
        self._show_again()

    def _tell(self) -> None:
        """Show as a notification what other trays show on hover."""
        headline, _, rest = tooltip(self._view(self._parts.engine.snapshot)).partition("\n")
        self._presenter.notify(headline, rest)

    # From any thread.

    def _folder_changed(self) -> None:
        self._parts.engine.folder_changed()

    def _settings_changed(self) -> None:
        self._parts.engine.call_later("settings", _SETTLE_S, self._apply_settings)

    def _act(self, action: Action) -> None:
        from trayquota.system.open import open_folder, open_page

        engine = self._parts.engine
        match action:
            case Refresh():
                engine.request(Reason.MANUAL)
                if self._tells_on_click:
                    engine.post(self._tell)
            case OpenFolder(path):
                open_folder(Path(path) if path else self._config.folder)
            case OpenPage(url):
                open_page(url)
            case OpenSettings():
                engine.post(self._open_settings)
            case SetSetting():
                engine.post(lambda: self._set(action))
            case SetAutostart(on):
                engine.post(lambda: self._switch_autostart(on=on))
            case Quit():
                self._leave()

    # What a click has the engine's thread do.

    def _set(self, choice: SetSetting) -> None:
        from trayquota.settings.edit import set_setting

        path = self._config.paths.config
        try:
            set_setting(path, choice.key, choice.value, lambda content: decode(content, path))
        except ConfigError as error:
            self._complain("The setting was not kept", str(error))
        else:
            self._apply_settings()

    def _open_settings(self) -> None:
        from trayquota.settings.edit import write_template
        from trayquota.system.open import open_file

        path = self._config.paths.config
        try:
            if not path.exists():
                write_template(path)
        except ConfigError as error:
            self._complain("There is no settings file", str(error))
        else:
            open_file(path)

    def _switch_autostart(self, *, on: bool) -> None:
        from trayquota.core.errors import AutostartError
        from trayquota.system.autostart import autostart

        try:
            way = autostart(self._autostart_options or ())
            way.switch_on() if on else way.switch_off()
        except AutostartError as error:
            self._complain("Starting at login was not changed", str(error))
        self._look_at_autostart()

    def _complain(self, title: str, message: str) -> None:
        _log.warning("%s", title)
        self._presenter.notify(title, message)
