"""What ``doctor`` says of the tray."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from session_bus import SessionBus

    from .command import Home
    from .fake_host import FakeHost


def tray(home: Home, bus: SessionBus, desktop: str) -> tuple[int, str]:
    """Return the exit code, and the lines about the tray."""
    environment = {"DBUS_SESSION_BUS_ADDRESS": bus.address, "XDG_CURRENT_DESKTOP": desktop}
    result = home.run("doctor", **environment)
    return result.code, result.out.partition("\nTray\n")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("desktop", "advice"),
    [
        ("GNOME", "AppIndicator and KStatusNotifierItem Support"),
        ("ubuntu:GNOME", "gnome-shell-extension-appindicator"),
        ("KDE", "System Tray"),
        ("XFCE", "Status Tray"),
        ("LXQt", "Status Notifier"),
        ("X-Cinnamon", "XApp Status"),
        ("sway", "Waybar"),
        ("i3", "i3bar"),
        ("", "Start a panel that has a tray"),
    ],
)
def test_waiting_for_a_panel_is_a_warning_with_advice_for_the_desktop(
    home: Home, bus: SessionBus, desktop: str, advice: str
) -> None:
    code, lines = tray(home, bus, desktop)
    assert code == 1
    assert "waiting for a panel" in lines
    (warning,) = (line for line in lines.splitlines() if line.startswith("!"))
    assert "nobody shows icons here" in warning
    assert advice in warning


def test_a_panel_is_no_warning_and_its_watcher_is_named(home: Home, bus: SessionBus, host: FakeHost) -> None:
    assert host.unique_name
    _, lines = tray(home, bus, "GNOME")
    assert "!" not in lines
    assert "backend statusnotifier: a D-Bus session with a panel" in lines
    assert "watcher of icons on the D-Bus session: " in lines


def test_a_watcher_that_only_has_its_name_is_a_warning(home: Home, bus: SessionBus, host: FakeHost) -> None:
    host.has_object = False
    code, lines = tray(home, bus, "i3")
    assert (code, [line[0] for line in lines.splitlines() if line.startswith("!")]) == (1, ["!"])
