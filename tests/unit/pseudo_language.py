"""A language without a letter of English: a word of English that is left was not translated, or is a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from .make_texts import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

CODE = "zh_CN"
"""What it is called: a language whose moments have no letters of English either."""
_FIELD = re.compile(r"(\{\w*\}|%(?:\(\w+\))?[srd%])")
_NO_WORDS = re.compile(r"'[^']*'|\{\S*\}|\S*[@/\\=\[\]|]\S*|(?<!\w)--?\w[\w-]*|\b[A-Z]+\b|[a-z-]+\d\w*")
"""What is in quotes or braces, addresses, paths, assignments, options and what is written in capitals."""
_WORD = re.compile(r"[A-Za-z][A-Za-z'-]*[A-Za-z]")


def pseudo(text: str) -> str:
    """Return a text with ø for each of its letters; its fields stay."""
    parts = _FIELD.split(text)
    return "".join(part if number % 2 else re.sub("[A-Za-z]", "ø", part) for number, part in enumerate(parts))


def write_catalogue(folder: Path) -> None:
    """Write the catalogue of all texts of the template, compiled."""
    with TEMPLATE.open("rb") as file:
        texts = [message for message in read_po(file) if message.id]
    catalog = Catalog(locale=CODE)
    for text in texts:
        # One form serves all counts.
        form = pseudo(text.id) if isinstance(text.id, str) else (pseudo(text.id[-1]),)
        catalog.add(text.id, form, context=text.context)
    with (folder / f"{CODE}.mo").open("wb") as file:
        write_mo(file, catalog)


def english(text: str, names: Iterable[str]) -> list[str]:
    """Return the lines of a text that have a word of English which is none of ``names``."""
    known = {word for name in names for word in _WORD.findall(name)}
    return [line for line in text.splitlines() if set(_WORD.findall(_NO_WORDS.sub(" ", line))) - known]
