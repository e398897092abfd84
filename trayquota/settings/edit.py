"""Writing ``config.toml``: the commented first one, and one setting by a menu choice that keeps all comments."""

from __future__ import annotations

import codecs
import os
from typing import TYPE_CHECKING

from trayquota.core.errors import ConfigError
from trayquota.core.text import printable
from trayquota.core.translation import Message, _, marked
from trayquota.settings.config import MAX_BYTES, Settings
from trayquota.settings.declarations import declarations
from trayquota.system.files import create_file, private_folder, read_bounded, real_path, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from msgspec import Struct

    from trayquota.settings.load import Config
    from trayquota.views.tray_view import SettingValue

_HEAD = (
    marked("Settings of trayquota. A line that begins with # is a comment; what is commented out shows the default."),
    marked("Changes are picked up at once. An option or TRAYQUOTA_* variable wins over this file."),
)


def config_template(kind: type[Struct] = Settings) -> str:
    """Return a config file with every setting of ``kind``, explained and commented out."""
    parts = ["".join(f"# {_(line)}\n" for line in _HEAD)]
    # What follows a table's heading belongs to the table, so tables come last.
    for said in sorted(declarations(kind).values(), key=lambda said: said.is_table or "." in said.key):
        example = f"[{said.key}]" if said.is_table else f"{said.name} = {toml_value(said.default)}"
        parts.append(f"# {_(said.description)}\n# {example}\n")
    return "\n".join(parts)


def format_config(config: Config) -> str:
    """Return the settings in force as TOML, with where each came from; what is secret is not shown."""
    path = printable(str(config.paths.config))
    head = path if config.paths.config.exists() else _("{path} (not there)").format(path=path)
    return "\n".join((f"# {head}", *(format_setting(config, key) for key in config.sources))) + "\n"


def format_setting(config: Config, key: str) -> str:
    """Return one setting in force as TOML, with where it came from; what is secret is not shown."""
    value = getattr(config.settings, key)
    if declarations(Settings)[key].is_secret and value:
        value = _("(set, not shown)")
    return f"{key} = {toml_value(value)}  # {config.sources[key]}"


def toml_value(value: object) -> str:
    """Return a value as it stands behind a key, on one line."""
    import msgspec
    import tomlkit

    plain = msgspec.to_builtins(value)
    item = tomlkit.item(list(plain) if isinstance(plain, tuple) else plain)
    if isinstance(plain, dict):
        item = tomlkit.inline_table()
        item.update(plain)
    # What a terminal might obey is written out; the library does so with the first control characters alone.
    return "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in item.as_string())


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
        message = (
            Message("{path}: is there already and was left as it is.", path=path)
            if is_there
            else Message("{path}: cannot be written (a file is in the way).", path=path)
        )
        raise ConfigError(message) from None
    except OSError as error:
        message = Message("{path}: cannot be written ({reason}).", path=path, reason=error.strerror)
        raise ConfigError(message) from None


def set_setting(path: Path, key: str | tuple[str, ...], value: SettingValue, check: Callable[[bytes], object]) -> None:
    """Give a setting a value in the file, which is made when missing; comments and all else stay.

    Args:
        path: The file; a symbolic link stays one.
        key: The setting's name, after those of the tables it is in; with dots between, or one by one.
        value: Its new value.
        check: Raises ``ConfigError`` when the new content is no valid config file; nothing is written then.

    Raises:
        ConfigError: The file cannot be read or written, or is broken and left as it is.
    """
    set_settings(path, {tuple(key.split(".")) if isinstance(key, str) else key: value}, check)


def set_settings(path: Path, values: Mapping[tuple[str, ...], SettingValue], check: Callable[[bytes], object]) -> None:
    """Do so with several settings at once; each key is a name after those of the tables it is in."""
    from tomlkit.exceptions import TOMLKitError

    real = real_path(path)
    try:
        before = read_bounded(real, MAX_BYTES) if real.exists() else config_template().encode()
        content = _with_values(before, values)
        check(content)
        _make_folder(real.parent)
        write_atomic(real, content, keep_mode=True)
    except (TOMLKitError, UnicodeDecodeError, RecursionError):
        message = Message("{path}: is broken and was left as it is.", path=path)
        raise ConfigError(message) from None
    except OSError as error:
        message = Message("{path}: cannot be written ({reason}).", path=path, reason=error.strerror)
        raise ConfigError(message) from None


def _with_values(before: bytes, values: Mapping[tuple[str, ...], SettingValue]) -> bytes:
    """Return a file's content with values changed. Bytes, for line ends stay, and a byte order mark as well."""
    import tomlkit

    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    document = tomlkit.parse(before.removeprefix(mark))
    for (*tables, name), value in values.items():
        table = document
        for heading in tables:
            table = table.setdefault(heading, tomlkit.table())
        table[name] = list(value) if isinstance(value, tuple) else value
    text = tomlkit.dumps(document)
    return mark + (text if text.endswith("\n") else text + "\n").encode()


def _make_folder(folder: Path) -> None:
    # One that is there may be the person's own, with whatever mode they gave it.
    if not folder.is_dir():
        private_folder(folder)
