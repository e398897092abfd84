"""What a click in the menu of the settings does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from trayquota.core.errors import AutostartError, ConfigError
from trayquota.core.translation import marked, message_of
from trayquota.views.tray_view import OpenSettings, Rename, SetAutostart, SetSetting

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.settings.current import CurrentSettings
    from trayquota.system.autostart_switch import AutostartSwitch

SettingsAction = OpenSettings | Rename | SetSetting | SetAutostart


class Applet(Protocol):
    """What shows the settings in force."""

    def apply_settings(self) -> None:
        """Take over what the file says now, and show it."""

    def show_anew(self) -> None:
        """Show whether the program starts with the session now."""

    def notify_problem(self, title: str, message: str) -> None:
        """Notify of why something could not be done."""


class SettingsActions:
    """Changes settings, and says what could not be done. Belongs to the engine's thread."""

    def __init__(self, settings: CurrentSettings, autostart: AutostartSwitch, applet: Applet) -> None:
        """Change the ``settings`` in force and ``autostart``; ``applet`` shows what came of it."""
        self._settings = settings
        self._autostart = autostart
        self._applet = applet

    def run(self, action: SettingsAction) -> None:
        """Do what was clicked."""
        match action:
            case OpenSettings():
                self._succeeds(marked("There is no settings file"), self._settings.open)
            case Rename(account_id):
                self._succeeds(marked("The name was not kept"), lambda: self._settings.rename(account_id))
            case SetAutostart(on):
                self._succeeds(marked("Starting at login was not changed"), lambda: self._autostart.switch(on=on))
                self._applet.show_anew()
            case SetSetting(key, value):
                if self._succeeds(marked("The setting was not kept"), lambda: self._settings.set(key, value)):
                    self._applet.apply_settings()

    def _succeeds(self, failed: str, do: Callable[[], None]) -> bool:
        """Do it; return whether that was possible. If not, a notification titled ``failed`` says why."""
        try:
            do()
        except (ConfigError, AutostartError) as error:
            self._applet.notify_problem(failed, message_of(error))
            return False
        return True
