"""Pictures on their way to the bus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from trayquota.tray.statusnotifier.pixmap import SIZES_PX, Pixmap, pixmaps, premultiplied

if TYPE_CHECKING:
    from random import Random


def back(pixmap: Pixmap) -> Image.Image:
    """The picture as a host reads it."""
    argb = Image.frombytes("RGBA", (pixmap.width_px, pixmap.height_px), pixmap.argb)
    alpha, red, green, blue = argb.split()
    return Image.merge("RGBA", (red, green, blue, alpha))


@given(st.lists(st.integers(1, 24), min_size=1, max_size=4, unique=True), st.randoms(use_true_random=False))
def test_variants_arrive_as_they_were_drawn(sizes: list[int], random: Random) -> None:
    drawn = [Image.frombytes("RGBA", (size, size), random.randbytes(4 * size * size)) for size in sizes]
    image = Image.new("RGBA", (64, 64))
    image.info["variants"] = tuple(drawn)
    arrived = pixmaps(image)
    assert [each.width_px for each in arrived] == sorted(sizes)
    assert {each.width_px: back(each).tobytes() for each in arrived} == {each.width: each.tobytes() for each in drawn}


def test_the_bytes_are_alpha_red_green_blue() -> None:
    image = Image.new("RGBA", (16, 16), (1, 2, 3, 4))
    image.info["variants"] = (image.copy(),)
    (only,) = pixmaps(image)
    assert only.argb == bytes([4, 1, 2, 3]) * 256


def test_a_single_image_is_scaled_to_every_size() -> None:
    arrived = pixmaps(Image.new("RGB", (48, 48), "red"))
    assert [(each.width_px, each.height_px) for each in arrived] == [(size, size) for size in SIZES_PX]
    assert all(len(each.argb) == 4 * each.width_px * each.height_px for each in arrived)
    assert all(each.argb[:4] == bytes([255, 255, 0, 0]) for each in arrived)


def test_an_image_of_the_right_size_is_not_scaled() -> None:
    image = Image.linear_gradient("L").resize((32, 32)).convert("RGBA")
    assert back(pixmaps(image)[SIZES_PX.index(32)]).tobytes() == image.tobytes()


def test_equal_pictures_are_equal() -> None:
    def drawn() -> Image.Image:
        return Image.new("RGBA", (64, 64), "blue")

    assert pixmaps(drawn()) == pixmaps(drawn())


def test_premultiplied_colours_are_those_that_show_on_black() -> None:
    (pixmap,) = pixmaps(_one(Image.new("RGBA", (1, 1), (200, 100, 50, 128))))
    assert premultiplied(pixmap).argb == bytes((128, 100, 50, 25))
    (clear,) = pixmaps(_one(Image.new("RGBA", (1, 1), (200, 100, 50, 0))))
    assert premultiplied(clear).argb == bytes(4)


def _one(image: Image.Image) -> Image.Image:
    image.info["variants"] = (image,)
    return image
