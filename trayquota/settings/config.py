"""Settings: what can be chosen, what was chosen, and where each value came from.

Order of precedence: command-line option, environment, config file, default.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import platformdirs
from msgspec import Struct, field
from msgspec.structs import replace

from trayquota.core.errors import ConfigError
from trayquota.core.redacted import RedactedRepr
from trayquota.core.urls import is_proxy_url, loopback_url
from trayquota.system.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "trayquota"
DEFAULT_FOLDER = "~/.cli-proxy-api"
FALLBACK = "en_GB"
"""The locale of those who have chosen none: twenty-four hours a day."""
LARGEST_BYTES = 1 << 20
"""Of a config file; one with everything explained has two kilobytes."""
ENV_FOLDER = "TRAYQUOTA_DIR"
ENV_CONFIG = "TRAYQUOTA_CONFIG"
ENV_GATEWAY = "TRAYQUOTA_GATEWAY"
_EXPECTED = {
    "folder": "the path of the credentials folder, or a list of paths",
    "interval_minutes": "a number of minutes from 1 to 1440",
    "renew_logins": "true or false",
    "proxy": "http://HOST:PORT (or https, socks4, socks5), 'direct', or nothing",
    "gateway": "http://127.0.0.1:PORT, an address on this machine",
    "locale": "the name of a locale, such as de_DE",
    "icon_style": '"number", "ring" or "bar"',
    "low_percent": "a number from 0 to 100",
    "critical_percent": "a number from 0 to 100",
    "ignore_windows": 'a list of titles, as in ["Extra usage"]',
    "providers_off": 'a list of providers, as in ["codex"]',
    "notifications": "true or false",
    "hide_emails": "true or false",
}
_Minutes = Annotated[float, msgspec.Meta(ge=1, le=1440)]
_Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Settings(RedactedRepr, Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set in ``config.toml``, with its default. Untold by ``repr``: a proxy may hold a login.

    Attributes:
        folder: The credentials folder, or several; a leading ``~`` is the home folder.
        interval_minutes: How often each account is asked, 1–1440.
        icon_style: ``number``, ``ring`` or ``bar``.
        low_percent: Below this a quota is low.
        critical_percent: Below this it is critical.
        ignore_windows: Titles of windows that do not count for the lowest.
        providers_off: Names of providers that are not asked.
        notifications: Whether the person is told when a quota gets low.
        hide_emails: Whether accounts are numbered instead of named.
        renew_logins: Whether expired Claude logins are renewed.
        proxy: For every request: ``http://HOST:PORT``; empty takes the environment's.
        gateway: ``http://127.0.0.1:PORT``, a stand-in for the providers; empty for none.
        locale: For dates and times, as in ``de_DE``; empty takes the environment's.
    """

    folder: str | tuple[str, ...] = DEFAULT_FOLDER
    interval_minutes: _Minutes = 5
    icon_style: Literal["number", "ring", "bar"] = "number"
    low_percent: _Percent = 25
    critical_percent: _Percent = 10
    ignore_windows: tuple[str, ...] = ()
    providers_off: tuple[str, ...] = ()
    notifications: bool = True
    hide_emails: bool = False
    renew_logins: bool = True
    proxy: str = ""
    gateway: str = ""
    locale: str = ""


class Paths(Struct, frozen=True):
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


class Config(Struct, frozen=True):
    """The settings in force.

    Attributes:
        settings: The values.
        folders: The credentials folders, absolute; at least one.
        paths: Where the program's own files are.
        locale: For dates and times.
        sources: For each setting where its value came from: ``option``, ``TRAYQUOTA_…``, ``file`` or ``default``.
    """

    settings: Settings
    folders: tuple[Path, ...]
    paths: Paths
    locale: str = FALLBACK
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The first of the credentials folders."""
        return self.folders[0]


def load_config(
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
    places = paths_of(config, environment)
    settings, in_file = _read(places.config, required=bool(config is not None or environment.get(ENV_CONFIG)))
    sources = {name: "file" if name in in_file else "default" for name in Settings.__struct_fields__}
    for name, variable in (("folder", ENV_FOLDER), ("gateway", ENV_GATEWAY)):
        if environment.get(variable):
            settings = replace(settings, **{name: environment[variable]})
            sources[name] = variable
    if folder is not None:
        settings = replace(settings, folder=folder)
        sources["folder"] = "option"
    named = {"file": str(places.config), "option": "--dir"}
    origin = {name: named.get(source, source) for name, source in sources.items()}
    if settings.gateway:
        settings = replace(settings, gateway=_gateway(settings.gateway, origin["gateway"]))
    _check_proxy(settings.proxy, origin["proxy"])
    locale = settings.locale or environment_locale(environment)
    return Config(settings, _folders(settings.folder, origin["folder"]), places, locale, sources)


def environment_locale(environment: Mapping[str, str]) -> str:
    """Return the locale for times by POSIX's order; who has chosen none gets twenty-four hours a day."""
    for name in ("LC_ALL", "LC_TIME", "LANG"):
        value = environment.get(name, "").split(".", 1)[0]
        if value:
            return FALLBACK if value in {"C", "POSIX"} else value
    return FALLBACK


