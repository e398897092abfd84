"""The settings in force, and where each value came from.

Order of precedence: command-line option, environment, config file, default.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from trayquota.core.errors import ConfigError
from trayquota.core.translation import Message
from trayquota.settings.config import MAX_BYTES, Settings, decode
from trayquota.settings.paths import ENV_CONFIG, Paths, own_paths, user_path
from trayquota.system.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trayquota.core.work_time import WorkTime

FALLBACK_LOCALE = "en_GB"
"""For those who have chosen none: twenty-four hours a day."""
_VARIABLES = {"folder": "TRAYQUOTA_DIR", "gateway": "TRAYQUOTA_GATEWAY"}
"""The settings that the environment may hold."""


class Config(Struct, frozen=True):
    """The settings in force.

    Attributes:
        settings: The values.
        folders: The credentials folders, absolute; at least one.
        paths: Where the program's own files are.
        locale: For texts, dates and times.
        work_time: When the person works; ``None`` when they have not said so.
        sources: For each setting where its value came from: ``option``, ``TRAYQUOTA_…``, ``file`` or ``default``.
    """

    settings: Settings
    folders: tuple[Path, ...]
    paths: Paths
    locale: str = FALLBACK_LOCALE
    work_time: WorkTime | None = None
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
    paths = own_paths(config, environment)
    settings, in_file = _read(paths.config, required=bool(config is not None or environment.get(ENV_CONFIG)))
    return _in_force(settings, in_file, paths, folder, environment)


def check_content(content: bytes, paths: Paths) -> None:
    """Raise ``ConfigError`` unless all settings in a config file's content can be used."""
    _in_force(*decode(content, paths.config), paths, None, {})


def _in_force(
    settings: Settings, in_file: frozenset[str], paths: Paths, folder: str | None, environment: Mapping[str, str]
) -> Config:
    """Return the settings of the file with those of the environment and the option ``--dir``."""
    sources = {name: "file" if name in in_file else "default" for name in Settings.__struct_fields__}
    for name, variable in _VARIABLES.items():
        if environment.get(variable):
            settings = replace(settings, **{name: environment[variable]})
            sources[name] = variable
    if folder is not None:
        settings = replace(settings, folder=folder)
        sources["folder"] = "option"
    places = {"file": str(paths.config), "option": "--dir"}
    named = {name: places.get(source, source) for name, source in sources.items()}
    if settings.gateway:
        settings = replace(settings, gateway=_gateway(settings.gateway, named["gateway"]))
    settings = replace(settings, connected_proxies=_servers(settings.connected_proxies, named["connected_proxies"]))
    _check_proxy(settings.proxy, named["proxy"])
    settings = replace(settings, ntfy=_topic(settings.ntfy, named["ntfy"]))
    _check_quiet_hours(settings.quiet_hours, named["quiet_hours"])
    locale = settings.locale or environment_locale(environment)
    work = _work_time(settings, named)
    return Config(settings, _folders(settings.folder, named["folder"]), paths, locale, work, sources)


def environment_locale(environment: Mapping[str, str]) -> str:
    """Return the locale for times by POSIX's order; who has chosen none gets twenty-four hours a day."""
    for name in ("LC_ALL", "LC_TIME", "LANG"):
        value = environment.get(name, "").split(".", 1)[0]
        if value:
            return FALLBACK_LOCALE if value in {"C", "POSIX"} else value
    return FALLBACK_LOCALE


def folder_path(option: str) -> Path:
    """Return the absolute path of the folder that the option ``--dir`` names; raises ``ConfigError``."""
    return _folder(option, "--dir")


def _read(path: Path, *, required: bool) -> tuple[Settings, frozenset[str]]:
    try:
        content = read_bounded(path, MAX_BYTES)
    except FileNotFoundError:
        if required:
            message = Message("{path}: there is no such file.", path=path)
            raise ConfigError(message) from None
        return Settings(), frozenset()
    except OSError as error:
        message = Message(
            "{path}: cannot be read ({reason}).", path=path, reason=error.strerror or type(error).__name__
        )
        raise ConfigError(message) from None
    return decode(content, path)


def _gateway(address: str, source: str) -> str:
    """Return a gateway as plain as it can be written; only http to this machine is one."""
    from trayquota.core.urls import loopback_url

    gateway = loopback_url(address)
    if gateway is None:
        message = Message("{complaint} Nothing was sent.", complaint=_complaint(source, "gateway"))
        raise ConfigError(message)
    return gateway


def _servers(addresses: tuple[str, ...], source: str) -> tuple[str, ...]:
    if not addresses:
        return ()
    from trayquota.core.urls import server_url

    servers = tuple(server_url(address) for address in addresses)
    if None in servers:
        message = _complaint(source, "connected_proxies")
        raise ConfigError(message)
    return tuple(dict.fromkeys(server for server in servers if server is not None))


def _check_proxy(address: str, source: str) -> None:
    if not address:
        return
    # A status bar's line needs none of it.
    from trayquota.core.urls import is_direct, is_proxy_url

    if not is_direct(address) and not is_proxy_url(address):
        # The address itself is left out: it may hold a login.
        message = _complaint(source, "proxy")
        raise ConfigError(message)


def _topic(address: str, source: str) -> str:
    if not address:
        return ""
    from trayquota.core.urls import topic_url

    topic = topic_url(address)
    if topic is None:
        # The address itself is left out: who knows a topic can read it.
        message = _complaint(source, "ntfy")
        raise ConfigError(message)
    return topic


def _work_time(settings: Settings, sources: Mapping[str, str]) -> WorkTime | None:
    if not settings.work_days and not settings.work_hours:
        return None
    from trayquota.core.work_time import work_time

    try:
        return work_time(settings.work_days, settings.work_hours)
    except ValueError as error:
        name = str(error)
        message = _complaint(sources[name], name)
        raise ConfigError(message) from None


def _check_quiet_hours(text: str, source: str) -> None:
    if not text:
        return
    from trayquota.core.day_hours import parse_day_hours

    if parse_day_hours(text) is None:
        message = _complaint(source, "quiet_hours")
        raise ConfigError(message)


def _folders(stated: str | tuple[str, ...], source: str) -> tuple[Path, ...]:
    texts = (stated,) if isinstance(stated, str) else stated
    if not texts:
        message = _complaint(source, "folder")
        raise ConfigError(message)
    return tuple(dict.fromkeys(_folder(text, source) for text in texts))


def _folder(text: str, source: str) -> Path:
    try:
        path = user_path(text)
    except ValueError as error:
        message = _complaint(source, "folder", error)
        raise ConfigError(message) from None
    if os.path.exists(path) and not os.path.isdir(path):  # noqa: PTH110, PTH112 - pathlib's raise where nothing may be looked at
        message = Message(
            "{place}: {key}: {path} is not a folder. Expected {expected}.",
            place=source,
            key="folder",
            path=path,
            expected=_expected("folder"),
        )
        raise ConfigError(message)
    return path


def _complaint(place: str, key: str, problem: object = "") -> Message:
    expected = _expected(key)
    return Message(
        "{place}: {key}: expected {expected}{problem}.", place=place, key=key, expected=expected, problem=problem
    )


def _expected(name: str) -> str:
    from trayquota.settings.declarations import declarations

    return declarations(Settings)[name].expected
