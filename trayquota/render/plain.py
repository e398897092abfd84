"""The icon in one colour: an outline in the shape of its level with the number in it, on the panel's ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image, ImageChops

from trayquota.render import palette
from trayquota.render.digits import placeholder_mask
from trayquota.render.draw import MARKS, PLATES, TRANSPARENT, WITHOUT_BADGE, badge_width, figure_mask
from trayquota.render.shapes import TILE, badge_disc, badge_ground, dash_gaps, plate
from trayquota.views.tray_view import Placeholder

if TYPE_CHECKING:
    from trayquota.views.tray_view import IconSpec


def draw_plain(spec: IconSpec, size: int) -> Image.Image:
    """A new picture, ``size`` pixels each way, on a transparent ground."""
    rim = max(1, round(size / 17))
    if spec.percent is None:
        sign, shape, _ = MARKS[spec.placeholder]
        badge = badge_width(size) if spec.attention and spec.placeholder not in WITHOUT_BADGE else 0
        figure = placeholder_mask(sign, size, shape)
    else:
        shape = TILE if spec.countdown else PLATES[spec.level]
        badge = badge_width(size) if spec.attention else 0
        figure = figure_mask(spec, size, shape, rim, badge)
    outline = ImageChops.subtract(plate(shape, size), plate(shape, size, rim))
    has_no_accounts = spec.percent is None and spec.placeholder is Placeholder.NO_ACCOUNTS
    if spec.stale or has_no_accounts:
        # Without accounts the emblem is not that of a calm icon.
        outline = ImageChops.subtract(outline, dash_gaps(size))
    mask = ImageChops.lighter(outline, figure)
    if badge:
        mask = ImageChops.lighter(ImageChops.subtract(mask, badge_ground(size, badge)), badge_disc(size, badge))
    if spec.color in {"light", "dark"}:
        image = Image.new("RGB", (size, size), palette.DARK if spec.color == "dark" else palette.LIGHT)
    else:
        # Nobody knows what the panel looks like: the figure brings a ground of its own.
        image = Image.new("RGB", (size, size), palette.DARK)
        image.paste(palette.LIGHT, mask=mask)
        mask = ImageChops.lighter(plate(shape, size), mask)
    # As in the other styles: swaybar adds the colour of transparent pixels to the panel's.
    image.paste(0, mask=mask.point(TRANSPARENT))
    image.putalpha(mask)
    return image
