"""Puts a picture together: plate, gauge, digits, badge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from PIL import Image, ImageChops, ImageDraw

from trayquota.core.model import Level
from trayquota.render import palette
from trayquota.render.countdown import countdown_mask
from trayquota.render.digits import SMALLEST_DRAWN, number_mask, placeholder_mask
from trayquota.render.shapes import (
    DISC,
    OCTAGON,
    SHIELD,
    TILE,
    TRIANGLE,
    badge_disc,
    badge_ground,
    dash_gaps,
    inscribed,
    pill,
    plate,
    sector,
    stripes,
)
from trayquota.views.tray_view import IconSpec, Placeholder

if TYPE_CHECKING:
    from trayquota.render.palette import Paint
    from trayquota.render.shapes import Box, Shape

PLATES = {Level.PLENTY: TILE, Level.LOW: SHIELD, Level.CRITICAL: OCTAGON, Level.EMPTY: DISC}
"""By how little is left."""
MARKS = {
    Placeholder.LOADING: ("…", TILE, palette.NEUTRAL),
    Placeholder.UNKNOWN: ("?", TILE, palette.NEUTRAL),
    Placeholder.ATTENTION: ("!", TRIANGLE, palette.WARNING),
    Placeholder.NO_ACCOUNTS: ("Q", TILE, palette.NEUTRAL),
}
WITHOUT_BADGE = {Placeholder.ATTENTION, Placeholder.NO_ACCOUNTS}
"""The one says what the badge would say; where the other stands, no account can need anybody."""

_SMALL_BADGE = 5
"""The width of a badge in the smallest pictures, too small for a sign in it."""

_FULL = 100
TRANSPARENT = [255 * (cover == 0) for cover in range(256)]
"""Of a mask: where nothing is seen."""


class _Picture(Struct, frozen=True):
    """What all steps of a picture share; ``line``, ``rim`` and ``badge`` are widths in pixels."""

    image: Image.Image
    spec: IconSpec
    size: int
    shape: Shape
    paint: Paint
    line: int
    rim: int
    badge: int


def draw_icon(spec: IconSpec, size: int) -> Image.Image:
    """A new picture, ``size`` pixels each way, on a transparent ground."""
    picture = _prepared(spec, size)
    image, paint, shape = picture.image, picture.paint, picture.shape
    if spec.percent is not None and spec.style == "ring" and not spec.countdown:
        image.paste(paint.track, mask=ImageChops.invert(sector(size, spec.percent)))
    if spec.stale:
        image.paste(paint.rest, mask=dash_gaps(size))
    image.paste(paint.rest, mask=plate(shape, size, picture.rim))
    if spec.percent is None:
        image.paste(paint.ink, mask=placeholder_mask(MARKS[spec.placeholder][0], size, shape))
    elif spec.style == "bar":
        _draw_bars(picture)
    else:
        if spec.style != "ring" and not spec.stale:
            _fill(picture, spec.percent)
        image.paste(paint.ink, mask=figure_mask(spec, size, shape, picture.rim, picture.badge))
    alpha = plate(shape, size)
    if picture.badge:
        alpha = ImageChops.lighter(alpha, _draw_badge(picture))
    # swaybar (1.7, 1.10) adds the colour of transparent pixels to the panel's.
    image.paste(0, mask=alpha.point(TRANSPARENT))
    image.putalpha(alpha)
    return image


def figure_mask(spec: IconSpec, size: int, shape: Shape, rim: int, badge: int) -> Image.Image:
    """The mask of the number, or of what stands for it."""
    if spec.countdown:
        return countdown_mask(spec.countdown, size, rim, badge)
    if spec.is_calm:
        return placeholder_mask("Q", size, shape)
    return number_mask(str(spec.percent), size, shape, rim, badge)


def _prepared(spec: IconSpec, size: int) -> _Picture:
    line = rim = max(1, round(size / 17))
    if spec.percent is None:
        _, shape, paint = MARKS[spec.placeholder]
        badge = spec.attention and spec.placeholder not in WITHOUT_BADGE
    else:
        paints = palette.RINGS if spec.style == "ring" else palette.LEVELS
        shape, paint, badge = PLATES[spec.level], paints[spec.level], spec.attention
        if spec.countdown and spec.style != "bar":
            # Three characters want the widest plate; its ground says that the quota is empty.
            shape, paint = TILE, palette.LEVELS[spec.level]
        elif not spec.stale and (spec.style == "ring" or (spec.level is Level.EMPTY and spec.style != "bar")):
            rim = max(2, round(size / 9))
    if spec.stale:
        paint = palette.hollow(paint)
    return _Picture(
        image=Image.new("RGB", (size, size), paint.rim),
        spec=spec,
        size=size,
        shape=shape,
        paint=paint,
        line=line,
        rim=rim,
        badge=badge_width(size) if badge else 0,
    )


def badge_width(size: int) -> int:
    """How many pixels a badge takes each way."""
    return 2 * round(0.17 * size) if size >= SMALLEST_DRAWN else _SMALL_BADGE


def _steps(percent: int, span: int) -> int:
    """How many of ``span`` pixels a percent fills: none and all at 0 and 100 alone."""
    if percent <= 0:
        return 0
    return span if percent >= _FULL else min(max(round(span * percent / _FULL), 1), span - 1)


def _fill(picture: _Picture, percent: int) -> None:
    size, rim = picture.size, picture.rim
    box = (0, size - rim - _steps(percent, size - 2 * rim), size, size)
    picture.image.paste(picture.paint.fill, box, plate(picture.shape, size, rim).crop(box))


def _draw_bars(picture: _Picture) -> None:
    size, badge = picture.size, picture.badge
    inset = picture.rim + max(1, round(size / 16))
    left, top, right, bottom = inscribed(picture.shape, size, inset, size - badge - (badge > 0))
    gap = max(1, round((bottom - top) / 6))
    height = (bottom - top - gap) // 2
    session, weekly = picture.spec.bars
    _draw_bar(picture, session, (left, top, right, top + height))
    _draw_bar(picture, weekly, (left, bottom - height, right, bottom))


def _draw_bar(picture: _Picture, percent: int | None, box: Box) -> None:
    image, paint, size, line = picture.image, picture.paint, picture.size, picture.line
    left, top, right, bottom = box
    radius = (bottom - top) / 3
    whole = pill(size, box, radius)
    inside = pill(size, (left + line, top + line, right - line, bottom - line), max(0.0, radius - line))
    if percent is None:
        edge = ImageChops.subtract(whole, inside)
        image.paste(paint.ink, mask=ImageChops.multiply(edge, stripes(size)))
        return
    end = left + _steps(percent, right - left)
    image.paste(paint.track, mask=whole)
    image.paste(paint.ink, (left, top, end, bottom), whole.crop((left, top, end, bottom)))
    if picture.spec.stale:
        image.paste(paint.rest, mask=inside)
        last = (max(left, end - line), top, end, bottom)
        image.paste(paint.ink, last, whole.crop(last))


def _draw_badge(picture: _Picture) -> Image.Image:
    """Draws the badge, set off from the plate, and returns its mask."""
    image, size, across = picture.image, picture.size, picture.badge
    start = size - across
    disc = badge_disc(size, across)
    image.paste(picture.paint.rest, mask=badge_ground(size, across))
    image.paste(palette.WARNING.rest, mask=disc)
    if across > _SMALL_BADGE:
        width, margin = 2 * max(1, round(across / 11)), max(1, round(0.15 * across))
        left, low = start + (across - width) // 2, size - margin
        pen = ImageDraw.Draw(image)
        pen.rectangle((left, start + margin, left + width - 1, low - width - width // 2 - 1), palette.WARNING.ink)
        pen.rectangle((left, low - width, left + width - 1, low - 1), palette.WARNING.ink)
    return disc
