"""The settings while the program runs: in force, changed by a click, taken over when their file changes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.core.translation import message_of
from trayquota.settings.config import decode
from trayquota.settings.file_watch import SettingsFileWatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.settings.load import Config
    from trayquota.system.watcher import Watcher
    from trayquota.views.tray_view import SettingValue

_log = logging.getLogger(__name__)


class CurrentSettings:
    """The settings in force, and what is wrong with their file. Belongs to the engine's thread."""

    def __init__(
        self, config: Config, reload: Callable[[], Config], on_change: Callable[[], None], watcher: Watcher
    ) -> None:
        """Start with ``config``.

        Args:
            config: The settings in force.
            reload: Reads them anew; raises ``ConfigError``.
            on_change: Called from the watcher's thread when the file changes, often several times per change.
            watcher: Watches the file.
        """
        self.config = config
        self.problem: str | None = None
        """What is wrong with the file, for people; those in force are of an earlier state of it then."""
        self._reload = reload
        self._file = SettingsFileWatch(config.paths.config, on_change, watcher)

    def has_changed(self) -> bool:
        """Whether the file is another than at the last call, also where no watcher has reported it."""
        self._file.ensure()
        return self._file.has_changed()

    def reload(self) -> None:
        """Take over the settings in the file; with an error in it those in force stay."""
        # The file, or the folder it is in, may be another one now.
        self.has_changed()
        try:
            self.config = self._reload()
            self.problem = None
        except ConfigError as error:
            self.problem = message_of(error)
            _log.warning("the settings were not taken over: the file has an error")

    def set(self, key: str | tuple[str, ...], value: SettingValue) -> None:
        """Write a setting into the file; it is in force after the next :meth:`reload`.

        Args:
            key: As ``set_setting`` takes it.
            value: Its new value.

        Raises:
            ConfigError: The file cannot be written, or is broken and left as it is.
        """
        from trayquota.settings.edit import set_setting

        path = self.config.paths.config
        set_setting(path, key, value, lambda content: decode(content, path))

    def rename(self, account_id: str) -> None:
        """Open the file with a place for the account's name in it.

        Raises:
            ConfigError: It cannot be written.
        """
        if account_id not in self.config.settings.names:
            self.set(("names", account_id), "")
        self.open()

    def open(self) -> None:
        """Open the file in the person's own program; a commented one is written first where there is none.

        Raises:
            ConfigError: It cannot be written.
        """
        from trayquota.settings.edit import write_template
        from trayquota.system.open import open_file

        path = self.config.paths.config
        if not path.exists():
            write_template(path)
        open_file(path)
