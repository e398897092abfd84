"""The program under test on a host: started, told what to show, and found in the panel."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from dbus_fast import Message
from PIL import ImageChops

from . import bus as buses
from .desktop_session import environment
from .screen import Box, changes, difference, extent
from .waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from .host import Host
    from .processes import Program
    from .standin import Accounts

ATTEMPTS = 3
"""At finding the icon."""
LEAST = "zoe@example.net"
"""Whoever is added to be seen has less left than anybody else."""


class Applet:
    """The program under test, in a home of its own on a host's desk.

    Attributes:
        home: Its home folder.
        accounts: Its credentials folder.
        program: Its process.
    """

    def __init__(self, host: Host, home: Path, accounts: Accounts, *options: str) -> None:
        self.host = host
        self.home = home
        self.accounts = accounts
        self._options = options
        self._env = environment(home) | {"TRAYQUOTA_GATEWAY": accounts.providers.url}
        self._config = home / ".config/trayquota/config.toml"
        (home / "bin").mkdir(parents=True, exist_ok=True)
        self._programs: list[Program] = []
        self.program: Program | None = None
        self._panel_without: Image.Image | None = None

    def start(self, **variables: str) -> Program:
        """Start it, with ``variables`` in its environment. A second one says what it says and leaves."""
        if self.program is None:
            self._panel_without = self.host.picture_of_bar() if self.host.is_alive else None
        argv = [self.host.desk.place.python, "-m", "trayquota", "--dir", str(self.accounts.folder), *self._options]
        program = self.host.desk.start(argv, self._env | variables)
        self._programs.append(program)
        self.program = self.program or program
        return program

    def end(self) -> None:
        """End every process of it that still runs, and wait until the host shows none of them."""
        for program in self._programs:
            program.end()
        if self.program is not None:
            wait_until(lambda: not self.tooltip(), "end of the icon")

    def configure(self, text: str) -> None:
        """Write its settings."""
        self._config.parent.mkdir(parents=True, exist_ok=True)
        self._config.write_text(text)

    def config(self) -> str:
        """Its settings as they are now."""
        return self._config.read_text()

    def refresh(self) -> None:
        """Have it ask for every account, as a middle click does, without touching the host."""
        assert self.program is not None
        item = self.host.desk.bus.item_of(self.program.pid)
        assert item is not None
        self.host.desk.bus.call(Message(*item, buses.ITEM, "SecondaryActivate", signature="ii", body=[0, 0]))

    def tooltip(self) -> str:
        """The tooltip as it states it, title first; empty while it has no icon."""
        assert self.program is not None
        return self.host.tip(self.program.pid)

    def tooltips(self) -> list[str]:
        """The tooltips of all its icons, title first."""
        assert self.program is not None
        found = []
        for item in self.host.desk.bus.items_of(self.program.pid):
            with suppress(buses.BusError):  # gone, and the watcher has not noticed
                tip = self.host.desk.bus.property(*item, buses.ITEM, "ToolTip")
                found.append(f"{tip[2]}\n{tip[3]}")
        return found

    def wait_for_headline(self, words: str, deadline_s: float = 20.0) -> None:
        wait_until(lambda: self.tooltip().startswith(words), f"tooltip with {words!r}", deadline_s)

    def wait_for_tooltip(self, words: str) -> None:
        wait_until(lambda: words in self.tooltip(), f"{words!r} in the tooltip", 20.0)

    def find_icon(self) -> Box:
        """Where the icon is: where it was on this host before, when something is there now that the panel lacked."""
        known, before = self.host.known_icon, self._panel_without
        if known is not None and before is not None:
            bar = self.host.bar()
            box = known.moved(-bar.left, -bar.top)
            if difference(before.crop(box), self.host.picture_of_bar().crop(box)) is not None:
                return known
        self.host.known_icon = self.locate_icon()
        return self.host.known_icon

    def locate_icon(self, provider: str = "claude") -> Box:
        """Where the panel changes both when an account with the least comes and when it goes.

        Where each provider has an icon, it is that one's.

        A clock in the panel changes once, if at all; when it does so before a slow panel has drawn the icon, it is
        taken for the first change, and another attempt is needed.
        """
        for _ in range(ATTEMPTS - 1):
            try:
                return self._changing_part(provider)
            except AssertionError:
                wait_until(lambda: not self._shows_least(), "end of the account")
        return self._changing_part(provider)

    def _shows_least(self) -> bool:
        return any(tip.startswith("3% left") for tip in (self.tooltip(), *self.tooltips()))

    def _changing_part(self, provider: str) -> Box:
        before = self.host.picture_of_bar()
        path = self.accounts.add(provider, LEAST, left=(3, 95))
        wait_until(self._shows_least, "account with the least")
        try:
            between = self._changed_from(before)
        finally:
            path.unlink()
        wait_until(lambda: not self._shows_least(), "end of the account")
        after = self._changed_from(between)
        found = extent(ImageChops.darker(changes(before, between), changes(between, after)))
        assert found is not None, "the panel changes nowhere"
        bar = self.host.bar()
        return found.moved(bar.left, bar.top)

    def _changed_from(self, before: Image.Image) -> Image.Image:
        def changed() -> Image.Image | None:
            picture = self.host.picture_of_bar()
            return None if difference(before, picture) is None else picture

        picture = wait_until(changed, "change in the panel")
        assert picture is not None
        return picture
