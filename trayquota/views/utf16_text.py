"""Text cut to what a field of Windows holds, which counts UTF-16 units."""

from __future__ import annotations

import re

_MORE = re.compile(r"\+(\d+) more")


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
    left_out = int(found[1]) if (found := _MORE.fullmatch(lines[-1])) else 0
    if left_out:
        lines.pop()
    for kept in range(len(lines) - 1, 0, -1):
        shorter = "\n".join((*lines[:kept], f"+{len(lines) - kept + left_out} more"))
        if utf16_units(shorter) <= limit:
            return shorter
    return fit_text(lines[0], limit)
