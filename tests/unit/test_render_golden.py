"""One picture per style with every state at every size, against the one a person has looked at.

``pytest tests/unit/test_render_golden.py --update-goldens`` draws them anew; look at them before they are kept.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageChops

from trayquota.core.view import IconSpec, Level, Mark
from trayquota.render import SIZES, render

GOLDENS = Path(__file__).parent.parent / "fixtures" / "golden"
GAP = 4
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
    unknown = [IconSpec(percent=42, bars=bars, style=style) for bars in ((None, 42), (42, None), (None, None))]
    marks = [
        IconSpec(mark=mark, stale=stale, attention=attention, style=style)
        for mark in Mark
        for stale, attention in ((False, False), (True, False), (False, True))
    ]
    return [*numbers, *(unknown if style == "bar" else ()), *(marks if style == "number" else ())]


def sheet(style: str) -> Image.Image:
    specs = states(style)
    across = (len(specs) + 1) // 2
    image = Image.new("RGBA", (across * (max(SIZES) + GAP), 2 * sum(size + GAP for size in SIZES)))
    top = 0
    for row in (specs[:across], specs[across:]):
        for size in SIZES:
            for column, spec in enumerate(row):
                image.paste(render(spec, size), (column * (max(SIZES) + GAP), top))
            top += size + GAP
    return image


@pytest.mark.parametrize("style", ["number", "ring", "bar"])
def test_pictures_look_as_they_did(style: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    drawn = sheet(style)
    path = GOLDENS / f"icons-{style}.png"
    if request.config.getoption("--update-goldens"):
        path.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(path, optimize=True)
    with Image.open(path) as file:
        golden = file.convert("RGBA")
    assert drawn.size == golden.size
    # What is not to be seen need not be equal: colours count as far as they cover.
    off = ImageChops.difference(drawn.convert("RGBa"), golden.convert("RGBa"))
    worst = [max(pixel) for pixel in zip(*(band.tobytes() for band in off.split()), strict=True)]
    different = sum(step > STEP for step in worst)
    if different:
        drawn.save(tmp_path / path.name)
    assert different <= 0.001 * len(worst), f"{different} pixels differ; drawn: {tmp_path / path.name}"
