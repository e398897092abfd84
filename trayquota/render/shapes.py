"""Plates: convex polygons with round corners, as masks drawn for one size.

A mask is drawn on a grid some times finer than the pixels and averaged; edges that lie on whole pixels stay sharp.
Masks are kept and shared: nobody may draw on one.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan2, ceil, cos, floor, hypot, pi, sin
from typing import NamedTuple

from PIL import Image, ImageDraw

Point = tuple[float, float]
Box = tuple[int, int, int, int]


class Shape(NamedTuple):
    """A plate in the unit square, y downwards.

    Attributes:
        corners: Clockwise as seen.
        radius: Of the corners.
        middle: The height at which text looks centred.
    """

    corners: tuple[Point, ...]
    radius: float
    middle: float = 0.5


_SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_CUT = 0.25
_HIGH, _LOW = (_CUT, 1 - _CUT)

TILE = Shape(_SQUARE, 0.19)
SHIELD = Shape(((0, 0), (1, 0), (1, 0.74), (0.63, 1), (0.37, 1), (0, 0.74)), 0.09, 0.42)
OCTAGON = Shape(((_HIGH, 0), (_LOW, 0), (1, _HIGH), (1, _LOW), (_LOW, 1), (_HIGH, 1), (0, _LOW), (0, _HIGH)), 0.06)
DISC = Shape(_SQUARE, 0.5)
TRIANGLE = Shape(((0.5, -0.08), (1.06, 1.0), (-0.06, 1.0)), 0.13, 0.61)

_LARGE = 32
"""From this many pixels on, half the fineness looks the same."""

COVERED = 215
"""A mask's pixel counts as inside from here on."""


@lru_cache(maxsize=256)
def plate(shape: Shape, size: int, inset: int = 0) -> Image.Image:
    """A plate's mask, ``inset`` pixels smaller on every side."""
    corners = tuple((x * size, y * size) for x, y in shape.corners)
    return _filled(size, _outline(corners, shape.radius * size, inset))


@lru_cache(maxsize=256)
def pill(size: int, box: Box, radius: float) -> Image.Image:
    """A rectangle with round corners within a square mask; one without area leaves it blank."""
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        return Image.new("L", (size, size))
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return _filled(size, _outline(corners, min(radius, (x1 - x0) / 2, (y1 - y0) / 2), 0))


def badge_disc(size: int, across: int) -> Image.Image:
    """The badge's mask in the lower right corner; ``across`` is its width in pixels."""
    return pill(size, (size - across, size - across, size, size), across)


def badge_ground(size: int, across: int) -> Image.Image:
    """What a badge takes of the plate, a gap around it included."""
    gap = max(1, round(size / 20))
    return pill(size, (size - across - gap, size - across - gap, size + gap, size + gap), size)


@lru_cache(maxsize=64)
def sector(size: int, percent: int) -> Image.Image:
    """That part of a full turn, clockwise from the top."""
    fine = _fineness(size)
    middle = size * fine / 2
    turns = [percent / 100 * step / 16 for step in range(17)]
    edge = [(middle + 2 * middle * sin(2 * pi * turn), middle - 2 * middle * cos(2 * pi * turn)) for turn in turns]
    image = Image.new("L", (size * fine, size * fine))
    if percent:
        ImageDraw.Draw(image).polygon([(middle, middle), *edge], fill=255)
    return image.reduce(fine)


@lru_cache(maxsize=64)
def dash_gaps(size: int) -> Image.Image:
    """Where a broken rim is broken: strips across the whole picture, on whole pixels."""
    gap = max(1, round(size / 16))
    mask = Image.new("L", (size, size))
    draw = ImageDraw.Draw(mask)
    for start in (round(0.31 * size), size - round(0.31 * size) - gap):
        draw.rectangle((start, 0, start + gap - 1, size), fill=255)
        draw.rectangle((0, start, size, start + gap - 1), fill=255)
    return mask


@lru_cache(maxsize=64)
def stripes(size: int) -> Image.Image:
    """Upright stripes over the whole picture, the left half the right one's mirror image."""
    step = max(2, round(size / 8))
    half = [255 * (x // step % 2) for x in range(size // 2)]
    row = Image.frombytes("L", (size, 1), bytes(half + [255] * (size % 2) + half[::-1]))
    return row.resize((size, size), Image.Resampling.NEAREST)


@lru_cache(maxsize=64)
def inscribed(shape: Shape, size: int, inset: int, bottom: int) -> Box:
    """A large box in a plate, rather wide than high, ``inset`` pixels off its edge and above the row ``bottom``."""
    pixels = plate(shape, size, inset).tobytes()
    margins = []
    for row in range(min(bottom, size - inset)):
        half = pixels[row * size : row * size + size // 2]
        if half[-1] >= COVERED:
            margins.append((row, next(x for x, cover in enumerate(half) if cover >= COVERED)))
    boxes = []
    for index, (first, above) in enumerate(margins):
        for last, below in margins[index:]:
            margin = max(above, below)
            boxes.append((margin, first, size - margin, last + 1))
    return max(boxes, key=lambda box: (box[2] - box[0]) ** 1.25 * (box[3] - box[1]))


def _offset(corners: tuple[Point, ...], distance: float) -> list[Point]:
    """The corners of the polygon whose edges all lie ``distance`` further in."""
    edges = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        length = hypot(x1 - x0, y1 - y0)
        across, down = (y0 - y1) / length, (x1 - x0) / length
        edges.append((across, down, across * x0 + down * y0 + distance))
    points = []
    for (a, b, c), (d, e, f) in zip(edges[-1:] + edges[:-1], edges, strict=True):
        scale = a * e - b * d
        points.append(((c * e - b * f) / scale, (a * f - c * d) / scale))
    return points


def _outline(corners: tuple[Point, ...], radius: float, inset: float) -> list[Point]:
    """The rounded polygon, ``inset`` further in than its edge, as a polygon with many corners."""
    left = max(radius - inset, 0.0)
    points: list[Point] = []
    for index, (x, y) in enumerate(_offset(corners, max(radius, inset))):
        before, here, after = corners[index - 1], corners[index], corners[(index + 1) % len(corners)]
        start = atan2(before[0] - here[0], here[1] - before[1])
        sweep = (atan2(here[0] - after[0], after[1] - here[1]) - start) % (2 * pi)
        steps = max(1, round(12 * sweep)) if left else 1
        for step in range(steps + 1):
            angle = start + sweep * step / steps
            points.append((x + left * cos(angle), y + left * sin(angle)))
    return points


def _filled(size: int, points: list[Point]) -> Image.Image:
    fine = _fineness(size)
    image = Image.new("L", (size * fine, size * fine))
    middle = (min(x for x, _ in points) + max(x for x, _ in points)) / 2 * fine
    centre = (min(y for _, y in points) + max(y for _, y in points)) / 2 * fine
    ImageDraw.Draw(image).polygon([(_inner(x * fine, middle), _inner(y * fine, centre)) for x, y in points], fill=255)
    return image.reduce(fine)


def _fineness(size: int) -> int:
    return 8 if size < _LARGE else 4


def _inner(value: float, middle: float) -> int:
    # Pillow fills the pixels under a polygon's edge too, so a corner goes to the pixel on its inner side.
    value = round(value - 0.5, 3)
    return ceil(value) if value < middle else floor(value)
