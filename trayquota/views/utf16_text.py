"""Text shortened to what a field of Windows holds, which counts UTF-16 units."""

from __future__ import annotations

import re

from trayquota.core.translation import ngettext

_NUMBER = re.compile(r"\d+")


def more_text(count: int) -> str:
    """Return how many are left out of a list: ``+3 more``."""
    # Translators: so many more accounts or events, which there is no room for
    return ngettext("+{count} more", "+{count} more", count).format(count=count)


def utf16_units(text: str) -> int:
    """Return how many units ``text`` takes."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def fit_text(text: str, limit: int) -> str:
    """Return ``text`` in at most ``limit`` units, with an ellipsis where something is missing."""
    while utf16_units(text) > limit:
        text = text[:-2].rstrip() + "…" if limit > 0 else ""
    return text


def fit_lines(text: str, limit: int) -> str:
    """Return as many of the first lines of ``text`` as fit into ``limit`` units, with how many are left out.

    A last line that says already that more were left out is counted in.
    """
    if utf16_units(text) <= limit:
        return text
    lines = text.split("\n")
    left_out = int(found[0]) if (found := _NUMBER.search(lines[-1])) else 0
    if left_out and lines[-1] != more_text(left_out):
        left_out = 0
    if left_out:
        lines.pop()
    for kept in range(len(lines) - 1, 0, -1):
        shorter = "\n".join((*lines[:kept], more_text(len(lines) - kept + left_out)))
        if utf16_units(shorter) <= limit:
            return shorter
    return fit_text(lines[0], limit)
