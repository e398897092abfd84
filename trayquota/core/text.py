"""Text from outside made fit to show, and amounts in words."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from trayquota.core.translation import _, ngettext, pgettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NAME_LIMIT = 100
"""Characters kept of a name."""
TITLE_LIMIT = 60
"""Characters kept of a window's title or a plan."""
_MARKS_LIMIT = 3
"""Marks kept above and below one letter; no language has more."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc\U0001d159")
"""Letters and symbols that nothing is seen of: Hangul fillers, the empty Braille pattern and the like."""


def clean(text: str, limit: int = NAME_LIMIT) -> str:
    """Return ``text`` as one harmless line of at most ``limit`` characters.

    Control and format characters (bidirectional overrides among them), lone surrogates and private-use
    characters go, and so do blank ones and marks that are stacked or have no letter to stand on; runs of white
    space become one space; what is too long ends in ``…``. Nothing is escaped here: that is done at the edge that
    gives characters a meaning.
    """
    # Whoever sends a megabyte does not get it examined character by character.
    text = text[: limit * 8]
    is_plain = text.isascii() and text.isprintable()
    line = " ".join((text if is_plain else "".join(_visible(text))).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def is_unicode(text: str) -> bool:
    """Whether a person gave all of it in the terminal's encoding: what is not so is there as a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _visible(text: str) -> Iterator[str]:
    marks = _MARKS_LIMIT
    for char in text:
        kind = " " if char.isspace() else unicodedata.category(char)[0]
        if kind == "C" or char in _BLANK:
            continue
        marks = marks + 1 if kind == "M" else _MARKS_LIMIT if kind == " " else 0
        if marks <= _MARKS_LIMIT:
            yield " " if kind == " " else char


def printable(text: str) -> str:
    """Return ``text`` for a terminal: what it might obey is written out, but for line breaks."""
    return "".join(char if char == "\n" or char.isprintable() else _written_out(char) for char in text)


def escape_markup(text: str) -> str:
    """Return ``text`` for what is parsed as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _written_out(char: str) -> str:
    is_space = unicodedata.category(char) == "Zs"
    return char if is_space else char.encode("unicode_escape").decode("ascii")


def shorten_middle(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` characters, at least one: what is left out is in the middle.

    Names differ at their beginning and their end: the person in front, the domain behind.
    """
    if len(text) <= limit:
        return text
    front = limit // 2
    back = limit - 1 - front
    return f"{text[:front]}…{text[len(text) - back :]}"


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``3d 4h``, ``2h 13m``, ``45m``, ``under 1m``.

    The smaller unit is left out when it is zero; what is below it is dropped, as on a clock.
    """
    minutes = int(max(0.0, seconds) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        form = pgettext("duration", "{days}d {hours}h") if hours else pgettext("duration", "{days}d")
    elif hours:
        form = pgettext("duration", "{hours}h {minutes}m") if rest else pgettext("duration", "{hours}h")
    else:
        form = pgettext("duration", "{minutes}m") if rest else pgettext("duration", "under 1m")
    return form.format(days=days, hours=hours, minutes=rest)


def format_short_duration(seconds: float) -> str:
    """Return a length of time in its largest unit, as short as it can be: ``2d``, ``3h``, ``47m``; at least ``1m``.

    The same in all languages: the icon has no other letters.
    """
    minutes = max(1, int(seconds // 60))
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 1440 else f"{min(minutes // 1440, 99)}d"


def format_age(seconds: float) -> str:
    """Return an age in words, one unit: ``just now``, ``2 min ago``, ``3 h ago``, ``4 days ago``.

    What is of a minute or more to come was written before the clock was set back, nobody can say how long ago.
    """
    minutes = int(seconds / 60)
    if minutes < 0:
        return _("an unknown time ago")
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("{count} min ago", "{count} min ago", minutes).format(count=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{count} h ago", "{count} h ago", hours).format(count=hours)
    days = hours // 24
    return ngettext("{count} day ago", "{count} days ago", days).format(count=days)


def joined(parts: Iterable[str]) -> str:
    """Return parts of a sentence one after the other."""
    # Translators: stands between parts of a sentence, with the space that follows it if your language has one
    return pgettext("between parts", ", ").join(parts)
