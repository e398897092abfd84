"""Where the program's own files are, and paths as people write them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.errors import ConfigError
from trayquota.core.translation import Message
from trayquota.system.home import UNKNOWN_HOME, home_folder, xdg_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "trayquota"
ENV_CONFIG = "TRAYQUOTA_CONFIG"


class Paths(Struct, frozen=True):
    """Where the program keeps its own files."""

    config: Path
    state_dir: Path
    data_dir: Path
    log_dir: Path

    @property
    def state(self) -> Path:
        """Last known values, rate-limit gates, what the person was notified of."""
        return self.state_dir / "state.json"

    @property
    def history(self) -> Path:
        """What was left over time."""
        return self.data_dir / "history.sqlite3"

    @property
    def history_page(self) -> Path:
        """The page of the history that is opened in the browser."""
        return self.data_dir / "history.html"

    @property
    def management_key(self) -> Path:
        """The keys of connected proxies, where the system has no keyring."""
        return self.config.with_name("management-key")

    @property
    def refused_keys(self) -> Path:
        """Fingerprints of the keys that a proxy has refused."""
        return self.state_dir / "refused-keys.json"

    @property
    def pauses(self) -> Path:
        """What the program did last to accounts that it has paused or resumed."""
        return self.state_dir / "pauses.json"

    @property
    def log(self) -> Path:
        """The rotating log."""
        return self.log_dir / "trayquota.log"


def own_paths(config: str | None, environment: Mapping[str, str] = os.environ) -> Paths:
    """Return where the program keeps its files; ``config`` is from the option ``--config``.

    Raises:
        ConfigError: What names the config file is no path, or the home folder is not known.
    """
    own = _linux_paths() if sys.platform == "linux" else _conventional_paths()
    named = config if config is not None else environment.get(ENV_CONFIG) or None
    if named is None:
        return own
    try:
        return replace(own, config=user_path(named))
    except ValueError as error:
        source = ENV_CONFIG if config is None else "--config"
        message = Message("{place}: expected the path of a config file{problem}.", place=source, problem=error)
        raise ConfigError(message) from None


def _linux_paths() -> Paths:
    """Return the places of the XDG Base Directory Specification, as platformdirs does, which takes 5 ms to import."""
    config, state, data = (xdg_folder(f"XDG_{kind}_HOME") / NAME for kind in ("CONFIG", "STATE", "DATA"))
    return Paths(config / "config.toml", state, data, state / "log")


def _conventional_paths() -> Paths:
    """Return the places that are usual on this system."""
    from platformdirs import PlatformDirs

    dirs = PlatformDirs(NAME, appauthor=False)
    try:
        config = dirs.user_config_path
        return Paths(config / "config.toml", dirs.user_state_path, dirs.user_data_path, dirs.user_log_path)
    except RuntimeError:
        raise ConfigError(UNKNOWN_HOME) from None


def user_path(text: str) -> Path:
    """Return the path that a person wrote, absolute; as in the proxy itself only a leading ``~`` is expanded.

    Raises:
        ValueError: It is no path. The text goes on after what was expected, and may be empty.
    """
    if not text.strip() or "\0" in text:
        raise ValueError
    if text != "~" and not text.startswith(("~/", "~\\")):
        return Path(text).absolute()
    try:
        return home_folder() / text[1:].lstrip("/\\")
    except ConfigError:
        message = Message("; the home folder that ~ stands for is not known")
        raise ValueError(message) from None
