"""Settings: what can be chosen, what was chosen, and where each value came from.

Order of precedence: command-line option, environment, config file, default.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import msgspec
import platformdirs

from trayquota.core.when import FALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "trayquota"
DEFAULT_FOLDER = "~/.cli-proxy-api"
ENV_FOLDER = "TRAYQUOTA_DIR"
ENV_CONFIG = "TRAYQUOTA_CONFIG"
ENV_GATEWAY = "TRAYQUOTA_GATEWAY"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_Minutes = Annotated[float, msgspec.Meta(ge=1, le=1440)]


class ConfigError(Exception):
    """The settings cannot be used. The text names the place, what is wrong and what was expected."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set in ``config.toml``, with its default.

    Attributes:
        folder: The credentials folder; a leading ``~`` is the home folder.
        interval_minutes: How often each account is asked, 1–1440.
        renew_logins: Whether expired Claude logins are renewed.
        proxy: For every request: ``http://HOST:PORT``; empty takes the environment's.
        gateway: ``http://127.0.0.1:PORT``, a stand-in for the providers; empty for none.
        locale: For dates and times, as in ``de_DE``; empty takes the environment's.
    """

    folder: str = DEFAULT_FOLDER
    interval_minutes: _Minutes = 5
    renew_logins: bool = True
    proxy: str = ""
    gateway: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the program keeps its own files."""

    config: Path
    state_dir: Path
    data_dir: Path
    log_dir: Path

    @property
    def state(self) -> Path:
        """Last known values, back-off gates, what was notified."""
        return self.state_dir / "state.json"

    @property
    def log(self) -> Path:
        """The rotating log."""
        return self.log_dir / "trayquota.log"


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force.

    Attributes:
        settings: The values.
        folder: The credentials folder, absolute.
        places: Where the program's own files are.
        locale: For dates and times.
        sources: For each setting where its value came from: ``option``, ``TRAYQUOTA_…``, ``file`` or ``default``.
    """

    settings: Settings
    folder: Path
    places: Places
    locale: str = FALLBACK
    sources: Mapping[str, str] = field(default_factory=dict)


def load(
    *,
    folder: str | None = None,
    config: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Return the settings in force.

    Args:
        folder: From the option ``--dir``.
        config: From the option ``--config``; the file must exist then.
        environment: Where ``TRAYQUOTA_*`` are looked up.

    Raises:
        ConfigError: Something in them cannot be used.
    """
    stated = config or environment.get(ENV_CONFIG) or None
    places = _places(Path(stated).expanduser().absolute() if stated else None)
    settings, in_file = _read(places.config, required=stated is not None)
    sources = {name: "file" if name in in_file else "default" for name in Settings.__struct_fields__}
    for name, variable in (("folder", ENV_FOLDER), ("gateway", ENV_GATEWAY)):
        if environment.get(variable):
            settings = msgspec.structs.replace(settings, **{name: environment[variable]})
            sources[name] = variable
    if folder is not None:
        settings = msgspec.structs.replace(settings, folder=folder)
        sources["folder"] = "option"
    if settings.gateway:
        settings = msgspec.structs.replace(settings, gateway=_gateway(settings.gateway, sources["gateway"]))
    locale = settings.locale or _environment_locale(environment)
    return Config(settings, _folder(settings.folder), places, locale, sources)


def _environment_locale(environment: Mapping[str, str]) -> str:
    """Return the locale for times by POSIX's order; who has chosen none gets twenty-four hours a day."""
    for name in ("LC_ALL", "LC_TIME", "LANG"):
        value = environment.get(name, "").split(".", 1)[0]
        if value:
            return FALLBACK if value in {"C", "POSIX"} else value
    return FALLBACK


def _places(config: Path | None) -> Places:
    dirs = platformdirs.PlatformDirs(NAME, appauthor=False)
    return Places(
        config or dirs.user_config_path / "config.toml",
        dirs.user_state_path,
        dirs.user_data_path,
        dirs.user_log_path,
    )


def _read(path: Path, *, required: bool) -> tuple[Settings, frozenset[str]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if required:
            message = f"{path}: there is no such file."
            raise ConfigError(message) from None
        return Settings(), frozenset()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a usable path"
        message = f"{path}: cannot be read ({reason})."
        raise ConfigError(message) from None
    try:
        table = tomllib.loads(content.decode("utf-8"))
        return msgspec.convert(table, Settings), frozenset(table)
    except UnicodeDecodeError:
        message = f"{path}: is not UTF-8 text."
        raise ConfigError(message) from None
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: is not valid TOML: {error}."
        raise ConfigError(message) from None
    except (msgspec.ValidationError, RecursionError) as error:
        message = f"{path}: {error}."
        raise ConfigError(message) from None


def _gateway(address: str, source: str) -> str:
    """Return a gateway without a trailing slash; only plain http to this machine is one."""
    try:
        parts = urlsplit(address)
        usable = (
            parts.scheme == "http"
            and parts.hostname in _LOOPBACK
            and parts.username is None
            and parts.password is None
            and parts.path in {"", "/"}
            and not parts.query
            and not parts.fragment
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        usable = False
    if not usable:
        message = (
            f"gateway (from {source}): expected http://127.0.0.1:PORT, an address on this machine. Nothing was sent."
        )
        raise ConfigError(message)
    return address.rstrip("/")


def _folder(text: str) -> Path:
    """Return a credentials folder; as in the proxy itself only a leading ``~`` is expanded."""
    if not text.strip() or "\0" in text:
        message = "folder: expected the path of the credentials folder."
        raise ConfigError(message)
    path = Path(text)
    if text == "~" or text.startswith(("~/", "~\\")):
        path = Path.home() / text[2:]
    return path.absolute()
