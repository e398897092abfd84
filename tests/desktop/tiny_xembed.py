"""The smallest icon for a tray of the old kind; prints ``clicked`` for each click."""

from __future__ import annotations

import importlib

import pystray
from PIL import Image

SIZE = 22
ORANGE = (240, 140, 20)


def main() -> None:
    def clicked() -> None:
        print("clicked", flush=True)

    menu = pystray.Menu(pystray.MenuItem("Refresh now", clicked, default=True))
    icon = importlib.import_module("pystray._xorg").Icon("tiny", Image.new("RGB", (SIZE, SIZE), ORANGE), "Tiny", menu)
    # The backend (0.19.5) handles clicks, but never asks for them.
    x = importlib.import_module("Xlib.X")
    icon._window.change_attributes(event_mask=x.ExposureMask | x.StructureNotifyMask | x.ButtonPressMask)
    # And it asks to be docked again at each new picture; a tray that is busy then loses the icon.
    dock = icon._assert_docked
    icon._assert_docked = lambda: icon._systray_manager or dock()
    icon.run()


if __name__ == "__main__":
    main()
