"""The applet in a home with one account, on a panel and a bus of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provider_stand_in import Reply

from .command import Home, in_hours, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from provider_stand_in import StandIn
    from session_bus import SessionBus

    from .command import Running
    from .fake_host import Entry, FakeHost


def usage(used: float) -> Reply:
    """Answer with a 5-hour window of which so much is used."""
    return Reply({"five_hour": {"utilization": used, "resets_at": in_hours(2)}})


class Stage:
    """A home with one account, a session bus in its commands' environment, and a panel to look at."""

    def __init__(self, home: Home, host: FakeHost, bus: SessionBus, stand_in: StandIn) -> None:
        self.home, self.host, self.stand_in = home, host, stand_in
        home.environment["DBUS_SESSION_BUS_ADDRESS"] = bus.address
        self.config = home.path / "config/trayquota/config.toml"
        self.answer(58)
        home.add("claude-ada")

    def answer(self, used: float) -> None:
        self.stand_in.answer("token-claude-ada", usage(used))

    def write(self, text: str) -> None:
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def start(self, *arguments: str, headline: str = "42% left", code: str | None = None) -> Running:
        """Start the applet, or ``code`` that runs it; return when it shows its first answer."""
        registered = len(self.host.registrations.seen)
        applet = self.home.start("--backend", "statusnotifier", *arguments, code=code)
        self.host.registrations.until_there_are(registered + 1)
        self.wait(lambda: self.tip.startswith(headline), headline)
        self.wait(lambda: "Refreshing" not in self.tip, "end of the refresh")
        return applet

    def end(self, applet: Running) -> None:
        """End it, and hold it to a quiet end."""
        applet.signal("SIGTERM")
        result = applet.ended()
        assert (result.code, result.out, result.err) == (0, "", "")

    def wait(self, predicate: Callable[[], object], what: str) -> None:
        def holds() -> object:
            try:
                return predicate()
            except AssertionError:
                # What it looks at may come a moment after the first picture, such as the rows of the settings.
                return False

        wait_until(holds, what)

    @property
    def tip(self) -> str:
        tip: list[str] = self.host.properties()["ToolTip"]
        return "\n".join(tip[2:])

    @property
    def picture(self) -> object:
        return self.host.properties()["IconPixmap"]

    @property
    def menu(self) -> Entry:
        return self.host.layout()

    def is_checked(self, label: str) -> bool:
        return bool(self.menu.find(label).properties["toggle-state"])

    def shows_row(self, words: str) -> bool:
        """Whether the menu's rows, joined as they were wrapped, say that; underscores are doubled on the bus."""
        return words in " ".join(self.menu.labels()).replace("__", "_")
