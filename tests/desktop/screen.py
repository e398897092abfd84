"""A virtual screen: pictures of it, the windows on it, and its pointer."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageChops, ImageGrab
from Xlib import X, display, error

from .waiting import wait_until_settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from Xlib.xobject.drawable import Window

NOISE = 8
"""Differences up to this, of 255, are no change."""

LEAST_PX = 10
"""What is smaller is no window for people."""


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
    return extent(changes(before, after))


def changes(before: Image.Image, after: Image.Image) -> Image.Image:
    """Every changed pixel in white, the others in black."""
    red, green, blue = ImageChops.difference(before.convert("RGB"), after.convert("RGB")).split()
    strongest = ImageChops.lighter(red, ImageChops.lighter(green, blue))
    return strongest.point([255 if value > NOISE else 0 for value in range(256)])


def extent(mask: Image.Image) -> Box | None:
    """The smallest rectangle that holds everything that is not black."""
    found = mask.getbbox()
    return None if found is None else Box(*found)


class Screen:
    """The screen of one X display.

    Attributes:
        env: An environment with the display in it.
        size: Width and height.
        rest_s: How long a picture has not changed when it is at rest.
    """

    rest_s = 0.15

    def __init__(self, env: Mapping[str, str], size: tuple[int, int]) -> None:
        self.env = env
        self.size = size

    def picture(self) -> Image.Image:
        """What is on the screen now; the pointer is not in it."""
        return ImageGrab.grab(xdisplay=self.env["DISPLAY"])

    def picture_at_rest(self) -> Image.Image:
        """A picture of the screen once it no longer changes."""
        return wait_until_settled(self.picture, self.rest_s, "picture")

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

    def type(self, text: str) -> None:
        """Type a text."""
        self._run("xdotool", "type", text)

    def windows(self) -> dict[str, Box]:
        """The visible windows on the screen, panels, menus and tooltips among them, by id."""
        width, height = self.size
        found = {}
        with self._connection() as connection:
            for window in connection.screen().root.query_tree().children:
                box = _visible_part(window)
                # Toolkits keep windows off the screen for purposes of their own.
                if box is not None and box.right > 0 and box.bottom > 0 and box.left < width and box.top < height:
                    found[hex(window.id)] = box
        return found

    def titles(self, word: str) -> list[str]:
        """The titles of all windows of a class with that word in it, inside of others too."""
        with self._connection() as connection:
            return [title for title in _titles(connection.screen().root, word) if title]

    def selection_owner(self, name: str) -> int:
        """The id of the window that owns a selection; 0 when none does."""
        with self._connection() as connection:
            owner = connection.get_selection_owner(connection.intern_atom(name))
            return 0 if isinstance(owner, int) else owner.id

    @contextmanager
    def _connection(self) -> Iterator[display.Display]:
        connection = display.Display(self.env["DISPLAY"])
        try:
            yield connection
        finally:
            connection.close()

    def _run(self, *argv: str) -> str:
        done = subprocess.run(argv, env=dict(self.env), check=True, capture_output=True, text=True, timeout=30)
        return done.stdout


def _visible_part(window: Window) -> Box | None:
    try:
        if window.get_attributes().map_state != X.IsViewable:
            return None
        area = window.get_geometry()
    except (error.BadWindow, error.BadDrawable):
        return None  # gone in between
    if min(area.width, area.height) <= LEAST_PX:
        return None
    return Box(area.x, area.y, area.x + area.width, area.y + area.height)


def _titles(window: Window, word: str) -> Iterator[str]:
    try:
        kind = window.get_wm_class() or ()
        if any(word in name for name in kind):
            title = window.get_full_text_property(window.display.get_atom("_NET_WM_NAME"))
            yield title or window.get_wm_name() or ""
        children = window.query_tree().children
    except error.BadWindow:
        return  # gone in between
    for child in children:
        yield from _titles(child, word)
