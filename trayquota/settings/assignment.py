"""What ``config --set`` is given: a line of TOML, or a key and a text that needs no quotes."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, cast

from trayquota.core.errors import ConfigError
from trayquota.core.text import is_unicode
from trayquota.core.translation import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trayquota.views.tray_view import SettingValue


def parse_assignment(text: str) -> dict[tuple[str, ...], SettingValue]:
    """Return the values that ``KEY=VALUE`` sets, each by its name after those of the tables it is in.

    A value that is no TOML, as in ``icon_style=ring``, is a text.

    Raises:
        ConfigError: It sets nothing.
    """
    key, separator, value = text.partition("=")
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        try:
            table = tomllib.loads(f"{key} = {json.dumps(value.strip(), ensure_ascii=False)}" if separator else "")
        except tomllib.TOMLDecodeError:
            table = {}
    if not is_unicode(text):
        table = {}  # no file of settings can hold it
    found = dict(_leaves(table, ()))
    if not found:
        # The text itself is left out: it may hold a login.
        examples = {"text": "icon_style=ring", "list": "'ignore_windows=[\"Extra usage\"]'"}
        message = Message("--set: expected KEY=VALUE, as in {text} or {list}.", **examples)
        raise ConfigError(message)
    return found


def _leaves(table: Mapping[str, object], tables: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], SettingValue]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*tables, name))
        else:
            # What is of no setting's type is refused with the file that it would make.
            yield (*tables, name), cast("SettingValue", tuple(value) if isinstance(value, list) else value)
