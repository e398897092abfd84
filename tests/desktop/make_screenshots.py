"""Makes the pictures that the README shows: the real program on real panels, showing the demo.

``PYTHONPATH=tests python -m tests.desktop.make_screenshots`` from the checkout draws them anew into
``tests/desktop/screenshots``; look at them before they are kept. ``--to``, ``--scale`` and ``--light`` make others, for
looking at.
"""

from __future__ import annotations

import argparse
import re
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PIL import Image, ImageChops, ImageDraw, ImageFont

from trayquota.core.model import Level
from trayquota.render import render
from trayquota.views.tray_view import IconSpec, Placeholder

from .hosts import Case, Gnome, Plasma, Xfce
from .notifications import start_dunst
from .screen import Box, changes, extent
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .host import Host

FOLDER = Path(__file__).parent / "screenshots"
MARGIN = 8
PATIENCE_S = 90.0
"""The demo begins with an empty account; a number of two digits comes within a minute."""
GROUNDS = (("dark panel", "#2d2d2d", "#e8e8e8", "light"), ("light panel", "#f2f2f2", "#202020", "dark"))
"""Name, colour, ink, and the colour of ``plain`` there."""
STYLES = ("number", "ring", "bar", "plain")
SIZES = (44, 22)
CELL = (86, 60)
LEFT = 90
STATES = (
    ("plenty", IconSpec(percent=87, level=Level.PLENTY, bars=(87, 95))),
    ("low", IconSpec(percent=18, level=Level.LOW, bars=(18, 60))),
    ("critical", IconSpec(percent=7, level=Level.CRITICAL, bars=(7, 41))),
    ("empty", IconSpec(percent=0, level=Level.EMPTY, bars=(0, 37))),
    ("resets in", IconSpec(percent=0, level=Level.EMPTY, countdown="47m", bars=(0, 37))),
    ("calm", IconSpec(percent=87, level=Level.PLENTY, is_calm=True, bars=(87, 95))),
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
    for number, (ground, colour, ink, plain_color) in enumerate(GROUNDS):
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
                    color = plain_color if style == "plain" else ""
                    picture = render(replace(spec, style=style, color=color), size)
                    sheet.paste(picture, (x, y + (CELL[1] - size) // 2), picture)
                    x += size + MARGIN
    return sheet


def shoot(folder: Path, case: Case) -> None:
    """Show the demo on a host, and keep its tooltip and its menu."""
    with case.started(case.place()) as host:
        demo = host.desk.start([host.desk.place.python, "-m", "trayquota", "demo"])
        icon = _find_icon(host, demo.pid)
        name = case.kind.name
        if host.habits.tooltip != "none":
            _wait_for_a_good_moment(host, demo.pid)
            _keep(host, folder / f"{name}-tooltip.png", host.hover(icon).box, icon)
            host.leave()
        _wait_for_a_good_moment(host, demo.pid)
        menu = host.open_menu(icon)
        _keep(host, folder / f"{name}-menu.png", menu.box, icon)
        host.close_menu(menu)


def shoot_notification(folder: Path, case: Case) -> None:
    """Show what the demo notifies of at first."""
    with case.started(case.place()) as host:
        start_dunst(host.desk)
        before = host.look()
        host.desk.start([host.desk.place.python, "-m", "trayquota", "demo"])
        picture = host.new_popup(before, "notification", PATIENCE_S).picture
        picture.save(folder / "notification.png", optimize=True)


def _find_icon(host: Host, pid: int) -> Box:
    """Where the panel changes each time when the number does; a clock does so once, if at all."""
    seen = []
    for _ in range(3):
        _wait_for_another_number(host, pid)
        seen.append(host.picture_of_bar())
    first, second = (changes(*pair) for pair in pairwise(seen))
    found, bar = extent(ImageChops.darker(first, second)), host.bar()
    assert found is not None, "the panel shows no icon"
    return found.moved(bar.left, bar.top)


def _wait_for_another_number(host: Host, pid: int) -> None:
    number = _number(host, pid)
    wait_until(lambda: _number(host, pid) not in ("", number), "other number", PATIENCE_S)


def _number(host: Host, pid: int) -> str:
    return host.tip(pid).partition("%")[0]


def _wait_for_a_good_moment(host: Host, pid: int) -> None:
    """Wait until the icon has a number of two digits and no refresh is under way."""

    def is_good() -> bool:
        said = host.tip(pid)
        return re.match(r"[12]\d% left", said) is not None and "Updated" in said

    wait_until(is_good, "good moment", PATIENCE_S)


def _keep(host: Host, path: Path, popup: Box, icon: Box) -> None:
    """Keep what has popped up together with the icon and the panel beside it."""
    margin, (width, height) = MARGIN * host.scale, host.screen.size
    bar = host.bar()
    box = Box(
        max(0, min(popup.left, icon.left) - margin),
        max(0, min(popup.top - margin, bar.top)),
        min(width, max(popup.right, icon.right) + margin),
        min(height, max(popup.bottom + margin, bar.bottom)),
    )
    host.screen.picture_at_rest().crop(box).save(path, optimize=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw all of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER", help="where the pictures are put")
    parser.add_argument("--scale", type=int, default=1, help="pixels of the screen per pixel of the toolkit")
    parser.add_argument("--light", action="store_true", help="on light panels")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    icon_states().save(options.to / "icon-states.png", optimize=True)
    looks = {"scale": options.scale, "dark": not options.light}
    xfce = Case(Xfce, new=False, **looks)
    for case in (xfce, Case(Plasma, new=True, **looks), Case(Gnome, new=True, **looks)):
        shoot(options.to, case)
    shoot_notification(options.to, xfce)


if __name__ == "__main__":
    main()
