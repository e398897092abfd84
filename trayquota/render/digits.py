"""Where digits and marks stand on a plate, and how large: as large as stays clear of the rim."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from PIL import Image

from trayquota.render.glyphs import bitmap, narrow, stroked
from trayquota.render.shapes import COVERED, badge_ground, plate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trayquota.render.shapes import Box, Shape

SMALLEST_DRAWN = 20
"""In smaller pictures glyphs are bitmaps, in larger ones strokes."""

_DIGITS_OF_100 = 3
_NARROWEST = 3
"""The least width of a drawn digit, and half its least height."""


class DigitFace(NamedTuple):
    """How digits are set, in pixels.

    Attributes:
        bitmap: The name of a bitmap face; empty when glyphs are drawn.
        digit: The width of any digit but 1.
        one: The width of a 1.
        height: Of every digit.
        gap: Between digits.
        weight: Of a drawn stroke.
    """

    bitmap: str
    digit: int
    one: int
    height: int
    gap: int
    weight: int = 1

    def width(self, count: int) -> int:
        """The room for so many digits, whichever they are; the only number of three digits is 100."""
        if count == _DIGITS_OF_100:
            return self.one + 2 * (self.digit + self.gap)
        return count * (self.digit + self.gap) - self.gap

    def glyph(self, char: str) -> Image.Image:
        """A digit's mask."""
        if self.bitmap:
            return bitmap(self.bitmap, char)
        return stroked(char, self.one if char == "1" else self.digit, self.height, self.weight)


_TINY = DigitFace("tiny", 3, 2, 5, 2)
_BITMAP_FACES = (
    DigitFace("bold8", 5, 3, 8, 2),
    DigitFace("bold7", 5, 3, 7, 2),
    DigitFace("thin8", 4, 2, 8, 2),
    DigitFace("thin7", 4, 2, 7, 2),
    _TINY,
)
_BITMAP_FACES_FOR_100 = (
    DigitFace("thin8", 4, 2, 8, 1),
    DigitFace("thin7", 4, 2, 7, 1),
    DigitFace("slim8", 3, 2, 8, 1),
    _TINY._replace(gap=1),
)


def number_mask(text: str, size: int, shape: Shape, rim: int, badge: int = 0) -> Image.Image:
    """The mask of a number on a plate.

    Args:
        text: One to three digits.
        size: Of the picture, in pixels.
        shape: The plate.
        rim: How wide the plate's edge is, in pixels.
        badge: How many pixels the badge in the lower right corner takes each way.
    """
    face, top = _fit(len(text), size, shape, rim, badge)
    glyphs = [face.glyph(char) for char in text]
    width = sum(glyph.width for glyph in glyphs) + face.gap * (len(glyphs) - 1)
    mask = Image.new("L", (size, size))
    x = (size - width) // 2
    for glyph in glyphs:
        mask.paste(glyph, (x, top))
        x += glyph.width + face.gap
    return mask


def placeholder_mask(char: str, size: int, shape: Shape) -> Image.Image:
    """The mask of ``…``, ``?``, ``!`` or the emblem ``Q`` on a plate."""
    if size < SMALLEST_DRAWN:
        glyph = bitmap("sign" if char == "!" else "marks", char)
    else:
        weight = max(2, round(size / 11))
        height = 2 * round((0.25 if char == "!" else 0.3) * size)
        width = {"…": 2 * round(0.28 * size), "?": 2 * round(0.2 * size), "!": weight, "Q": height}[char]
        glyph = stroked(char, width + (size - width) % 2, height, weight)
    mask = Image.new("L", (size, size))
    mask.paste(glyph, ((size - glyph.width) // 2, _centred(glyph.height, size, shape)))
    return mask


@lru_cache(maxsize=256)
def _fit(count: int, size: int, shape: Shape, rim: int, badge: int) -> tuple[DigitFace, int]:
    """The largest face that stays clear of rim and badge, and its upper edge, near the plate's middle."""
    inner, comfortable = plate(shape, size, rim), plate(shape, size, rim + margin(size))
    taken = badge_ground(size, badge) if badge else Image.new("L", (size, size))
    for face in _faces(count, size, rim):
        left = (size - face.width(count)) // 2
        right = left + face.width(count)
        for shift in sorted(range(-(size // 7), size // 7 + 1), key=abs):
            top = _centred(face.height, size, shape) + shift
            low = top + face.height
            # A lone digit may come nearer to a round rim with its corners, which are round too.
            near = 0 if count == 1 else 1
            if (
                taken.crop((left, top, right, low)).getbbox() is None
                and _covers(comfortable, (left, top, right, low))
                and _covers(inner, (left - 1, top - near, right + 1, low + near))
                and _covers(inner, (left - near, top - 1, right + near, low + 1))
            ):
                return face, top
    return face, _centred(face.height, size, shape)


def _centred(height: int, size: int, shape: Shape) -> int:
    return round(shape.middle * size - height / 2)


def _covers(mask: Image.Image, box: Box) -> bool:
    least, _most = cast("tuple[int, int]", mask.crop(box).getextrema())
    return least >= COVERED


def _faces(count: int, size: int, rim: int) -> Iterator[DigitFace]:
    """Faces for a number of so many digits, the largest first."""
    if size < SMALLEST_DRAWN:
        yield from _BITMAP_FACES_FOR_100 if count == _DIGITS_OF_100 else _BITMAP_FACES
        return
    weight = max(2, round(size / 11))
    room = size - 2 * (rim + margin(size))
    gap = max(1, round(size / 32))
    if count == _DIGITS_OF_100:
        digit, slender = (room - 2 * gap - narrow(weight)) // 2, 1.2
    else:
        gap *= 2
        digit, slender = (room - gap) // 2, 0.85
    tall = 2 * min(round(0.27 * size), round(slender * digit))
    while digit > _NARROWEST and tall > 2 * _NARROWEST:
        for height in (tall, tall - 2):
            thin = min(weight, (digit - 1) // 2, (height - 2) // 3)
            yield DigitFace("", digit, narrow(thin), height, gap, thin)
        digit, tall = digit - 1, tall - 2
    yield _TINY._replace(gap=1)


def margin(size: int) -> int:
    """How far what stands on a plate keeps from its rim, in pixels."""
    return max(1, round(size / 20))
