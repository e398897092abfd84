"""A stand-in for the login manager that some shells do not start without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .waiting import wait_until

if TYPE_CHECKING:
    from .desktop_session import Desk

LOGIN = "org.freedesktop.login1"


def start_login_service(desk: Desk) -> None:
    """Start a system bus of the desk's own with it."""
    system = desk.start_bus("system")
    desk.env["DBUS_SYSTEM_BUS_ADDRESS"] = system.address
    desk.start(["/usr/bin/python3", "-m", "dbusmock", "--system", "--template", "logind"])
    wait_until(lambda: system.has_owner(LOGIN), "login manager")
