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
    return _filled(size, _outline(corners, _arcs(shape.corners), shape.radius * size, inset))


@lru_cache(maxsize=256)
def pill(size: int, box: Box, radius: float) -> Image.Image:
    """A rectangle with round corners within a square mask; one without area leaves it blank."""
    x0, y0, x1, y1 = box
    if x0 >= x1 or y0 >= y1:
        return Image.new("L", (size, size))
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return _filled(size, _outline(corners, _arcs(_SQUARE), min(radius, (x1 - x0) / 2, (y1 - y0) / 2), 0))


def badge_disc(size: int, across: int) -> Image.Image:
    """The badge's mask in the lower right corner; ``across`` is its width in pixels."""
    return pill(size, (size - across, size - across, size, size), across)


def badge_ground(size: int, across: int) -> Image.Image:
    """What a badge takes of the plate, a gap around it included."""
    gap = max(1, round(size / 20))
    return pill(size, (size - across - gap, size - across - gap, size + gap, size + gap), size)


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
    rather_wide = [(size - 2 * margin) ** 1.25 for margin in range(size // 2)]
    margins = []
    for row in range(min(bottom, size - inset)):
        half = pixels[row * size : row * size + size // 2]
        if half[-1] >= COVERED:
            margins.append((row, next(x for x, cover in enumerate(half) if cover >= COVERED)))
    best, box = -1.0, (0, 0, 0, 0)
    for index, (first, above) in enumerate(margins):
        for last, below in margins[index:]:
            margin = max(above, below)
            area = rather_wide[margin] * (last + 1 - first)
            if area > best:
                best, box = area, (margin, first, size - margin, last + 1)
    return box


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


@lru_cache(maxsize=16)
def _arcs(corners: tuple[Point, ...]) -> tuple[tuple[Point, ...], ...]:
    """The directions in which the round corners of a polygon lie as seen from their centres; its size is no matter."""
    arcs = []
    for before, here, after in zip(corners[-1:] + corners[:-1], corners, corners[1:] + corners[:1], strict=True):
        start = atan2(before[0] - here[0], here[1] - before[1])
        sweep = (atan2(here[0] - after[0], after[1] - here[1]) - start) % (2 * pi)
        steps = max(1, round(12 * sweep))
        angles = [start + sweep * step / steps for step in range(steps + 1)]
        arcs.append(tuple((cos(angle), sin(angle)) for angle in angles))
    return tuple(arcs)


def _outline(
    corners: tuple[Point, ...], arcs: tuple[tuple[Point, ...], ...], radius: float, inset: float
) -> list[Point]:
    """The rounded polygon, ``inset`` further in than its edge, as a polygon with many corners."""
    left = max(radius - inset, 0.0)
    centres = _offset(corners, max(radius, inset))
    if not left:
        return centres
    return [(x + left * dx, y + left * dy) for (x, y), arc in zip(centres, arcs, strict=True) for dx, dy in arc]


def _filled(size: int, points: list[Point]) -> Image.Image:
    fine = _fineness(size)
    image = Image.new("L", (size * fine, size * fine))
    across, down = zip(*points, strict=True)
    ImageDraw.Draw(image).polygon(list(zip(_inner(across, fine), _inner(down, fine), strict=True)), fill=255)
    return image.reduce(fine)


def _fineness(size: int) -> int:
    return 8 if size < _LARGE else 4


def _inner(values: tuple[float, ...], fine: int) -> list[int]:
    """Corners on a grid so much finer than the pixels, along one axis."""
    # Pillow fills the pixels under a polygon's edge too, so a corner goes to the pixel on its inner side. What is
    # only just off the middle of a pixel lies there.
    middle = (min(values) + max(values)) / 2 + 0.5 / fine
    return [ceil(value * fine - 0.5005) if value < middle else floor(value * fine - 0.4995) for value in values]
