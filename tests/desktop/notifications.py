"""A notification server that shows what it is given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .waiting import wait_until

if TYPE_CHECKING:
    from .desktop_session import Desk
    from .processes import Program

NOTIFICATIONS = "org.freedesktop.Notifications"


def start_dunst(desk: Desk) -> Program:
    """Start dunst, which shows each notification until it is ended."""
    server = desk.start(["dunst", "-conf", Path(__file__).with_name("dunstrc")])
    wait_until(lambda: desk.bus.has_owner(NOTIFICATIONS), "notification server")
    return server
