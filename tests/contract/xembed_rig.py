"""An XEmbed tray on the test's own screen."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from PIL import Image

from .recorder import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from trayquota.tray.pystray_import import Icon as PystrayIcon

    from .fake_xembed_tray import FakeXembedTray

    MakeTray = Callable[..., FakeXembedTray]

RED, GREEN, TRANSPARENT = (255, 0, 0), (0, 128, 0), (0, 0, 0, 0)


def show(icon: PystrayIcon) -> None:
    icon.visible = True


def round_picture(color: str) -> Image.Image:
    """Colour in the middle, transparent at the edge."""
    image = Image.new("RGBA", (22, 22), TRANSPARENT)
    image.paste(Image.new("RGBA", (10, 10), color), (6, 6))
    return image


def wait_for_pixel(tray: FakeXembedTray, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    done = threading.Event()
    timer = threading.Timer(PATIENCE_S, done.set)
    timer.start()
    try:
        while (found := tray.pixel(*place)) != color:
            assert not done.wait(0.02), f"{found} at {place} instead of {color}"
    finally:
        timer.cancel()
        timer.join()
