"""Icon specification and size → Pillow image; the only place that draws.

Every size is drawn for itself, none is scaled from another. Signs carry the level without colour: a tile, a
shield, an octagon, a disc, in this order; what is stale has a broken rim and no fill.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from trayquota.render.draw import draw_icon
from trayquota.system.assets import asset

if TYPE_CHECKING:
    from trayquota.views.tray_view import IconSpec

__all__ = ["APP_ICON_SIZES", "SIZES", "app_icon", "render", "render_all"]

SIZES = (16, 22, 24, 32, 48, 64)
"""What trays ask for, in pixels."""

APP_ICON_SIZES = (*SIZES, 128, 256, 512)
"""The sizes of the application icon that are shipped, in pixels."""


def render(spec: IconSpec, size: int) -> Image.Image:
    """The icon at one size.

    Args:
        spec: What to show.
        size: Width and height in pixels, at least 16.

    Returns:
        An RGBA image of the caller's own, in which transparent pixels carry no colour.

    Raises:
        ValueError: The size is too small for digits.
    """
    if size < SIZES[0]:
        msg = f"no icon can be read at {size} pixels; the least is {SIZES[0]}"
        raise ValueError(msg)
    if spec.style == "plain":
        # Few people use it; the first picture does not wait for it.
        from trayquota.render.plain import draw_plain

        return draw_plain(spec, size)
    return draw_icon(spec, size)


def render_all(spec: IconSpec, sizes: tuple[int, ...] = SIZES) -> Image.Image:
    """The icon at every size, as one image for backends that take several.

    Args:
        spec: What to show.
        sizes: Widths in pixels, at least 16 each.

    Returns:
        The largest, with all of them, as ordered in ``sizes``, in ``info["variants"]``; ``info["draw"]`` draws it at
        any other width, for backends that find out by themselves how large they show it.
    """
    variants = tuple(render(spec, size) for size in sizes)
    image = max(variants, key=lambda variant: variant.width).copy()
    image.info["variants"] = variants
    image.info["draw"] = lambda size: render(spec, size)
    return image


def app_icon(size: int) -> Image.Image:
    """The application's icon.

    Args:
        size: Width and height in pixels, one of ``APP_ICON_SIZES``.

    Raises:
        FileNotFoundError: There is none of that size.
    """
    with Image.open(asset(f"trayquota-{size}.png")) as image:
        return image.convert("RGBA")
