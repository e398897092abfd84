"""Where the time to a reset stands on a plate: one or two digits and the unit, as large as there is room for."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image

from trayquota.render.digits import SMALLEST_DRAWN, margin
from trayquota.render.glyphs import bitmap, narrow, stroked
from trayquota.render.shapes import badge_ground

_SLENDER = 2.0
"""The most that a digit is higher than wide."""


@lru_cache(maxsize=64)
def countdown_mask(text: str, size: int, rim: int, badge: int = 0) -> Image.Image:
    """The mask of a time on a tile.

    Args:
        text: One or two digits, and ``m``, ``h`` or ``d``.
        size: Of the picture, in pixels.
        rim: How wide the tile's edge is, in pixels.
        badge: How many pixels the badge in the lower right corner takes each way.
    """
    glyphs, gap = _bitmaps(text) if size < SMALLEST_DRAWN else _strokes(text, size - 2 * (rim + margin(size)))
    width = sum(glyph.width for glyph in glyphs) + gap * (len(glyphs) - 1)
    height = max(glyph.height for glyph in glyphs)
    left = (size - width + 1) // 2
    base = (size + height) // 2
    if badge:
        taken = badge_ground(size, badge)
        while any(taken.crop((left, base - height, left + width, base)).tobytes()):
            base -= 1
    mask = Image.new("L", (size, size))
    for glyph in glyphs:
        mask.paste(glyph, (left, base - glyph.height))
        left += glyph.width + gap
    return mask


def _bitmaps(text: str) -> tuple[list[Image.Image], int]:
    """Glyphs for the smallest tile, and the gap between them.

    An m beside two digits would touch the rim, and no digit could be read; a prime is the sign of minutes, too.
    """
    digits, unit = text[:-1], text[-1].replace("m", "'")
    face = "bold7" if len(digits) == 1 else "thin7" if unit == "'" else "slim7"
    return [*(bitmap(face, digit) for digit in digits), bitmap("units", unit)], 1


def _strokes(text: str, room: int) -> tuple[list[Image.Image], int]:
    """Glyphs as bold as they can be within so many pixels, and the gap between them."""
    digits, unit = text[:-1], text[-1]
    for weight in range(max(1, round(room / 10)), 0, -1):
        gap = max(1, round(0.6 * weight))
        # An m has three legs, and as much room between them as they are wide.
        wide = 5 * weight if unit == "m" else 0
        width = min((room - wide - gap * len(digits)) // (len(digits) + (not wide)), room // 2 - gap)
        if width >= 3 * weight:
            break
    height = min(round(_SLENDER * width), 6 * room // 10) // 2 * 2
    sizes = [*((digit, narrow(weight) if digit == "1" else width) for digit in digits), (unit, wide or width)]
    return [stroked(char, across, height, weight) for char, across in sizes], gap
