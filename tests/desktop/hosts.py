"""The hosts that tests run on, each in the places where it is tried.

What people have had for years is on this machine, what they have now in a Debian 13 root. Plasma, GNOME and Xfce are
tried in both, the others in the newer one, where there is any.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .cinnamon import Cinnamon
from .debian13 import debian13
from .desktop_session import Desk
from .gnome import Gnome
from .lxqt import Lxqt
from .places import HERE, IS_ROOT, MissingError
from .plasma import Plasma, PlasmaWayland
from .sway import Swaybar, Waybar
from .xembed import I3bar, Polybar, Trayer
from .xfce import Xfce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .host import Habits, Host
    from .places import Place

__all__ = ["CASES", "WAYBAR", "Case", "Cinnamon", "Gnome", "Lxqt", "Plasma", "Trayer", "Xfce", "on", "on_hosts"]

SCREEN_NEEDS = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "dbus-daemon": "dbus",
    "tesseract": "tesseract-ocr",
}
NEW = "debian-13"
SIZE = (1280, 800)


@dataclass(frozen=True)
class Case:
    """A host in a place.

    Attributes:
        kind: Its class.
        new: In the Debian 13 root, else on this machine.
        scale: Pixels of the screen per pixel of the toolkit.
        dark: Light letters on a dark ground.
    """

    kind: type[Host]
    new: bool
    scale: int = 1
    dark: bool = False

    def __str__(self) -> str:
        words = [self.kind.name, NEW if self.new else HERE.name]
        words += [f"{self.scale}x"] if self.scale != 1 else []
        words += ["dark"] if self.dark else []
        return "-".join(words)

    def place(self) -> Place:
        """Where it is.

        Raises:
            MissingError: One line on what is not there, and how to get it.
        """
        place = debian13() if self.new else HERE
        if missing := HERE.missing(SCREEN_NEEDS) or place.missing(self.kind.needs):
            raise MissingError(missing)
        return place

    def place_or_skip(self) -> Place:
        """Where it is; when something is missing the test is skipped, or fails where a desktop was promised."""
        try:
            return self.place()
        except MissingError as missing:
            if os.environ.get("TRAYQUOTA_REQUIRE_DESKTOP") == "1":
                pytest.fail(str(missing), pytrace=False)
            pytest.skip(str(missing))

    @contextmanager
    def started(self, place: Place) -> Iterator[Host]:
        """The host on a desk of its own, ready for items."""
        folder = Path(tempfile.mkdtemp(prefix="desk-", dir="/tmp"))
        folder.chmod(0o711)  # for a compositor that must not be root
        kind = self.kind
        size = (SIZE[0] * self.scale, SIZE[1] * self.scale)
        try:
            with Desk(folder, activates=kind.activates, size=size, place=place, env=kind.environment) as desk:
                host = kind(desk, scale=self.scale, dark=self.dark)
                host.prepare()
                host.start()
                yield host
        finally:
            shutil.rmtree(folder)


def _newest(kind: type[Host]) -> Case:
    return Case(kind, new=IS_ROOT)


WAYBAR = _newest(Waybar)
XFCE = Case(Xfce, new=False, dark=True)
CASES = (
    XFCE,
    Case(Plasma, new=False),
    Case(Gnome, new=False),
    Case(Xfce, new=True, dark=True),
    Case(Plasma, new=True),
    *((Case(PlasmaWayland, new=True),) if IS_ROOT else ()),
    Case(Gnome, new=True),
    *(_newest(kind) for kind in (Lxqt, Cinnamon)),
    WAYBAR,
    *(_newest(kind) for kind in (Swaybar, I3bar, Polybar)),
)


def on(*cases: Case) -> pytest.MarkDecorator:
    """Run the test on each of these, as its fixture ``host``."""
    return pytest.mark.parametrize("started", cases, indirect=True, ids=str, scope="session")


def on_hosts(which: Callable[[Habits], object] = lambda _habits: True) -> pytest.MarkDecorator:
    """Run the test on every host whose own limits allow it."""
    return on(*(case for case in CASES if which(case.kind.habits)))
