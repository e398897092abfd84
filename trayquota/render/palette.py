"""The colours of the icon.

The ink can be read (WCAG 4.5:1 and better) on whatever of its picture lies behind it, whether ``fill`` or ``rest``.
The levels differ in luminance, rim against rim, and so does each plate: that is what remains of colour in
grey and to eyes that do not distinguish red from green.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from trayquota.core.model import Level

RGB = tuple[int, int, int]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (22, 18, 16)
_PALE_RED: RGB = (255, 122, 112)
_NIGHT: RGB = (24, 27, 31)
LIGHT, DARK = (242, 242, 242), (38, 38, 38)
"""Of the style in one colour, on dark and on light panels."""
GROUND: RGB = (36, 38, 41)
"""Under icons in trays whose own ground cannot be read."""


class Paint(Struct, frozen=True):
    """The colours of one picture.

    Attributes:
        rim: The plate's edge, and what is left on the gauge of the style ``ring``.
        fill: Inside the plate, up to the percent.
        rest: Inside the plate, above it.
        track: What is used up on a gauge.
        ink: Digits, marks, and what is left on a bar.
    """

    rim: RGB
    fill: RGB
    rest: RGB
    track: RGB
    ink: RGB = WHITE


LEVELS = {
    Level.PLENTY: Paint(rim=(40, 176, 110), fill=(15, 118, 76), rest=(12, 37, 28), track=(34, 84, 64)),
    Level.LOW: Paint(rim=(255, 200, 60), fill=(168, 92, 0), rest=(56, 36, 6), track=(118, 80, 20)),
    Level.CRITICAL: Paint(rim=WHITE, fill=(208, 32, 46), rest=(142, 20, 32), track=(88, 8, 18)),
    Level.EMPTY: Paint(rim=(214, 32, 47), fill=(255, 214, 208), rest=WHITE, track=(236, 122, 120), ink=BLACK),
}
RINGS = {**LEVELS, Level.CRITICAL: replace(LEVELS[Level.CRITICAL], rim=_PALE_RED)}
"""In the style ``ring``, where an arc of white would look like a gap on a light panel."""

NEUTRAL = Paint(rim=(150, 162, 176), fill=(44, 53, 64), rest=(44, 53, 64), track=(84, 96, 110))
WARNING = Paint(rim=BLACK, fill=(255, 176, 32), rest=(255, 176, 32), track=BLACK, ink=BLACK)


def hollow(paint: Paint) -> Paint:
    """The colours of the same picture when its number is stale: an outline around a dark ground."""
    red = paint in {LEVELS[Level.CRITICAL], LEVELS[Level.EMPTY]}
    rim = _PALE_RED if red else WARNING.rest if paint is WARNING else paint.rim
    return Paint(rim=rim, fill=_NIGHT, rest=_NIGHT, track=(84, 96, 110), ink=(236, 239, 242))
