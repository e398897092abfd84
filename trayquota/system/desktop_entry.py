"""The text of desktop entries, as far as starting a program needs it.

What is written follows the Desktop Entry Specification: https://specifications.freedesktop.org/desktop-entry-spec/
"""

from __future__ import annotations

import re

_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
"""What a string of a desktop entry writes for a character, and must."""
_MEANT = {escape: character for character, escape in _ESCAPES.items()} | {"\\s": " "}
_SHELL = ["/bin/sh", "-c", 'exec "$0" "$@"']
"""Starts a program whose path a desktop entry must not name itself, or GLib does not find: one with ``=`` or ``%``."""
_QUOTED = r'"((?:\\.|[^"\\])*)"'


def main_keys(content: str) -> dict[str, str]:
    """Return the keys of a desktop entry's main group; the others tell of further actions."""
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


def exec_line(words: list[str]) -> str:
    """Return what starts ``words``, as a desktop entry's ``Exec``."""
    program = _SHELL if {"=", "%"}.intersection(words[0]) else []
    return " ".join(_quoted(each) for each in (*program, *words))


def started_by(value: str) -> list[str]:
    """Return the words that an ``Exec`` starts."""
    words = _unquoted(value)
    return words[len(_SHELL) :] if words[: len(_SHELL)] == _SHELL else words


def _quoted(word: str) -> str:
    """Return a word for ``Exec``: quoted by the Desktop Entry Specification, and ``%`` doubled."""
    word = word.replace("%", "%%")
    if word and all(each.isalnum() or each in "/._-+:@%=," for each in word):
        return word
    inner = "".join(f"\\{each}" if each in '"`$\\' else each for each in word)
    # The escapes of strings are undone before anybody looks at the quoting.
    return f'"{string_value(inner)}"'


def _unquoted(value: str) -> list[str]:
    """Return the words of ``Exec``; a field code on its own stands for nothing here."""
    line = re.sub(r"\\.", lambda found: _MEANT.get(found[0], found[0]), value)
    words = (_without_quotes(each[0]) for each in re.finditer(rf'(?:{_QUOTED}|[^ \t\n"])+', line, re.DOTALL))
    return [each.replace("%%", "%") for each in words if not re.fullmatch("%[a-zA-Z]", each)]


def _without_quotes(word: str) -> str:
    return re.sub(_QUOTED, lambda found: re.sub(r"\\(.)", r"\1", found[1], flags=re.DOTALL), word, flags=re.DOTALL)
