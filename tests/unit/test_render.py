"""The icon, looked at pixel by pixel: legible, crisp, and every state unlike every other."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from trayquota.core.model import Level
from trayquota.render import SIZES, palette, render, render_all
from trayquota.render import draw as drawing
from trayquota.render.digits import number_mask, placeholder_mask
from trayquota.views.tray_view import IconSpec, Placeholder

from .structs import structs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RGB = tuple[int, int, int]

PANELS: tuple[RGB, ...] = ((246, 245, 244), (36, 36, 36), (46, 52, 54))
STYLES = ("number", "ring", "bar")
# Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB.
EYES = {
    "full colour": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
}


def linear(colour: RGB) -> list[float]:
    parts = [part / 255 for part in colour]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def luminance(colour: RGB, eye: str = "full colour") -> float:
    light = linear(colour)
    seen = [min(max(sum(a * b for a, b in zip(row, light, strict=True)), 0), 1) for row in EYES[eye]]
    return 0.2126 * seen[0] + 0.7152 * seen[1] + 0.0722 * seen[2]


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def on_panel(image: Image.Image, panel: RGB) -> Image.Image:
    ground = Image.new("RGBA", image.size, panel)
    return Image.alpha_composite(ground, image).convert("RGB")


def colours(image: Image.Image, where: Image.Image) -> set[RGB]:
    """The colours of the pixels at which a mask is full."""
    return {pixel for pixel, full in zip(pixels_of(image), where.tobytes(), strict=True) if full == 255}


def pixels_of(image: Image.Image) -> list[RGB]:
    """Every pixel's colour, whatever its opacity."""
    data = image.convert("RGB").tobytes()
    return list(zip(data[0::3], data[1::3], data[2::3], strict=True))


def numbers(style: str) -> Iterator[IconSpec]:
    for level in Level:
        # A hundred percent is plenty, whatever the settings.
        for percent in (0, 1, 7, 25, 42, 74, 88, *([100] if level is Level.PLENTY else [])):
            for stale in (False, True):
                for attention in (False, True):
                    yield IconSpec(percent=percent, level=level, stale=stale, attention=attention, style=style)


def marks(style: str) -> Iterator[IconSpec]:
    for each in Placeholder:
        for stale in (False, True):
            for attention in (False, True):
                yield IconSpec(placeholder=each, stale=stale, attention=attention, style=style)


@pytest.fixture
def glyphs(monkeypatch: pytest.MonkeyPatch) -> list[Image.Image]:
    """The masks through which digits and marks were painted."""
    painted: list[Image.Image] = []

    def spy(real: Callable[..., Image.Image]) -> Callable[..., Image.Image]:
        def painting(*arguments: object) -> Image.Image:
            painted.append(real(*arguments))
            return painted[-1]

        return painting

    monkeypatch.setattr(drawing, "number_mask", spy(number_mask))
    monkeypatch.setattr(drawing, "placeholder_mask", spy(placeholder_mask))
    return painted


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("style", STYLES)
def test_digits_and_marks_stand_out_from_all_around_them(style: str, size: int, glyphs: list[Image.Image]) -> None:
    for spec in (*marks(style), *(numbers(style) if style != "bar" else ())):
        image = render(spec, size)
        glyph = glyphs.pop()
        ink = glyph.point(lambda cover: 255 * (cover == 255))
        touched = glyph.point(lambda cover: 255 * (cover > 0))
        ground = ImageChops.subtract(touched.filter(ImageFilter.MaxFilter(3)), touched)
        for panel in PANELS:
            picture = on_panel(image, panel)
            inks = {luminance(colour) for colour in colours(picture, ink)}
            grounds = {luminance(colour) for colour in colours(picture, ground)}
            assert inks
            assert grounds
            worst = min(contrast(a, b) for a in inks for b in grounds)
            assert worst >= 4.5, (spec, panel, worst)


