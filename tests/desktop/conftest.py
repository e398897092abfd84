"""Desks for the tests of this folder, and what a failed test tells of them."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from .needs import SCREEN, require

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from .desk import Desk

# These desktops are Linux's; nor is dbus-fast installed elsewhere.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]

DESKS = pytest.StashKey[list["Desk"]]()


class OpenDesk(Protocol):
    """Opens a bare desk, with a session bus or without."""

    def __call__(self, *, bus: bool = True) -> Desk: ...


@pytest.fixture
def open_desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenDesk]:
    """Opens bare desks: neither tray nor notifications yet."""
    require(*SCREEN)
    from .desk import Desk  # noqa: PLC0415 - its D-Bus part is not to be had on other platforms

    desks = request.node.stash.setdefault(DESKS, [])
    with ExitStack() as opened:

        def open_one(*, bus: bool = True) -> Desk:
            if bus:
                require("dbus-daemon")
            # A folder with a short name: the length of a socket's path is limited.
            desk = opened.enter_context(Desk(tmp_path_factory.mktemp("desk"), bus=bus))
            desks.append(desk)
            return desk

        yield open_one


@pytest.fixture
def desk(open_desk: OpenDesk) -> Desk:
    """Xfce's panel: a watcher and host of StatusNotifierItems."""
    require("xfce4-panel")
    desk = open_desk()
    desk.start_panel()
    return desk


@pytest.fixture
def xembed_desk(open_desk: OpenDesk) -> Desk:
    """A tray of the old kind and no session bus."""
    require("trayer")
    desk = open_desk(bus=False)
    desk.start_trayer()
    return desk


@pytest.fixture
def xembed_desk_with_bus(open_desk: OpenDesk) -> Desk:
    """A tray of the old kind; a session bus with a notification server and nobody to show items."""
    require("trayer", "dunst")
    desk = open_desk()
    desk.start_trayer()
    desk.start_notifications()
    return desk


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """To the report of a failed test add what was on its desks."""
    report = yield
    if report.failed and report.when != "teardown":
        for desk in item.stash.get(DESKS, []):
            desk.screenshot(f"failed-{item.name}")
            report.sections.extend((f"desk: {name}", log) for name, log in desk.logs().items() if log)
    return report
