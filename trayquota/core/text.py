"""Text from outside made fit to show, and amounts in words."""

from __future__ import annotations

import unicodedata

NAME_LIMIT = 100
"""Characters kept of a name."""
TITLE_LIMIT = 60
"""Characters kept of a window's title or a plan."""


def clean(text: str, limit: int = NAME_LIMIT) -> str:
    """Return ``text`` as one harmless line of at most ``limit`` characters.

    Control and format characters (bidirectional overrides among them), lone surrogates and private-use
    characters go; runs of white space become one space; what is too long ends in ``…``. Nothing is escaped
    here: that is done at the edge that gives characters a meaning.
    """
    # Whoever sends a megabyte does not get it examined character by character.
    kept = "".join(" " if char.isspace() else char for char in text[: limit * 8])
    kept = "".join(char for char in kept if unicodedata.category(char)[0] != "C")
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def format_duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``3d 4h``, ``2h 13m``, ``45m``, ``under 1m``.

    The smaller unit is left out when it is zero; what is below it is cut off, as on a clock.
    """
    minutes = int(max(0.0, seconds) // 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        parts = [(days, "d"), (hours, "h")]
    elif hours:
        parts = [(hours, "h"), (rest, "m")]
    else:
        parts = [(rest, "m")]
    return " ".join(f"{amount}{unit}" for amount, unit in parts if amount) or "under 1m"


def format_age(seconds: float) -> str:
    """Return an age in words, one unit: ``just now``, ``2 min ago``, ``3 h ago``, ``4 days ago``."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h ago"
    return f"{hours // 24} days ago"
