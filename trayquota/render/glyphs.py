"""Digits and marks: small ones as drawn here pixel by pixel, larger ones as strokes on the pixel grid.

Masks are kept and shared: nobody may draw on one.
"""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

from trayquota.render.bitmaps import BITMAPS


def narrow(weight: int) -> int:
    """The width of a drawn 1 of that stroke weight, in pixels."""
    return 2 * weight


@lru_cache(maxsize=128)
def bitmap(face: str, char: str) -> Image.Image:
    """The mask of a glyph drawn pixel by pixel."""
    chars, picture = BITMAPS[face]
    rows = [line.split()[chars.index(char)] for line in picture.split("\n") if line.strip()]
    return Image.frombytes("L", (len(rows[0]), len(rows)), bytes(255 * (dot == "#") for dot in "".join(rows)))


@lru_cache(maxsize=256)
def stroked(char: str, width: int, height: int, weight: int) -> Image.Image:
    """The mask of a glyph drawn in strokes.

    Args:
        char: A digit or a mark.
        width: Of the mask, in pixels.
        height: Of the mask, in pixels.
        weight: Of a stroke, in pixels; upright and level strokes fill whole pixels.
    """
    pen = _Pen(width, height, weight)
    _STROKES[char](pen)
    return pen.mask()


_SHARPER = [min(max(2 * cover - 128, 0), 255) for cover in range(256)]