def config_path(stated: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the config file is, or would be; ``stated`` is from the option ``--config``."""
    return paths_of(stated, environment).config


def folder_path(stated: str) -> Path:
    """Return the absolute path of the folder that the option ``--dir`` states; raises ``ConfigError``."""
    return _folder(stated, "--dir")


def paths_of(stated: str | None, environment: Mapping[str, str]) -> Paths:
    """Return where the program keeps its files; ``stated`` is from the option ``--config``.

    Raises:
        ConfigError: What is stated is no path.
    """
    source = ENV_CONFIG if stated is None else "--config"
    stated = stated if stated is not None else environment.get(ENV_CONFIG) or None
    config = None if stated is None else _path(stated, source, "the path of a config file")
    dirs = platformdirs.PlatformDirs(NAME, appauthor=False)
    return Paths(
        config or dirs.user_config_path / "config.toml",
        dirs.user_state_path,
        dirs.user_data_path,
        dirs.user_log_path,
    )


def _read(path: Path, *, required: bool) -> tuple[Settings, frozenset[str]]:
    try:
        content = read_bounded(path, LARGEST_BYTES)
    except FileNotFoundError:
        if required:
            message = f"{path}: there is no such file."
            raise ConfigError(message) from None
        return Settings(), frozenset()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror or type(error).__name__})."
        raise ConfigError(message) from None
    return decode(content, path)


def decode(content: bytes, path: Path) -> tuple[Settings, frozenset[str]]:
    """Return the settings in a config file's content, and the names of those that it sets.

    Raises:
        ConfigError: It cannot be used; ``path`` is named as the place.
    """
    import tomllib

    try:
        table = tomllib.loads(content.decode("utf-8-sig"))
        return msgspec.convert(table, Settings), frozenset(table)
    except UnicodeDecodeError:
        message = f"{path}: is not UTF-8 text."
    except tomllib.TOMLDecodeError as error:
        message = f"{path}: is not valid TOML: {error}."
    except RecursionError:
        message = f"{path}: is not valid TOML: nested too deeply."
    except msgspec.ValidationError as error:
        message = f"{path}: {_explained(str(error))}"
    raise ConfigError(message)


def _explained(complaint: str) -> str:
    """Say which setting is wrong and what it may be, in place of the validator's own words."""
    unknown = re.search(r"unknown field `(.*)`", complaint)
    if unknown:
        return f"{unknown[1]}: there is no such setting. Expected one of {', '.join(_EXPECTED)}."
    key = re.search(r"`\$\.(\w+)", complaint)
    name = key[1] if key else ""
    return f"{name}: expected {_EXPECTED[name]}." if name in _EXPECTED else f"{complaint}."


def _gateway(address: str, source: str) -> str:
    """Return a gateway as plain as it can be written; only http to this machine is one."""
    gateway = loopback_url(address)
    if gateway is None:
        message = f"{source}: gateway: expected {_EXPECTED['gateway']}. Nothing was sent."
        raise ConfigError(message)
    return gateway


def _check_proxy(address: str, source: str) -> None:
    if address not in {"", "direct", "none"} and not is_proxy_url(address):
        # The address itself is left out: it may hold a login.
        message = f"{source}: proxy: expected {_EXPECTED['proxy']}."
        raise ConfigError(message)


def _folders(stated: str | tuple[str, ...], source: str) -> tuple[Path, ...]:
    texts = (stated,) if isinstance(stated, str) else stated
    if not texts:
        message = f"{source}: folder: expected {_EXPECTED['folder']}."
        raise ConfigError(message)
    return tuple(dict.fromkeys(_folder(each, source) for each in texts))


def _folder(text: str, source: str) -> Path:
    path = _path(text, f"{source}: folder", _EXPECTED["folder"])
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 - pathlib's raise where nothing may be looked at
        message = f"{source}: folder: {path} is not a folder. Expected {_EXPECTED['folder']}."
        raise ConfigError(message)
    return path


def _path(text: str, source: str, expected: str) -> Path:
    """Return a path that a person wrote; as in the proxy itself only a leading ``~`` is expanded."""
    if not text.strip() or "\0" in text:
        message = f"{source}: expected {expected}."
        raise ConfigError(message)
    if text != "~" and not text.startswith(("~/", "~\\")):
        return Path(text).absolute()
    try:
        return Path.home() / text[1:].lstrip("/\\")
    except RuntimeError:
        message = f"{source}: expected {expected}; the home folder that ~ stands for is not known."
        raise ConfigError(message) from None