@pytest.mark.parametrize("size", SIZES)
def test_bars_stand_out_from_their_tracks(size: int) -> None:
    for level in Level:
        for stale in (False, True):
            image = render(IconSpec(percent=40, level=level, bars=(60, 60), stale=stale, style="bar"), size)
            paint = palette.hollow(palette.LEVELS[level]) if stale else palette.LEVELS[level]
            counts = Counter(pixels_of(image))
            assert counts[paint.ink] >= size // 2
            assert counts[paint.track] >= size // 4
            assert contrast(luminance(paint.ink), luminance(paint.track)) >= 3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("stale", [False, True])
def test_levels_have_different_outlines(size: int, style: str, stale: bool) -> None:
    outlines = [
        render(IconSpec(percent=42, level=level, stale=stale, style=style), size).getchannel("A") for level in Level
    ]
    for one, other in combinations(outlines, 2):
        apart = sum(ImageChops.difference(one, other).tobytes()) / 255
        assert apart >= 0.04 * size * size


@pytest.mark.parametrize("eye", EYES)
def test_levels_have_rims_of_different_luminance_to_every_eye(eye: str) -> None:
    rims = []
    for level in Level:
        pixel = render(IconSpec(percent=42, level=level), 64).getpixel((32, 1))
        assert isinstance(pixel, tuple)
        rims.append(luminance((pixel[0], pixel[1], pixel[2]), eye))
    for one, other in combinations(rims, 2):
        assert contrast(one, other) >= 1.4


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("panel", PANELS)
def test_every_state_is_unlike_every_other_in_grey_at_the_smallest_size(style: str, panel: RGB) -> None:
    # The same number in all, so that no state differs from another by its digits alone.
    specs = [
        IconSpec(percent=42, level=level, stale=stale, attention=attention, bars=(42, 70), style=style)
        for level in Level
        for stale in (False, True)
        for attention in (False, True)
    ]
    specs += [IconSpec(placeholder=each, style=style) for each in Placeholder]
    greys = [(spec, on_panel(render(spec, 16), panel).convert("L")) for spec in specs]
    for (one, first), (other, second) in combinations(greys, 2):
        apart = sum(step > 40 for step in ImageChops.difference(first, second).tobytes())
        assert apart >= 8, (one, other, apart)


def test_bars_show_each_window_and_the_unknown_as_neither_empty_nor_full() -> None:
    def bar(session: int | None, weekly: int | None) -> bytes:
        spec = IconSpec(percent=42, bars=(session, weekly), style="bar")
        return render(spec, 16).tobytes()

    pictures = {bar(a, b) for a in (None, 0, 30, 70, 100) for b in (None, 0, 30, 70, 100)}
    assert len(pictures) == 25


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("percent", [0, 11, 100])
def test_upright_strokes_fill_whole_pixels(size: int, percent: int, glyphs: list[Image.Image]) -> None:
    render(IconSpec(percent=percent), size)
    glyph = glyphs.pop()
    box = glyph.getbbox()
    assert box is not None
    middle = (box[1] + box[3]) // 2
    row = glyph.crop((0, middle, size, middle + 1)).tobytes()
    assert set(row) == {0, 255}


@pytest.mark.parametrize("size", SIZES)
def test_digits_have_few_blurred_pixels(size: int, glyphs: list[Image.Image]) -> None:
    for percent in (10, 23, 45, 67, 89, 100):
        render(IconSpec(percent=percent), size)
        pixels = glyphs.pop().tobytes()
        full, partial = pixels.count(255), sum(0 < pixel < 255 for pixel in pixels)
        assert partial <= (0.4 * full if size >= 20 else 0), (percent, full, partial)


@pytest.mark.parametrize("size", SIZES)
def test_digits_are_tall_and_those_of_two_numbers_line_up(size: int, glyphs: list[Image.Image]) -> None:
    boxes = set()
    for percent in (23, 45, 67, 89):
        render(IconSpec(percent=percent), size)
        box = glyphs.pop().getbbox()
        assert box is not None
        boxes.add((box[1], box[3]))
    ((top, low),) = boxes
    assert low - top >= 0.5 * size


