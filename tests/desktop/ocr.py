"""Reading what a picture says, with Tesseract."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageOps, ImageStat

from .screen import Box

if TYPE_CHECKING:
    from collections.abc import Iterator

SCALE = 3
"""Tesseract wants letters some 30 pixels tall; on a screen they have 10."""

BORDER = 10


class Line(NamedTuple):
    """One line of text and where it stands in the picture."""

    text: str
    box: Box


def _prepared(picture: Image.Image) -> Image.Image:
    grey = picture.convert("L")
    if ImageStat.Stat(grey).median[0] < 128:
        grey = ImageOps.invert(grey)
    wide = grey.resize((grey.width * SCALE, grey.height * SCALE), Image.Resampling.LANCZOS)
    return ImageOps.expand(ImageOps.autocontrast(wide), BORDER, fill=255)


def read_lines(picture: Image.Image) -> list[Line]:
    """The lines of text in a picture of a menu or a tooltip, from top to bottom."""
    stream = io.BytesIO()
    _prepared(picture).save(stream, "PNG")
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", "eng", "--psm", "6", "--dpi", "300", "tsv"],
        input=stream.getvalue(),
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # more threads only wait for each other
        check=True,
        capture_output=True,
        timeout=30,
    )
    return list(_lines(done.stdout.decode()))


def _lines(tsv: str) -> Iterator[Line]:
    rows: dict[tuple[str, str, str], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["text"].strip():
            rows.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    for words in rows.values():
        boxes = [_box(word) for word in words]
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        yield Line(" ".join(word["text"] for word in words), Box(min(lefts), min(tops), max(rights), max(bottoms)))


def _box(word: dict[str, str]) -> Box:
    left, top = (int(word[side]) - BORDER for side in ("left", "top"))
    right, bottom = left + int(word["width"]), top + int(word["height"])
    return Box(left // SCALE, top // SCALE, right // SCALE, bottom // SCALE)
