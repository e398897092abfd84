"""A virtual screen: pictures of it, the windows on it, and its pointer."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageChops, ImageGrab

from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

STABLE_FOR = 4
"""So many equal pictures in a row, each taken a pause apart, count as a picture at rest."""

NOISE = 8
"""Differences up to this, of 255, are no change."""

_WINDOW = re.compile(r"^ +(0x[0-9a-f]+) .*?  (\d+)x(\d+)\+-?\d+\+-?\d+  \+(-?\d+)\+(-?\d+)$", re.MULTILINE)


class Box(NamedTuple):
    """A rectangle on the screen; right and bottom are just outside of it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def centre(self) -> tuple[int, int]:
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def moved(self, right: int, down: int) -> Box:
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)


def difference(before: Image.Image, after: Image.Image) -> Box | None:
    """The smallest rectangle that holds every changed pixel."""
    red, green, blue = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).split()
    strongest = ImageChops.lighter(red, ImageChops.lighter(green, blue))
    found = strongest.point([255 if value > NOISE else 0 for value in range(256)]).getbbox()
    return None if found is None else Box(*found)


class Screen:
    """The screen of one X display.

    Attributes:
        env: An environment with the display in it.
        size: Width and height.
    """

    def __init__(self, env: Mapping[str, str], size: tuple[int, int]) -> None:
        self.env = env
        self.size = size

    def picture(self) -> Image.Image:
        """What is on the screen now; the pointer is not in it."""
        return ImageGrab.grab(xdisplay=self.env["DISPLAY"])

    def picture_at_rest(self) -> Image.Image:
        """A picture of the screen once it no longer changes."""
        last = self.picture()
        equal = 0

        def rested() -> bool:
            nonlocal last, equal
            current = self.picture()
            equal = equal + 1 if difference(last, current) is None else 0
            last = current
            return equal >= STABLE_FOR

        wait_until(rested, "picture at rest")
        return last

    def is_managed(self) -> bool:
        """Whether a window manager answers to requests; it sets its properties before it does."""
        try:
            self._run("xdotool", "set_num_desktops", "1")
            return self._run("xdotool", "get_num_desktops").strip() == "1"
        except subprocess.CalledProcessError:
            return False

    def move(self, x: int, y: int) -> None:
        """Put the pointer there."""
        self._run("xdotool", "mousemove", str(x), str(y))

    def click(self, button: int = 1) -> None:
        """Press and release where the pointer is: 1 left, 2 middle, 3 right."""
        self._run("xdotool", "click", str(button))

    def key(self, name: str) -> None:
        """Press and release a key."""
        self._run("xdotool", "key", name)

    def popups(self) -> dict[str, Box]:
        """The visible windows that manage themselves, menus and tooltips among them, by id."""
        width, height = self.size
        found = {}
        for name, w, h, x, y in _WINDOW.findall(self._run("xwininfo", "-root", "-children")):
            box = Box(int(x), int(y), int(x) + int(w), int(y) + int(h))
            # Toolkits keep windows of a few pixels, or off the screen, for purposes of their own.
            on_screen = box.right > 0 and box.bottom > 0 and box.left < width and box.top < height
            if on_screen and min(box.width, box.height) > 10 and self._pops_up(name):
                found[name] = box
        return found

    def _pops_up(self, window: str) -> bool:
        try:
            about = self._run("xwininfo", "-id", window)
        except subprocess.CalledProcessError:
            return False  # gone in between
        return "Map State: IsViewable" in about and "Override Redirect State: yes" in about

    def _run(self, *argv: str) -> str:
        done = subprocess.run(argv, env=dict(self.env), check=True, capture_output=True, text=True, timeout=10)
        return done.stdout
