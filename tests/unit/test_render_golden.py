"""One picture per style with every state at every size, against the one a person has looked at.

``pytest tests/unit/test_render_golden.py --update-goldens`` draws them anew; look at them before they are kept.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

from trayquota.core.model import Level
from trayquota.render import SIZES, render
from trayquota.views.tray_view import IconSpec, Placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDENS = Path(__file__).parent.parent / "fixtures" / "golden"
GAP = 4
PANEL = (128, 128, 128)
STEP = 24
"""How far a channel may be off before a pixel counts as different: releases of Pillow round edges differently."""


def states(style: str) -> list[IconSpec]:
    percents = [(100, Level.PLENTY), (87, Level.PLENTY), (42, Level.PLENTY), (25, Level.LOW), (13, Level.CRITICAL)]
    percents += [(4, Level.CRITICAL), (0, Level.EMPTY)]
    numbers = [
        IconSpec(percent=percent, level=level, bars=(percent, 70), stale=stale, attention=attention, style=style)
        for stale, attention in ((False, False), (False, True), (True, False), (True, True))
        for percent, level in percents
    ]
    numbers += [
        IconSpec(0, level=Level.EMPTY, countdown=text, stale=stale, attention=attention, style=style)
        for stale, attention in ((False, False), (False, True), (True, False))
        for text in (("47m", "3h", "2d") if style == "number" else ())
    ]
    if style == "plain":
        calm = IconSpec(percent=42, is_calm=True)
        numbers += [calm, IconSpec(0, level=Level.EMPTY, countdown="47m"), IconSpec(percent=42, color="light")]
        numbers = [replace(spec, style="plain", color=spec.color or "dark") for spec in numbers]
    unknown = [IconSpec(percent=42, bars=bars, style=style) for bars in ((None, 42), (42, None), (None, None))]
    marks = [
        IconSpec(placeholder=mark, stale=stale, attention=attention, style=style, color="dark" * (style == "plain"))
        for mark in Placeholder
        for stale, attention in ((False, False), (True, False), (False, True))
    ]
    return [*numbers, *(unknown if style == "bar" else ()), *(marks if style in {"number", "plain"} else ())]


def cells(style: str) -> Iterator[tuple[IconSpec, int, int, int]]:
    """Every picture of a sheet: what it shows, its size, and where it lies, from the left and from the top."""
    specs = states(style)
    across = (len(specs) + 1) // 2
    top = 0
    for row in (specs[:across], specs[across:]):
        for size in SIZES:
            for column, spec in enumerate(row):
                yield spec, size, column * (max(SIZES) + GAP), top
            top += size + GAP


def on_panel(spec: IconSpec, size: int) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", (size, size), PANEL), render(spec, size)).convert("RGB")


def drawn(style: str) -> Image.Image:
    places = list(cells(style))
    width = max(left for _, _, left, _ in places) + max(SIZES)
    image = Image.new("RGB", (width, max(top for _, _, _, top in places) + max(SIZES)), PANEL)
    for spec, size, left, top in places:
        image.paste(on_panel(spec, size), (left, top))
    return image


@pytest.mark.parametrize("style", ["number", "ring", "bar", "plain"])
def test_pictures_look_as_they_did(style: str, request: pytest.FixtureRequest) -> None:
    path = GOLDENS / f"icons-{style}.png"
    if request.config.getoption("--update-goldens"):
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn(style).save(path, optimize=True)
    with Image.open(path) as file:
        golden = file.convert("RGB")
    for spec, size, left, top in cells(style):
        expected = golden.crop((left, top, left + size, top + size))
        bands = ImageChops.difference(on_panel(spec, size), expected).split()
        steps = [max(pixel) for pixel in zip(*(band.tobytes() for band in bands), strict=True)]
        assert sum(step > STEP for step in steps) <= 0.01 * size * size, (spec, size)
