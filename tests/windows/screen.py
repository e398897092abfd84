"""A virtual X screen for Wine: pictures of it, the windows on it, its pointer and keys."""

from __future__ import annotations

import csv
import io
import math
import os
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageGrab, ImageOps

from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZE = (1024, 640)
"""Of the screen and the desktop on it, in pixels."""
_LEAST_PX = 12
"""Toolkits keep smaller windows for purposes of their own."""
_CLICK_S = 15.0
"""How long a click may take to bring what it brings."""
_SCALE = 3
"""Tesseract wants letters some 30 pixels tall; on a screen they have 10."""


class Box(NamedTuple):
    """A rectangle on the screen; right and bottom are just outside of it."""

    left: int
    top: int
    right: int
    bottom: int


class Row(NamedTuple):
    """A line of text, and where its middle is."""

    text: str
    x: int
    y: int


@contextmanager
def virtual_screen(size: tuple[int, int]) -> Iterator[str]:
    """Run an X server without a screen; its display's name."""
    width, height = size
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-noreset", "-nolisten", "tcp", "-screen", "0", f"{width}x{height}x24"],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as number:
            yield f":{number.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


class Screen:
    """What is on a display."""

    def __init__(self, display: str) -> None:
        self.display = display

    def picture(self, box: Box | None = None) -> Image.Image:
        """What is shown now; the pointer is not in it."""
        return ImageGrab.grab(bbox=box, xdisplay=self.display).convert("RGB")

    def windows(self) -> list[Box]:
        """The visible windows on Wine's desktop, the taskbar among them."""
        from Xlib import X, display, error

        found = []
        connection = display.Display(self.display)
        try:
            for desktop in connection.screen().root.query_tree().children:
                for window in desktop.query_tree().children:
                    try:
                        at, is_shown = window.get_geometry(), window.get_attributes().map_state == X.IsViewable
                    except error.XError:
                        continue  # gone in between
                    if is_shown and min(at.width, at.height) >= _LEAST_PX:
                        found.append(Box(at.x, at.y, at.x + at.width, at.y + at.height))
        finally:
            connection.close()
        return found

    def popup(self, what: str, is_it: Callable[[Box], bool]) -> Box:
        """Wait for such a window, and for its picture to be at rest."""

        def new() -> Box | None:
            return next(filter(is_it, self.windows()), None)

        self._wait_for(new, what)
        last: Image.Image | None = None

        def at_rest() -> Box | None:
            nonlocal last
            box, before = new(), last
            last = self.picture(box) if box else None
            return box if last is not None and before is not None and last == before else None

        return wait_until(at_rest, f"{what} at rest")

    def click_for(self, what: str, is_it: Callable[[Box], bool], button: int) -> Box:
        """Click where the pointer is, wait for such a window as above, and return it.

        Where a click brings nothing a person clicks again, and so does this.
        """
        clicked_at = -math.inf

        def has_come() -> bool:
            nonlocal clicked_at
            if time.monotonic() >= clicked_at + _CLICK_S:
                self.click(button)
                clicked_at = time.monotonic()
            return any(map(is_it, self.windows()))

        self._wait_for(has_come, what)
        return self.popup(what, is_it)

    def _wait_for(self, predicate: Callable[[], object], what: str) -> None:
        try:
            wait_until(predicate, what)
        except AssertionError as error:
            error.add_note(f"windows: {self.windows()}")
            raise

    def move(self, x: int, y: int) -> None:
        """Put the pointer there, coming from beside it."""
        self._xdotool("mousemove", str(x - 1), str(y), "mousemove", str(x), str(y))

    def click(self, button: int = 1) -> None:
        """Press and release where the pointer is: 1 left, 2 middle, 3 right."""
        self._xdotool("click", str(button))

    def key(self, name: str) -> None:
        """Press and release a key."""
        self._xdotool("key", name)

    def _xdotool(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": self.display}, check=True, timeout=10)


def read(picture: Image.Image) -> list[Row]:
    """The lines of text in a picture, from top to bottom, as Tesseract reads them."""
    grey = ImageOps.grayscale(picture)
    large = grey.resize((grey.width * _SCALE, grey.height * _SCALE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    ImageOps.autocontrast(large).save(stream, "PNG")
    done = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", "eng", "--psm", "6", "--dpi", "300", "tsv"],
        input=stream.getvalue(),
        env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        check=True,
        capture_output=True,
        timeout=30,
    )
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(done.stdout.decode()), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["text"].strip():
            lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    return [
        Row(" ".join(word["text"] for word in words), _middle(words, "left", "width"), _middle(words, "top", "height"))
        for words in lines.values()
    ]


def _middle(words: list[dict[str, str]], start: str, length: str) -> int:
    first = min(int(word[start]) for word in words)
    last = max(int(word[start]) + int(word[length]) for word in words)
    return (first + last) // 2 // _SCALE
