"""Makes the pictures that the README shows: the real program in the real panel, showing the demo.

``python -m tests.desktop.make_screenshots`` from the checkout draws them anew into ``tests/desktop/screenshots``; look
at them before they are kept. ``--to``, ``--scale`` and ``--light`` make others, for looking at.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from trayquota.core.model import Level
from trayquota.render import render
from trayquota.views.tray_view import IconSpec, Placeholder

from .desktop_session import HERE, Desk
from .screen import Box
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = HERE / "screenshots"
MARGIN = 8
PATIENCE_S = 90.0
"""The demo begins with an empty account; a number of two digits comes within a minute."""
GROUNDS = (("dark panel", "#2d2d2d", "#e8e8e8"), ("light panel", "#f2f2f2", "#202020"))
STYLES = ("number", "ring", "bar")
SIZES = (44, 22)
CELL = (92, 60)
LEFT = 110
STATES = (
    ("plenty", IconSpec(percent=87, level=Level.PLENTY, bars=(87, 95))),
    ("low", IconSpec(percent=18, level=Level.LOW, bars=(18, 60))),
    ("critical", IconSpec(percent=7, level=Level.CRITICAL, bars=(7, 41))),
    ("empty", IconSpec(percent=0, level=Level.EMPTY, bars=(0, 37))),
    ("from earlier", IconSpec(percent=42, level=Level.PLENTY, stale=True, bars=(42, 80))),
    ("needs you", IconSpec(percent=42, level=Level.PLENTY, attention=True, bars=(42, 80))),
    ("awaited", IconSpec(placeholder=Placeholder.LOADING)),
    ("unknown", IconSpec(placeholder=Placeholder.UNKNOWN)),
    ("login ended", IconSpec(placeholder=Placeholder.ATTENTION)),
    ("no accounts", IconSpec(placeholder=Placeholder.NO_ACCOUNTS)),
)


def icon_states() -> Image.Image:
    """Every state in every style, on both grounds, with its name."""
    font = ImageFont.load_default(13)
    width, block = LEFT + len(STATES) * CELL[0], 30 + len(STYLES) * CELL[1]
    sheet = Image.new("RGB", (width, len(GROUNDS) * block))
    pen = ImageDraw.Draw(sheet)
    for number, (ground, colour, ink) in enumerate(GROUNDS):
        top = number * block
        pen.rectangle((0, top, width, top + block), fill=colour)
        pen.text((12, top + 10), ground, fill=ink, font=font)
        for column, (name, _spec) in enumerate(STATES):
            middle = LEFT + column * CELL[0] + CELL[0] // 2
            pen.text((middle, top + 10), name, fill=ink, font=font, anchor="ma")
        for row, style in enumerate(STYLES):
            y = top + 30 + row * CELL[1]
            pen.text((12, y + CELL[1] // 2), style, fill=ink, font=font, anchor="lm")
            for column, (_name, spec) in enumerate(STATES):
                x = LEFT + column * CELL[0] + (CELL[0] - sum(SIZES) - MARGIN) // 2
                for size in SIZES:
                    picture = render(_in_style(spec, style), size)
                    sheet.paste(picture, (x, y + (CELL[1] - size) // 2), picture)
                    x += size + MARGIN
    return sheet


def _in_style(spec: IconSpec, style: str) -> IconSpec:
    return IconSpec(spec.percent, spec.placeholder, spec.level, spec.stale, spec.attention, spec.bars, style)


def shoot(folder: Path, *, scale: int = 1, dark: bool = True) -> None:
    """Show the demo on a panel, and keep its tooltip, its menu and a notification."""
    size = (1000 * scale, 660 * scale)
    with tempfile.TemporaryDirectory(prefix="desk-") as place, Desk(Path(place), size=size) as desk:
        desk.start_panel(scale=scale, dark=dark)
        desk.start([sys.executable, "-m", "trayquota", "demo"])
        icon = desk.wait_for_icon()
        _wait_for_a_good_moment(desk)
        tooltip = desk.hover(icon)
        _keep(desk, folder / "tooltip.png", tooltip.box, icon, scale)
        desk.leave()
        _wait_for_a_good_moment(desk)
        menu = desk.open_menu(icon)
        _keep(desk, folder / "menu.png", menu.box, icon, scale)
        desk.close_menu(menu)
    with tempfile.TemporaryDirectory(prefix="desk-") as place, Desk(Path(place), size=size) as desk:
        desk.start_panel(scale=scale, dark=dark)
        desk.start_notifications()
        desk.start([sys.executable, "-m", "trayquota", "demo"])
        notification = desk.wait_for_notification()
        notification.picture.save(folder / "notification.png", optimize=True)


def _wait_for_a_good_moment(desk: Desk) -> None:
    """Wait until the icon has a number of two digits and nothing is being asked."""

    def is_good() -> bool:
        if not desk.bus.items():
            return False
        _name, _picture, title, text = desk.bus.item_property("ToolTip")
        return re.match(r"[12]\d% left", title) is not None and "Updated" in text

    wait_until(is_good, "good moment", PATIENCE_S)


def _keep(desk: Desk, path: Path, popup: Box, icon: Box, scale: int) -> None:
    """Keep what has popped up together with the icon."""
    margin, (width, height) = MARGIN * scale, desk.screen.size
    box = Box(
        max(0, min(popup.left, icon.left) - margin),
        0,
        min(width, max(popup.right, icon.right) + margin),
        min(height, max(popup.bottom, icon.bottom) + margin),
    )
    desk.screen.picture_at_rest().crop(box).save(path, optimize=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where the pictures are put")
    parser.add_argument("--scale", type=int, default=1, help="pixels of the screen per pixel of the toolkit")
    parser.add_argument("--light", action="store_true", help="on a light panel")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    icon_states().save(options.to / "icon-states.png", optimize=True)
    shoot(options.to, scale=options.scale, dark=not options.light)


if __name__ == "__main__":
    main()
