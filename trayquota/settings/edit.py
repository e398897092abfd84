"""Writing ``config.toml``: the commented first one, and one key by a menu choice that keeps all comments."""

from __future__ import annotations

import codecs
import os
from pathlib import Path
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.settings.config import LARGEST_BYTES, Settings
from trayquota.system.files import create_file, private_folder, read_bounded, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.settings.config import Config
    from trayquota.views.tray_view import SettingValue

_HEAD = """\
# Settings of trayquota. A line that begins with # is a comment; what is commented out shows the default.
# Changes are picked up at once. An option or TRAYQUOTA_* variable wins over this file.
"""
_EXPLAINED = {
    "folder": "The credentials folder, or a list of several. A leading ~ is your home folder.",
    "interval_minutes": "How often each account is asked: 1 to 1440 minutes.",
    "icon_style": 'How the icon tells the lowest remaining percent: "number", "ring" or "bar".',
    "low_percent": "Below this a quota is low.",
    "critical_percent": "Below this it is critical.",
    "ignore_windows": 'Windows that do not count for the lowest, by title, as in ["Extra usage"].',
    "providers_off": 'Providers that are not asked, as in ["codex"].',
    "notifications": "Whether you are told when a quota gets low, runs out or has reset.",
    "hide_emails": "Whether accounts are numbered instead of named, for screen sharing.",
    "renew_logins": "Whether expired Claude logins are renewed in place.",
    "proxy": "The proxy for every request, as in 'http://127.0.0.1:8080'; empty takes the environment's.",
    "locale": "For dates and times, as in 'de_DE'; empty takes the environment's.",
    "gateway": "For tests: an address on this machine that stands in for all providers.",
}


def config_template() -> str:
    """Return a config file with every setting, explained and commented out."""
    import tomlkit

    defaults = Settings()
    parts = [_HEAD]
    for key in Settings.__struct_fields__:
        value = getattr(defaults, key)
        written = tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
        parts.append(f"# {_EXPLAINED[key]}\n# {key} = {written}\n")
    return "\n".join(parts)


def format_config(config: Config) -> str:
    """Return the settings in force as TOML, with where each came from. A proxy is not told: it may hold a login."""
    import tomlkit

    lines = [f"# {config.paths.config}{'' if config.paths.config.exists() else ' (not there)'}"]
    for key, source in config.sources.items():
        value = getattr(config.settings, key)
        if key == "proxy" and value:
            value = "(set, not shown)"
        written = tomlkit.item(list(value) if isinstance(value, tuple) else value).as_string()
        lines.append(f"{key} = {written}  # {source}")
    return "\n".join(lines) + "\n"


def write_template(path: Path) -> None:
    """Write the commented file; one that is there is never overwritten.

    Raises:
        ConfigError: There is one, or it cannot be written.
    """
    content = config_template().encode()
    try:
        _make_folder(path.parent)
        with open(create_file(path), "wb") as file:
            file.write(content)
    except FileExistsError:
        is_there = os.path.lexists(path)
        reason = "is there already and was left as it is" if is_there else "cannot be written (a file is in the way)"
        message = f"{path}: {reason}."
        raise ConfigError(message) from None
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror})."
        raise ConfigError(message) from None


def set_setting(path: Path, key: str, value: SettingValue, check: Callable[[bytes], object]) -> None:
    """Give a setting a value in the file, which is made when missing; comments and all else stay.

    Args:
        path: The file; a symbolic link stays one.
        key: The setting's name.
        value: Its new value.
        check: Raises ``ConfigError`` when the new content is no valid config file; nothing is written then.

    Raises:
        ConfigError: The file cannot be read or written, or is broken and left as it is.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    real = Path(os.path.realpath(path))
    try:
        # Bytes, for line ends are kept as they are; so is the mark that some editors begin a file with.
        before = read_bounded(real, LARGEST_BYTES) if real.exists() else config_template().encode()
        start = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
        document = tomlkit.parse(before.removeprefix(start))
        document[key] = value
        text = tomlkit.dumps(document)
        content = start + (text if text.endswith("\n") else text + "\n").encode()
        check(content)
        _make_folder(real.parent)
        write_atomic(real, content, keep_mode=True)
    except (TOMLKitError, UnicodeDecodeError, RecursionError):
        message = f"{path}: is broken and was left as it is."
        raise ConfigError(message) from None
    except OSError as error:
        message = f"{path}: cannot be written ({error.strerror})."
        raise ConfigError(message) from None


def _make_folder(folder: Path) -> None:
    # One that is there may be the person's own, with whatever mode they gave it.
    if not folder.is_dir():
        private_folder(folder)
