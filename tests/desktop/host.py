"""What a test does with a desktop's tray, whichever it is; a host says how that is done on it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from . import bus as buses
from .popup import Popup
from .screen import Box, difference
from .waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL import Image

    from .desktop_session import Desk
    from .processes import Program

HOVER_S = 1.5
"""Toolkits show a tooltip half a second after the pointer has come to rest."""
SUBMENU_S = 4.0
"""One that the click has opened is painted long before."""
START_S = 60.0
"""Some shells compile what they are written in when they start for the first time."""
PLAIN = 8
"""A ground with a border has less colours than a ground with letters."""


@dataclass(frozen=True)
class Habits:
    """What a host does with an item: its own limits, which no program can lift.

    Attributes:
        tooltip: ``all`` lines, at most ``eight``, the ``title`` alone, or ``none``.
        menu: Whether it opens the item's menu.
        left: What a left click brings: the ``menu``; where the host only passes the click on a ``notification``, or
            the ``launcher`` that such desktops have.
        drawn: Which of ``tooltip`` and ``menu`` have no window of their own, because the compositor draws them.
        notifications: Whether the desktop has a notification server of its own.
        rest_s: How long its picture has not changed when it is at rest.
    """

    tooltip: str = "all"
    menu: bool = True
    left: str = "menu"
    drawn: frozenset[str] = frozenset()
    notifications: bool = False
    rest_s: float = 0.15


class Host(ABC):
    """A desktop's tray on a desk, once started.

    Attributes:
        name: For test names.
        needs: Program, or path of a file, → Debian's package.
        environment: What its programs find in theirs.
        activates: Whether it needs a bus that starts services.
        habits: Its own limits.
        desk: The desk it is on.
        scale: Pixels of the screen per pixel of the toolkit.
        dark: Light letters on a dark ground.
        known_icon: Where an icon was found.
    """

    name: ClassVar[str]
    needs: ClassVar[Mapping[str, str]]
    environment: ClassVar[Mapping[str, str]] = {}
    activates: ClassVar[bool] = False
    habits: ClassVar[Habits] = Habits()
    popups_cover_bar: ClassVar[bool] = False

    def __init__(self, desk: Desk, *, scale: int = 1, dark: bool = False) -> None:
        self.desk = desk
        self.scale = scale
        self.dark = dark
        self.screen = desk.screen
        self.screen.rest_s = self.habits.rest_s
        self.panel: Program | None = None
        self.known_icon: Box | None = None
        self._open: Popup | None = None

    # What each says for itself

    def prepare(self) -> None:  # noqa: B027 - not every tray needs it
        """Write settings, and start what outlives restarts of the tray."""

    @abstractmethod
    def start(self) -> None:
        """Start the tray and wait until it takes items and its picture is at rest."""

    def stop(self) -> None:
        """End the tray and wait until nobody shows items."""
        assert self.panel is not None
        self.panel.end()
        wait_until(lambda: not self.desk.bus.has_owner(buses.WATCHER), "end of the watcher")

    def restart(self) -> None:
        """End the tray and start it again."""
        self.stop()
        self.start()

    @property
    def is_alive(self) -> bool:
        """Whether the tray runs and takes items."""
        return self.panel is not None and self.panel.is_running and self.desk.bus.has_owner(buses.WATCHER)

    def bar(self) -> Box:
        """Where the panel with the tray is."""
        [bar] = self.bars()
        return bar

    def bars(self) -> list[Box]:
        """The panels: windows as wide as the screen and much less high."""
        width, height = self.screen.size
        return [box for box in self.screen.windows().values() if box.width == width and box.height < height // 4]

    # The item

    def item_property(self, pid: int, name: str) -> Any:
        """A property of the item that a process has registered; nothing when the watcher knows none."""
        item = self.desk.bus.item_of(pid)
        return None if item is None else self.desk.bus.property(*item, buses.ITEM, name)

    def tip(self, pid: int) -> str:
        """What a process gives for its tooltip, title first; empty while it has no icon here."""
        tip = self.item_property(pid, "ToolTip")
        return "" if tip is None else f"{tip[2]}\n{tip[3]}"

    def picture_of_bar(self) -> Image.Image:
        """The panel's picture at rest."""
        return self.screen.picture_at_rest().crop(self.bar())

    # Tooltip and menu

    def hover(self, box: Box) -> Popup:
        """Rest the pointer on something until its tooltip opens."""
        x, y = box.centre
        before = self.look()
        for attempt in range(4):
            # A panel that was busy when the pointer came needs one more movement.
            self.screen.move(x - 1 + attempt % 2, y)
            self.screen.move(x + attempt % 2, y)
            try:
                self._open = self.new_popup(before, "tooltip", HOVER_S)
            except AssertionError:
                continue
            return self._open
        message = "no tooltip"
        raise AssertionError(message)

    def leave(self) -> None:
        """Take the pointer away from the panel, and wait until the tooltip has closed."""
        self._rest_pointer()
        if self._open is not None:
            self._wait_for_end_of(self._open)

    def open_menu(self, box: Box, button: int = 3) -> Popup:
        """Click on something and wait for its menu; where none comes, once more, as a person would.

        One click brought nothing, on Cinnamon 6.4, and not again in twelve further tries.
        """
        self.approach(box)
        before = self.look()
        self.screen.click(button)
        try:
            self._open = self.new_popup(before, "menu")
        except AssertionError:
            self.screen.click(button)
            self._open = self.new_popup(before, "menu")
        return self._open

    def approach(self, box: Box) -> None:
        """Put the pointer beside something, then on it: some hosts only take notice of a pointer that moves."""
        x, y = box.centre
        self.screen.move(x - 1, y)
        self.screen.move(x, y)

    def click(self, box: Box, button: int) -> None:
        """Click on something."""
        self.approach(box)
        self.screen.click(button)

    def open_submenu(self, menu: Popup, words: str) -> Popup:
        """Click on a row of an open menu that has a menu of its own, and wait for that."""
        before = self.look()
        for _ in range(4):
            # GTK opens it by itself under a pointer that rests there: a click that comes late closes it again.
            self._click_row(menu, words)
            try:
                return self.new_popup(before, "submenu", SUBMENU_S)
            except AssertionError:
                continue
        message = f"no submenu of {words!r}"
        raise AssertionError(message)

    def click_row(self, menu: Popup, words: str) -> None:
        """Click on the only row of an open menu that says these words."""
        self._click_row(menu, words)
        self._wait_for_end_of(menu)

    def close_menu(self, menu: Popup) -> None:
        """Close it without a choice."""
        self.dismiss()
        self._wait_for_end_of(menu)

    def dismiss(self) -> None:
        """Close the innermost menu that is open, if any."""
        self.screen.key("Escape")

    def step_aside(self) -> None:
        """Take the pointer off the icon, whose tooltip would lie over an open menu, to where nothing is."""
        self.screen.move(0, self.screen.size[1] // 2)

    def reread(self, popup: Popup) -> Popup:
        """The same popup as it stands on the screen now."""
        picture = self.screen.picture_at_rest()
        box = self.screen.windows()[popup.window] if popup.window else popup.box
        return Popup(popup.window, box, picture.crop(box))

    def tidy(self) -> None:
        """Close whatever a test has left open."""
        for _ in range(3):
            self.dismiss()
        self._rest_pointer()

    # How popups are seen

    def look(self) -> tuple[set[str], Image.Image]:
        """The windows and the picture as they are now, for :meth:`new_popup`."""
        return set(self.screen.windows()), self.screen.picture_at_rest()

    def new_popup(self, before: tuple[set[str], Image.Image], what: str, deadline_s: float = 15.0) -> Popup:
        """What has popped up since :meth:`look`, once it is at rest; the only one."""
        if what.removeprefix("sub") in self.habits.drawn:
            return self._new_drawing(before[1], what, deadline_s)
        windows = before[0]

        def fresh() -> dict[str, Box]:
            return {name: box for name, box in self.screen.windows().items() if name not in windows}

        wait_until(lambda: [box for box in fresh().values() if self._is_painted(box)], what, deadline_s)
        picture = self.screen.picture_at_rest()
        found = fresh()
        assert len(found) == 1, f"one {what} expected: {found}"
        [(window, box)] = found.items()
        return Popup(window, box, picture.crop(box))

    def _is_painted(self, box: Box) -> bool:
        """Whether there is more than a plain ground."""
        return self.screen.picture().crop(box).getcolors(PLAIN) is None

    def _new_drawing(self, before: Image.Image, what: str, deadline_s: float) -> Popup:
        wait_until(lambda: self._drawn(before, self.screen.picture()), what, deadline_s)
        picture = self.screen.picture_at_rest()
        box = self._drawn(before, picture)
        assert box is not None, f"the {what} has gone again"
        return Popup("", box, picture.crop(box))

    def _drawn(self, before: Image.Image, after: Image.Image) -> Box | None:
        """What differs, outside of the panel where that is possible."""
        if self.popups_cover_bar:
            return difference(before, after)
        bar = self.bar()
        pictures = before.copy(), after.copy()
        for picture in pictures:
            picture.paste(0, bar)
        return difference(*pictures)

    def _rest_pointer(self) -> None:
        width, height = self.screen.size
        self.screen.move(width // 2, height // 2)

    def _click_row(self, menu: Popup, words: str) -> None:
        lines = menu.lines()
        rows = [line.box for line in lines if words in line.text]
        assert len(rows) == 1, f"{len(rows)} rows say {words!r}: {[line.text for line in lines]}"
        self.screen.move(*rows[0].moved(menu.box.left, menu.box.top).centre)
        self.screen.click()

    def _wait_for_end_of(self, popup: Popup) -> None:
        if popup.window:
            wait_until(lambda: popup.window not in self.screen.windows(), "end of the popup")
        else:
            still = popup.picture
            wait_until(lambda: difference(still, self.screen.picture().crop(popup.box)), "end of the popup")
            self.screen.picture_at_rest()
        self._open = None
