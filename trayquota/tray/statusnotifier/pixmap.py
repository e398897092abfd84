"""Pillow images → ``a(iiay)``, the pictures of a StatusNotifierItem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from trayquota.core.redacted import RedactedRepr

if TYPE_CHECKING:
    from PIL.Image import Image

SIZES_PX = (16, 22, 24, 32, 48, 64)
"""The sizes made of a single image: what panels ask for at scale 1 and 2. Some take the smallest that
suffices, others (Xfce, Waybar) the largest there is, so the largest must still read well when small."""


class Pixmap(RedactedRepr, Struct, frozen=True):
    """A picture as it goes over the bus: straight alpha, rows from the top, four bytes A, R, G, B a pixel."""

    repr_fields = ("width_px", "height_px")

    width_px: int
    height_px: int
    argb: bytes


def pixmaps(image: Image) -> tuple[Pixmap, ...]:
    """An icon in several sizes, the smallest first.

    Args:
        image: The icon. ``image.info["variants"]`` may hold images drawn for their own sizes; those are taken
            as they are and nothing is scaled. Without them the image is scaled to ``SIZES_PX``.
    """
    variants = image.info.get("variants") or _scaled(image)
    by_size = {variant.size: variant for variant in variants}
    return tuple(_pixmap(by_size[size]) for size in sorted(by_size))


def premultiplied(pixmap: Pixmap) -> Pixmap:
    """The same with its colours multiplied by their opacity."""
    from PIL import Image, ImageChops

    size = (pixmap.width_px, pixmap.height_px)
    alpha, *colours = Image.frombytes("RGBA", size, pixmap.argb).split()
    channels = (alpha, *(ImageChops.multiply(colour, alpha) for colour in colours))
    return Pixmap(*size, Image.merge("RGBA", channels).tobytes())


def _scaled(image: Image) -> list[Image]:
    from PIL.Image import Resampling

    whole = image.convert("RGBA")
    return [
        whole if whole.size == (size, size) else whole.resize((size, size), Resampling.LANCZOS) for size in SIZES_PX
    ]


def _pixmap(image: Image) -> Pixmap:
    from PIL.Image import merge

    red, green, blue, alpha = image.convert("RGBA").split()
    return Pixmap(image.width, image.height, merge("RGBA", (alpha, red, green, blue)).tobytes())