@pytest.mark.parametrize("size", [16, 24, 64])
@pytest.mark.parametrize("style", STYLES)
def test_the_gauge_grows_with_the_percent(size: int, style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "number_mask", lambda _text, size, *_: Image.new("L", (size, size)))
    for level in Level:
        paint = palette.RINGS[level] if style == "ring" else palette.LEVELS[level]
        colour = {"number": paint.fill, "ring": paint.rim, "bar": paint.ink}[style]
        counts = []
        for percent in range(101):
            image = render(IconSpec(percent=percent, level=level, bars=(percent, percent), style=style), size)
            counts.append(pixels_of(image).count(colour))
        assert counts == sorted(counts)
        assert len(set(counts[::20])) == 6


def test_a_stale_number_has_no_fill_and_a_broken_rim() -> None:
    fresh, stale = (render(IconSpec(percent=42, stale=stale), 64) for stale in (False, True))
    paint = palette.LEVELS[Level.PLENTY]
    opaque = Image.new("L", (64, 64), 255)
    assert paint.fill in colours(fresh.convert("RGB"), opaque)
    assert paint.fill not in colours(stale.convert("RGB"), opaque)
    top = stale.convert("RGB").crop((10, 1, 54, 2))
    assert colours(top, opaque.crop((10, 1, 54, 2))) == {paint.rim, palette.hollow(paint).rest}


def test_attention_leaves_number_and_mark_as_large_as_can_be(glyphs: list[Image.Image]) -> None:
    for size in SIZES:
        for level, percent in ((Level.PLENTY, 63), (Level.LOW, 18), (Level.CRITICAL, 9), (Level.EMPTY, 0)):
            render(IconSpec(percent=percent, level=level, attention=True), size)
            box = glyphs.pop().getbbox()
            assert box is not None
            assert box[3] - box[1] >= 0.4 * size, (size, level)


specs = structs(
    IconSpec,
    percent=st.none() | st.integers(0, 100),
    placeholder=st.sampled_from(Placeholder),
    level=st.sampled_from(Level),
    stale=st.booleans(),
    attention=st.booleans(),
    bars=st.tuples(st.none() | st.integers(0, 100), st.none() | st.integers(0, 100)),
    style=st.sampled_from((*STYLES, "plain")),
    color=st.sampled_from(("", "light", "dark", "auto")),
    is_calm=st.booleans(),
    countdown=st.sampled_from(("", "47m", "3h", "30d")),
)


@given(specs, st.integers(16, 96))
@settings(deadline=None)
def test_any_specification_gives_a_picture_of_the_right_kind(spec: IconSpec, size: int) -> None:
    image = render(spec, size)
    assert image.size == (size, size)
    assert image.mode == "RGBA"
    alpha = image.getchannel("A")
    covers = alpha.tobytes()
    assert max(covers) == 255
    assert min(covers) < 255
    transparent = alpha.point([255] + [0] * 255)
    assert colours(image, transparent) <= {(0, 0, 0)}


def test_sizes_too_small_to_read_are_refused() -> None:
    with pytest.raises(ValueError, match="15 pixels"):
        render(IconSpec(), 15)


def test_every_size_is_drawn_for_itself() -> None:
    pictures = {size: render(IconSpec(percent=42), size) for size in SIZES}
    for size, other in combinations(SIZES, 2):
        for method in (Image.Resampling.NEAREST, Image.Resampling.BOX, Image.Resampling.LANCZOS):
            scaled = pictures[other].resize((size, size), method)
            assert ImageChops.difference(scaled.convert("RGB"), pictures[size].convert("RGB")).getbbox()


def test_all_sizes_come_as_one_image() -> None:
    spec = IconSpec(percent=57, style="ring")
    image = render_all(spec)
    assert image.size == (64, 64)
    assert [variant.size for variant in image.info["variants"]] == [(size, size) for size in SIZES]
    for variant, size in zip(image.info["variants"], SIZES, strict=True):
        assert variant.tobytes() == render(spec, size).tobytes()
    assert image.tobytes() == image.info["variants"][-1].tobytes()