class _Pen:
    """Draws on a grid much finer than the pixels; measures are pixels."""

    _FINE = 8

    def __init__(self, width: int, height: int, weight: int) -> None:
        self.w, self.h, self.t = width, height, weight
        self.waist = (height - weight) // 2
        self._image = Image.new("L", (width * self._FINE, height * self._FINE))
        self._draw = ImageDraw.Draw(self._image)

    def mask(self) -> Image.Image:
        # A steeper edge than plain averaging gives: curves stay smooth and look sharper.
        return self._image.reduce(self._FINE).point(_SHARPER)

    def bar(self, x0: float, y0: float, x1: float, y1: float, ink: int = 255) -> None:
        self._draw.rectangle(self._box(x0, y0, x1, y1), fill=ink)

    def clear(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.bar(x0, y0, x1, y1, ink=0)

    def bowl(self, y0: float, y1: float, roundness: float = 0.44) -> None:
        """A closed loop of the glyph's width."""
        radius = min(roundness * self.w, (y1 - y0) / 2)
        self._draw.rounded_rectangle(self._box(0, y0, self.w, y1), radius * self._FINE, fill=255)
        counter = self._box(self.t, y0 + self.t, self.w - self.t, y1 - self.t)
        self._draw.rounded_rectangle(counter, max(radius - self.t, 0.25 * self.t) * self._FINE, fill=0)

    def slant(self, *points: tuple[float, float]) -> None:
        fine = self._FINE
        self._draw.polygon([(round(x * fine - 0.5), round(y * fine - 0.5)) for x, y in points], fill=255)

    def dot(self, x: float, y: float, across: float) -> None:
        self._draw.ellipse(self._box(x, y, x + across, y + across), fill=255)

    def turn(self) -> None:
        self._image = self._image.transpose(Image.Transpose.ROTATE_180)

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[int, int, int, int]:
        fine = self._FINE
        return round(x0 * fine), round(y0 * fine), round(x1 * fine) - 1, round(y1 * fine) - 1


def _zero(pen: _Pen) -> None:
    pen.bowl(0, pen.h)


def _one(pen: _Pen) -> None:
    stem, flag = pen.w - pen.t, 0.16 * pen.h
    pen.bar(stem, 0, pen.w, pen.h)
    pen.slant((stem, 0), (stem, 1.25 * pen.t), (0, 1.25 * pen.t + flag), (0, flag))


def _two(pen: _Pen) -> None:
    w, h, t = pen.w, pen.h, pen.t
    turn = 0.5 * (pen.waist + t)
    pen.bowl(0, pen.waist + t)
    pen.clear(0, turn, w, h)
    pen.slant(
        (w - t, turn - 0.5),
        (w, turn - 0.5),
        (w, turn + 0.06 * h),
        (1.35 * t, h - t),
        (0, h - t),
        (w - t, turn),
    )
    pen.bar(0, h - t, w, h)


def _three(pen: _Pen) -> None:
    _eight(pen)
    upper, lower = 0.5 * (pen.waist + pen.t), 0.5 * (pen.waist + pen.h)
    pen.clear(0, upper, max(0.42 * pen.w, pen.t), lower)


def _four(pen: _Pen) -> None:
    w, h, t = pen.w, pen.h, pen.t
    stem = w - t - max(1, round(0.4 * t))
    bar = h - t - round(0.19 * h)
    foot = 1.2 * t
    pen.slant(
        (stem + t - foot, 0),
        (stem + t, 0),
        (stem + t, t),
        (foot, bar),
        (foot, bar + t),
        (0, bar + t),
        (0, bar),
    )
    pen.bar(0, bar, w, bar + t)
    pen.bar(stem, 0, stem + t, h)


def _five(pen: _Pen) -> None:
    top = pen.waist - round(0.03 * pen.h)
    pen.bowl(top, pen.h)
    pen.clear(0, top + pen.t, pen.t, top + 0.58 * (pen.h - top))
    pen.bar(0, 0, pen.w, pen.t)
    pen.bar(0, 0, pen.t, top + pen.t)


def _six(pen: _Pen) -> None:
    top = pen.waist - round(0.03 * pen.h)
    pen.bowl(0, pen.h)
    pen.clear(pen.t, 0.26 * pen.h, pen.w, top + pen.t)
    pen.bowl(top, pen.h)
    pen.bar(0, 0.4 * pen.h, pen.t, 0.7 * pen.h)


def _seven(pen: _Pen) -> None:
    w, h, t = pen.w, pen.h, pen.t
    foot = 0.28 * w
    pen.bar(0, 0, w, t)
    pen.slant((w - 1.15 * t, t), (w, t), (foot + 1.15 * t, h), (foot, h))


def _eight(pen: _Pen) -> None:
    pen.bowl(0, pen.waist + pen.t)
    pen.bowl(pen.waist, pen.h)


def _nine(pen: _Pen) -> None:
    _six(pen)
    pen.turn()


def _question(pen: _Pen) -> None:
    w, h, t = pen.w, pen.h, pen.t
    stem, low = (w - t) / 2, 0.6 * h
    pen.bowl(0, low)
    pen.clear(0, 0.5 * low, w - t, low)
    pen.clear(0, 0.6 * low, w, h)
    pen.slant(
        (w - t, 0.55 * low),
        (w, 0.6 * low),
        (stem + t, 0.84 * low),
        (stem + t, 0.72 * h),
        (stem, 0.72 * h),
        (stem, 0.78 * low),
    )
    pen.bar(stem, h - t, stem + t, h)


def _exclamation(pen: _Pen) -> None:
    pen.bar(0, 0, pen.w, pen.h - pen.t - max(1, round(0.6 * pen.t)))
    pen.bar(0, pen.h - pen.t, pen.w, pen.h)


def _dots(pen: _Pen) -> None:
    across = 1.25 * pen.t
    for x in (0, (pen.w - across) / 2, pen.w - across):
        pen.dot(x, (pen.h - across) / 2, across)


def _emblem(pen: _Pen) -> None:
    pen.bowl(0, pen.h, roundness=0.5)
    near, far = 0.56 * pen.w - 0.35 * pen.t, 0.56 * pen.w + 0.35 * pen.t
    reach = pen.w - far
    pen.slant((near, far), (far, near), (far + reach, near + reach), (near + reach, far + reach))


def _minutes(pen: _Pen) -> None:
    top, middle = round(0.28 * pen.h), pen.w / 2
    for left, right in ((0, middle + pen.t / 2), (middle - pen.t / 2, pen.w)):
        _arch(pen, left, right, top)
    pen.bar(0, top, pen.t, pen.h)


def _hours(pen: _Pen) -> None:
    _arch(pen, 0, pen.w, round(0.32 * pen.h))
    pen.bar(0, 0, pen.t, pen.h)


def _arch(pen: _Pen, left: float, right: float, top: float) -> None:
    """The upper half of a loop, on two legs."""
    pen.bar(left + pen.t / 2, top, right - pen.t / 2, top + pen.t)
    for leg in (left, right - pen.t):
        pen.bar(leg, top + pen.t / 2, leg + pen.t, pen.h)


def _days(pen: _Pen) -> None:
    pen.bowl(round(0.32 * pen.h), pen.h)
    pen.bar(pen.w - pen.t, 0, pen.w, pen.h)


_STROKES = {
    "0": _zero,
    "1": _one,
    "2": _two,
    "3": _three,
    "4": _four,
    "5": _five,
    "6": _six,
    "7": _seven,
    "8": _eight,
    "9": _nine,
    "?": _question,
    "!": _exclamation,
    "…": _dots,
    "Q": _emblem,
    "m": _minutes,
    "h": _hours,
    "d": _days,
}
