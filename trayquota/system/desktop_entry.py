"""Desktop entries, as far as starting a program needs it.

What is written follows the Desktop Entry Specification: https://specifications.freedesktop.org/desktop-entry-spec/
"""

from __future__ import annotations

import re

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
"""What a string of a desktop entry writes for a character, and must."""
_UNESCAPED = {escape: character for character, escape in _ESCAPES.items()} | {"\\s": " "}
_SHELL = ["/bin/sh", "-c", 'exec "$0" "$@"']
"""Starts a program whose path a desktop entry must not name itself, or GLib does not find: one with ``=`` or ``%``."""
_QUOTED = r'"((?:\\.|[^"\\])*)"'


def main_keys(content: str) -> dict[str, str]:
    """Return the keys of a desktop entry's main group; the others describe further actions."""
    keys: dict[str, str] = {}
    group = ""
    for line in content.split("\n"):
        if line.startswith("["):
            group = line.strip()
        elif group == "[Desktop Entry]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            keys[key.strip()] = value.strip()
    return keys


def string_value(text: str) -> str:
    """Return what stands for ``text`` as the value of a key."""
    return "".join(_ESCAPES.get(char, char) for char in text)


def exec_value(command: list[str]) -> str:
    """Return the value of ``Exec`` that runs a command."""
    shell = _SHELL if {"=", "%"}.intersection(command[0]) else []
    return " ".join(_quoted(argument) for argument in (*shell, *command))


def command_of(exec_value: str) -> list[str]:
    """Return the command that a value of ``Exec`` runs."""
    command = _unquoted(exec_value)
    return command[len(_SHELL) :] if command[: len(_SHELL)] == _SHELL else command


def _quoted(argument: str) -> str:
    """Return an argument for ``Exec``: quoted by the Desktop Entry Specification, and ``%`` doubled."""
    argument = argument.replace("%", "%%")
    if argument and all(char.isalnum() or char in "/._-+:@%=," for char in argument):
        return argument
    inner = "".join(f"\\{char}" if char in '"`$\\' else char for char in argument)
    # The escapes of strings are undone before the quoting is looked at.
    return f'"{string_value(inner)}"'


def _unquoted(value: str) -> list[str]:
    """Return the arguments in a value of ``Exec``; a field code on its own stands for nothing here."""
    line = re.sub(r"\\.", lambda found: _UNESCAPED.get(found[0], found[0]), value)
    arguments = (_without_quotes(found[0]) for found in re.finditer(rf'(?:{_QUOTED}|[^ \t\n"])+', line, re.DOTALL))
    return [argument.replace("%%", "%") for argument in arguments if not re.fullmatch("%[a-zA-Z]", argument)]


def _without_quotes(text: str) -> str:
    return re.sub(_QUOTED, lambda found: re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), text, flags=re.DOTALL)
